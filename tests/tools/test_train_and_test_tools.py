"""The tools as a user calls them: ours, mmdet's, killed and resumed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import cv2
import mmdet
import pytest
from mmengine.config import Config

ROOT = Path(__file__).parents[2]
STOCK = Path(mmdet.__file__).parent / '.mim' / 'tools'
CONFIG = 'configs/detection/ruas_ssdlite_exdark_overfit.py'
OPTIONS = [
    'train_cfg.max_epochs=4',
    'train_cfg.val_interval=10',
    'train_dataloader.batch_size=2',
    'default_hooks.checkpoint.interval=1',
    'default_hooks.checkpoint.max_keep_ckpts=9',
    'default_hooks.logger.interval=1',
    'randomness.deterministic=True',
]


def start(tool, data, *arguments):
    # the second process must not find the first one's threads in its way
    env = dict(
        os.environ,
        EXDARK_ROOT=str(data),
        OMP_NUM_THREADS='1',
        PYTHONPATH=str(ROOT),
    )
    return subprocess.Popen(
        [sys.executable, str(tool), *map(str, arguments)],
        cwd=ROOT,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def train(tool, data, work_dir, *arguments, options=OPTIONS):
    return start(
        tool, data, CONFIG, '--work-dir', work_dir, *arguments,
        '--cfg-options', *options,
    )  # fmt: skip


def finish(process):
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 0, output[-3000:]
    return output


def losses(work_dir):
    """Step -> loss, later runs over earlier ones."""
    found = {}
    for path in sorted(work_dir.glob('*/vis_data/scalars.json')):
        for line in path.read_text().splitlines():
            scalars = json.loads(line)
            if 'loss' in scalars:
                found[scalars['step']] = scalars['loss']
    return found


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    """Uninterrupted by mmdet's tool; killed and resumed by ours."""
    folder = tmp_path_factory.mktemp('runs')
    data = folder / 'ExDark'
    subprocess.run(
        [
            sys.executable, 'tools/dataset_converters/make_demo_set.py',
            str(data), '--train=4', '--val=0', '--test=0',
        ],
        cwd=ROOT,
        check=True,
    )  # fmt: skip
    whole = train(STOCK / 'train.py', data, folder / 'whole')
    killed = train('tools/train.py', data, folder / 'killed')
    deadline = time.time() + 300
    while not (folder / 'killed' / 'epoch_2.pth').exists():
        assert killed.poll() is None and time.time() < deadline
        time.sleep(0.05)
    # wait for the file that names the checkpoint: written after it
    while 'epoch_2' not in (folder / 'killed' / 'last_checkpoint').read_text():
        assert time.time() < deadline
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert not (folder / 'killed' / 'epoch_4.pth').exists()
    finish(train('tools/train.py', data, folder / 'killed', '--resume'))
    finish(whole)
    return folder


def test_resumed_losses_equal_the_uninterrupted_run(runs):
    whole, resumed = losses(runs / 'whole'), losses(runs / 'killed')
    assert sorted(whole) == sorted(resumed) == list(range(1, 9))
    assert whole == resumed


@pytest.mark.parametrize('tool', ['tools/test.py', STOCK / 'test.py'])
def test_test_tools_print_the_table_and_save_pictures(runs, tool):
    work_dir = runs / (
        'test-ours' if tool == 'tools/test.py' else 'test-stock'
    )
    output = finish(
        start(
            tool,
            runs / 'ExDark',
            CONFIG,
            runs / 'whole' / 'epoch_4.pth',
            '--work-dir',
            work_dir,
            '--show-dir',
            'shown',
        )  # fmt: skip
    )
    assert 'ExDark, split official/all, 4 images' in output
    assert 'exdark/AP50' in output and 'exdark/bbox_mAP' in output
    pictures = sorted(work_dir.glob('*/shown/*.png'))
    assert len(pictures) == 4
    assert all(cv2.imread(str(p)).shape[1] > 4 * 500 for p in pictures)


@pytest.mark.parametrize(
    'config, hook',
    [
        (
            'detection/ssd_exdark',
            'DetVisualizationHook',
        ),  # no scene: the host's own
        ('ruas_ssd_exdark', 'ruas_mm.SceneVisualizationHook'),
    ],
)
def test_show_dir_turns_the_right_hook_on(
    load_tool, monkeypatch, config, hook
):
    monkeypatch.syspath_prepend(str(ROOT / 'tools'))
    tool = load_tool('test')
    cfg = Config.fromfile(ROOT / 'configs' / f'{config}.py')
    args = SimpleNamespace(
        checkpoint='x.pth', show=False, show_dir='shown', wait_time=2
    )
    tool.apply_options(cfg, args)
    chosen = cfg.default_hooks.visualization
    assert chosen.type == hook
    assert chosen.draw and chosen.test_out_dir == 'shown'


def test_missing_data_is_told_without_a_traceback(tmp_path):
    process = start(
        'tools/train.py', tmp_path / 'no-data', CONFIG, '--work-dir', tmp_path
    )
    output = process.communicate(timeout=120)[0]
    assert process.returncode != 0
    assert 'Traceback' not in output
    assert 'Exclusively-Dark' in output and 'make demo' in output


def test_checkpoint_without_scene_is_refused(runs, tmp_path):
    import torch

    checkpoint = torch.load(runs / 'whole' / 'epoch_4.pth', weights_only=False)
    checkpoint['state_dict'] = {
        k: v
        for k, v in checkpoint['state_dict'].items()
        if not k.startswith('data_preprocessor')
    }
    path = tmp_path / 'host.pth'
    torch.save(checkpoint, path)
    process = start(
        'tools/test.py', runs / 'ExDark', CONFIG, path, '--work-dir', tmp_path
    )
    output = process.communicate(timeout=120)[0]
    assert process.returncode != 0
    assert 'SceneModule has random weights' in output

"""The tools as a user calls them: ours, mmdet's, killed and resumed."""

import json
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import cv2
import mmdet
import pytest
import torch
from conftest import ROOT
from mmengine.config import Config
from tool_process import finish, start

STOCK = Path(mmdet.__file__).parent / '.mim' / 'tools'
CONFIG = 'configs/detection/ruas_ssdlite_exdark_overfit.py'
OPTIONS = [
    'train_cfg.max_epochs=3',
    'train_cfg.val_interval=10',
    'train_dataloader.batch_size=2',
    'default_hooks.checkpoint.interval=1',
    'default_hooks.checkpoint.max_keep_ckpts=9',
    'default_hooks.logger.interval=1',
    'randomness.deterministic=True',
]


def train(tool, data, work_dir, *arguments, options=OPTIONS):
    return start(
        tool, CONFIG, '--work-dir', work_dir, *arguments,
        '--cfg-options', *options, EXDARK_ROOT=str(data),
    )  # fmt: skip


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
    make = 'tools/dataset_converters/make_demo_set.py'
    finish(start(make, data, '--train=4', '--val=0', '--test=0'))
    whole = train(STOCK / 'train.py', data, folder / 'whole')
    killed = train('tools/train.py', data, folder / 'killed')
    last = folder / 'killed' / 'last_checkpoint'  # after the checkpoint
    deadline = time.time() + 300
    while not (last.exists() and 'epoch_1' in last.read_text()):
        assert killed.poll() is None and time.time() < deadline
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert not (folder / 'killed' / 'epoch_3.pth').exists()
    finish(train('tools/train.py', data, folder / 'killed', '--resume'))
    finish(whole)
    return folder


def test_resumed_losses_equal_the_uninterrupted_run(runs):
    whole, resumed = losses(runs / 'whole'), losses(runs / 'killed')
    assert sorted(whole) == sorted(resumed) == list(range(1, 7))
    assert whole == resumed


@pytest.mark.parametrize('whose', ['ours', 'stock'])
def test_test_tools_print_the_table_and_save_pictures(runs, call_tool, whose):
    data, work_dir = runs / 'ExDark', runs / f'test-{whose}'
    arguments = [CONFIG, runs / 'whole' / 'epoch_3.pth']
    arguments += ['--work-dir', work_dir, '--show-dir', 'shown']
    if whose == 'ours':
        call_tool('test', *arguments, EXDARK_ROOT=data)
    else:
        tool = STOCK / 'test.py'
        finish(start(tool, *arguments, EXDARK_ROOT=str(data)))
    (log,) = work_dir.glob('*/*.log')
    output = log.read_text()
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
        checkpoint='x.pth',
        show=False,
        show_dir='shown',
        wait_time=2,
        tta=False,
    )
    tool.apply_options(cfg, args)
    chosen = cfg.default_hooks.visualization
    assert chosen.type == hook
    assert chosen.draw and chosen.test_out_dir == 'shown'


def test_tta_takes_views_and_model_of_the_config(load_tool, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / 'tools'))
    tool = load_tool('test')
    cfg = Config.fromfile(ROOT / 'configs/detection/ruas_s3fd_darkface.py')
    args = SimpleNamespace(
        checkpoint='x.pth', show=False, show_dir='shown', wait_time=2, tta=True
    )
    detector = cfg.model.copy()
    plain = cfg.test_dataloader.dataset
    cfg.test_dataloader.dataset = dict(
        type='ConcatDataset',
        datasets=[plain, dict(type='RepeatDataset', times=1, dataset=plain)],
    )
    tool.apply_options(cfg, args)
    assert cfg.model.type == 'ruas_mm.BoxVotingTTA'
    assert cfg.model.module == detector
    first, second = cfg.test_dataloader.dataset.datasets
    for dataset in (first, second.dataset):
        assert dataset.pipeline[-1].type == 'ruas_mm.FaceViews'
    hook = cfg.default_hooks.visualization
    assert hook.type == 'ruas_mm.SceneVisualizationHook' and hook.draw
    stock = Config.fromfile(ROOT / 'configs/detection/ssd_exdark.py')
    with pytest.raises(ValueError, match="'tta_model', 'tta_pipeline'"):
        tool.apply_options(stock, args)


def test_path_with_blanks_and_commas_is_an_option(load_tool, tmp_path):
    tool = load_tool('host_options')
    path = tmp_path / 'my features, first.pth'
    path.touch()
    words = ['c.py', '--cfg-options', f'a={path}', 'b=1, 2', 'c=[3, x]']
    options = tool.make_parser('').parse_args(words).cfg_options
    assert options == dict(a=str(path), b=[1, 2], c=[3, 'x'])


def test_missing_data_is_told_without_a_traceback(call_tool, tmp_path):
    with pytest.raises(SystemExit, match='Exclusively-Dark') as caught:
        call_tool(
            'train', CONFIG, '--work-dir', tmp_path,
            EXDARK_ROOT=tmp_path / 'no-data',
        )  # fmt: skip
    assert 'make demo' in caught.value.code  # a text: it is printed


def test_checkpoint_without_scene_is_refused(runs, call_tool, tmp_path):
    checkpoint = torch.load(runs / 'whole' / 'epoch_3.pth', weights_only=False)
    checkpoint['state_dict'] = {
        k: v
        for k, v in checkpoint['state_dict'].items()
        if not k.startswith('data_preprocessor')
    }
    path = tmp_path / 'host.pth'
    torch.save(checkpoint, path)
    with pytest.raises(ValueError, match='SceneModule has random weights'):
        call_tool(
            'test', CONFIG, path, '--work-dir', tmp_path,
            EXDARK_ROOT=runs / 'ExDark',
        )  # fmt: skip


def test_checkpoint_of_another_detector_is_refused(runs, call_tool, tmp_path):
    path = tmp_path / 'other.pth'
    torch.save(dict(state_dict={'other.weight': torch.ones(1)}), path)
    message = r'other.pth does not fit .* missing .*it holds .*other\.weight'
    with pytest.raises(SystemExit, match=message):
        call_tool(
            'test', CONFIG, path, '--work-dir', tmp_path,
            EXDARK_ROOT=runs / 'ExDark',
        )  # fmt: skip

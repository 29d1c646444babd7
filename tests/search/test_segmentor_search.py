"""Scene cell and branches of DeepLabv3+ searched in mmseg's own loop."""

import json

import pytest
import torch
from conftest import ROOT
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from search_runs import searched, trained
from streets import make_camvid
from tiny_hosts import without_downloads

from ruas_mm.models.cells import HIGH_LEVEL_OPERATIONS
from ruas_mm.registry import MODELS

pytest.importorskip('mmseg')
CONFIG = (
    ROOT / 'configs/search/ruas_deeplabv3plus_supernet_camvid-dusk_mini.py'
)


def read_search(folder):
    """The config of the repository on two pictures of 24x32 pixels."""
    cfg = Config.fromfile(CONFIG)
    without_downloads(cfg.model)
    cfg.merge_from_dict({
        'work_dir': str(folder / 'run'),
        'experiment_name': folder.name,
        'train_cfg.max_iters': 2,
        'train_dataloader.batch_size': 1,
        'train_dataloader.num_workers': 0,
        'train_dataloader.persistent_workers': False,
        'train_dataloader.dataset.dataset.data_root': str(folder / 'CamVid'),
        'train_dataloader.dataset.dataset.pipeline.2.scale': (64, 64),
        'train_dataloader.dataset.dataset.pipeline.3.crop_size': (32, 32),
        'model.data_preprocessor.data_preprocessor.size': (32, 32),
        'model.data_preprocessor.scene.num_stages': 1,
        'model.decode_head.channels': 8,
        'custom_hooks.0.phases': dict(scene=1, task=1),
        'custom_hooks.0.warm_up': 0,
        'custom_hooks.0.interval': 1,
        'custom_hooks.0.optimizer.lr': 0.1,
        'test_cfg': None,
        'test_dataloader': None,
        'test_evaluator': None,
    })  # fmt: skip
    return cfg


def test_both_parts_are_searched_and_the_result_builds(tmp_path):
    make_camvid(tmp_path / 'CamVid')
    cfg = read_search(tmp_path)
    runner = Runner.from_cfg(cfg)
    runner.model.decode_head.dropout.p = 0.0
    before = {**searched(runner), **trained(runner)}
    runner.train()
    after = {**searched(runner), **trained(runner)}
    assert all(value.isfinite().all() for value in after.values())
    alphas = set(searched(runner))
    assert len(alphas) == 5  # of the scene cell, and of each branch
    moved = {
        name for name in before if not torch.equal(before[name], after[name])
    }
    assert alphas <= moved
    parts = {name.split('.')[0] for name in moved - alphas}
    assert parts == {'data_preprocessor', 'backbone', 'decode_head'}

    found = json.loads((tmp_path / 'run/genotype.json').read_text())
    assert set(found['genotype']) == {'scene', 'head'}
    assert set(found['genotype']['head']) <= set(HIGH_LEVEL_OPERATIONS)
    (subnet,) = (tmp_path / 'run').glob('*subnet*.py')
    cfg = Config.fromfile(subnet)
    init_default_scope(cfg.default_scope)
    model = MODELS.build(without_downloads(cfg.model))
    kernels = [
        getattr(parent, child).kernel_size[0]
        for parent, child in model.decode_head.searched_places()
    ]
    assert kernels == [int(name[0]) for name in found['genotype']['head']]

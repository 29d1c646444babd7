"""Every config builds, learns one step and predicts, as its host would."""

import math
from pathlib import Path

import pytest
import torch
from config_files import (
    CLASSIFICATION,
    DETECTION,
    FACES,
    OURS,
    SEARCHES,
    SEGMENTATION,
    by_stem,
)
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS, init_default_scope
from mmengine.structures import BaseDataElement, InstanceData, PixelData
from tiny_hosts import without_downloads
from torch.nn.modules.batchnorm import _BatchNorm

from ruas_mm.models.architecture import derive_genotype
from ruas_mm.registry import DATASETS, HOOKS, MODELS


@pytest.mark.parametrize(
    'path', [p for p in DETECTION if p.stem not in FACES], ids=by_stem
)
def test_detection_config_builds_and_learns(path):
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    assert cfg.default_scope == 'mmdet'  # the host's
    if cfg.model.backbone.get('init_cfg', {}).get('type') == 'Pretrained':
        cfg.model.backbone.init_cfg = None  # needs a download
    model = MODELS.build(cfg.model)
    from mmdet.structures import DetDataSample

    # where the config names none, a small picture
    scale = cfg.test_dataloader.dataset.pipeline[1].get('scale', (64, 96))
    size = tuple(min(side, 260) for side in scale)  # seven levels want that
    sample = DetDataSample(
        metainfo=dict(
            img_shape=size, ori_shape=size, scale_factor=(1, 1), pad_shape=size
        ),
        gt_instances=InstanceData(
            bboxes=torch.tensor([[20.0, 10, size[1] / 2, size[0] * 2 / 3]]),
            labels=torch.tensor([model.bbox_head.num_classes - 1]),
        ),
    )
    number = 1 + any(isinstance(m, _BatchNorm) for m in model.modules())
    data = dict(
        inputs=list(
            torch.randint(0, 70, (number, 3, *size), dtype=torch.uint8)
        ),
        data_samples=[sample.clone() for _ in range(number)],
    )
    model.neck.init_weights()
    model.train()
    losses = model(**model.data_preprocessor(data, True), mode='loss')
    total = sum(sum(v) for v in losses.values())
    total.backward()
    assert torch.isfinite(total)
    if 'ruas' in path.stem:
        front = model.data_preprocessor
        gradients = [p.grad is not None for p in front.scene.parameters()]
        assert any(gradients) != front.frozen
        if not front.frozen:
            scene = getattr(front.scene, 'scene', front.scene)  # packaged
            assert scene.stages[0].fuse.weight.grad.abs().max() > 0
    results = model.eval().test_step(data)
    assert len(results) == number and 'pred_instances' in results[0]
    assert results[0].pred_instances.labels.max() < 12


@pytest.mark.parametrize('path', SEGMENTATION, ids=by_stem)
def test_segmentation_config_builds_and_learns(path):
    from mmseg.structures import SegDataSample

    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    assert cfg.default_scope == 'mmseg'  # the host's
    model = without_downloads(cfg.model)
    preprocessor = model.data_preprocessor
    preprocessor.get('data_preprocessor', preprocessor).size = (64, 64)
    if 'depth' in model.backbone:
        model.backbone.depth = 50
    model = MODELS.build(model)
    number = cfg.model.decode_head.num_classes
    classes = DATASETS.get(cfg.test_dataloader.dataset.type).METAINFO
    assert len(classes['classes']) == number
    labels = torch.randint(0, number, (1, 64, 64))
    sample = SegDataSample(
        metainfo=dict(
            img_shape=(64, 64), ori_shape=(64, 64), pad_shape=(64, 64)
        ),
        gt_sem_seg=PixelData(data=labels),
    )
    dark = torch.randint(0, 70, (2, 3, 64, 64), dtype=torch.uint8)
    data = dict(inputs=list(dark), data_samples=[sample, sample.clone()])
    model.train()
    losses = model(**model.data_preprocessor(data, True), mode='loss')
    total = sum(v for k, v in losses.items() if 'loss' in k)
    total.backward()
    assert torch.isfinite(total)
    if 'ruas' in path.stem:
        weight = model.data_preprocessor.scene.stages[0].fuse.weight
        assert weight.grad.abs().max() > 0
    for result in model.eval().test_step(data):
        assert result.pred_sem_seg.data.shape == (1, 64, 64)


@pytest.mark.parametrize('path', CLASSIFICATION, ids=by_stem)
def test_classification_config_builds_and_learns(path):
    from mmpretrain.structures import DataSample

    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    assert cfg.default_scope == 'mmpretrain'  # the host's
    model = MODELS.build(without_downloads(cfg.model))
    number = cfg.model.head.num_classes
    for loader, subset in dict(train='train', test='test').items():
        dataset = cfg[f'{loader}_dataloader'].dataset
        assert dataset.subset == subset
        assert len(DATASETS.get(dataset.type).METAINFO['classes']) == number
    data = dict(
        inputs=list(torch.randint(0, 70, (2, 3, 64, 64), dtype=torch.uint8)),
        data_samples=[DataSample().set_gt_label(i) for i in (0, number - 1)],
    )
    model.train()
    loss = model(**model.data_preprocessor(data, True), mode='loss')['loss']
    loss.backward()
    weight = model.data_preprocessor.scene.stages[0].fuse.weight
    assert torch.isfinite(loss) and weight.grad.abs().max() > 0
    for result in model.eval().test_step(data):
        assert result.pred_score.shape == (number,)


@pytest.mark.parametrize('path', OURS, ids=by_stem)
def test_enhancement_config_builds_and_learns(path):
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    cfg.model.scene.pop('init_cfg', None)  # a checkpoint of another config
    model = MODELS.build(cfg.model)
    model.init_weights()
    dark = torch.randint(0, 60, (2, 3, 32, 32), dtype=torch.uint8)
    twin = BaseDataElement(
        clean=dark[0].int() * 257,
        gt=torch.randint(0, 255, (3, 32, 32), dtype=torch.uint8),
    )
    data = dict(inputs=list(dark), data_samples=[twin, twin.clone()])
    data = model.data_preprocessor(data, True)
    hook = next(
        (h for h in cfg.custom_hooks if 'Phased' in h.type),
        dict(
            phases={
                cfg.model.get('trained_part', 'end_to_end'): (
                    cfg.train_cfg.max_iters
                )
            }
        ),
    )
    assert sum(hook['phases'].values()) == cfg.train_cfg.max_iters
    for part in hook['phases']:
        model.train_only(part)
        losses = model(**data, mode='loss')
        sum(losses.values()).backward()
        assert all(torch.isfinite(loss) for loss in losses.values())
    parts = {name.split('.')[0] for name, p in model.named_parameters()}
    learned = {
        name.split('.')[0]
        for name, p in model.named_parameters()
        if p.grad is not None and p.grad.abs().max() > 0
    }
    wanted = set(hook['phases'])
    if 'end_to_end' in wanted:
        wanted = parts
    if 'task' in wanted:
        wanted = parts - {'scene'}
    assert learned == wanted
    (result,) = model.eval().test_step(dict(inputs=[dark[0]]))
    assert result.enhanced.shape == (3, 32, 32)


@pytest.mark.parametrize('path', SEARCHES, ids=by_stem)
def test_search_config_builds_what_the_paper_searches(path):
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    without_downloads(cfg.model)
    if cfg.default_scope == 'mmseg':
        cfg.model.decode_head.channels = 8  # 200 times smaller
    model = MODELS.build(cfg.model)
    searched = set(derive_genotype(model))
    parts = dict(mmdet={'neck', 'head'}, mmseg={'head'}).get(
        cfg.default_scope, {'noise_remover'}
    )
    if not path.stem.startswith('ruas'):  # without a scene module
        assert searched == parts
        return
    assert searched == {'scene', *parts}
    for part in ('scene', 'task', 'end_to_end'):
        model.train_only(part)
    assert cfg.find_unused_parameters

    (hook,) = (HOOKS.build(dict(h)) for h in cfg.custom_hooks)
    settings = hook.optimizer_cfg
    assert settings['betas'] == (0.5, 0.999)
    high_level = 'head' in searched
    assert settings['weight_decay'] == (5e-4 if high_level else 1e-3)
    train = cfg.train_dataloader
    assert train.dataset.half == 'even' and hook.val_dataloader is None
    is_mini = path.stem.endswith('mini')
    assert settings['lr'] >= (3e-3 if is_mini else 3e-4)
    if not is_mini:  # Sec. 6.1 and 7.1
        assert settings['lr'] == 3e-4
        assert train.batch_size == 1 and not train.num_workers  # resumable
        assert cfg.train_cfg.max_epochs == (30 if high_level else 20)


@pytest.mark.parametrize(
    'path', [p for p in SEARCHES if 'darkface_mini' not in p.stem], ids=by_stem
)
def test_search_finds_the_config_to_train_from_anywhere(
    path, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    cfg = Config.fromfile(path)
    cfg.dump(tmp_path / 'dumped.py')
    (tmp_path / 'mine.py').write_text(f'_base_ = {str(path)!r}')
    for each in (path, 'dumped.py', 'mine.py'):
        found = Config.fromfile(each).custom_hooks[0].train_config
        assert Path(found).is_absolute()
        trained = Config.fromfile(found)
        # the same network on the same data
        old, new = (
            each.get('half') and each.dataset or each
            for each in (
                cfg.train_dataloader.dataset,
                trained.train_dataloader.dataset,
            )
        )
        assert (new.dataset if 'times' in new else new) == old
        loss = [each.model.get('noise_loss') for each in (cfg, trained)]
        assert loss[0] == loss[1]


def rates(cfg):
    """Learning rate of each iteration, from the schedulers."""
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=cfg.optim_wrapper.optimizer.lr)
    schedulers = [
        PARAM_SCHEDULERS.build(dict(each, optimizer=optimizer))
        for each in cfg.param_scheduler
    ]
    for _ in range(cfg.train_cfg.max_iters):
        yield optimizer.param_groups[0]['lr']
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()


def descents(*lengths_and_weights):
    """One descent along a cosine after the other, from weight * 1e-3."""
    for length, weight in lengths_and_weights:
        for i in range(length):
            yield weight * 0.5e-3 * (1 + math.cos(math.pi * i / length))


SCHEDULES = {
    'ruas_lol': [(300, 1), (1700, 3)],
    'ruas_lol_v1': [(300, 1), (1700, 3)],
    'ruas_subnet_lol_v1_seed0': [(300, 1), (1700, 3)],
    'ruas_lol_end_to_end': [(2000, 1)],
    'ruas_a_lol': [(300, 1), (800, 2), (1000, 3)],
    'ruas_fivek': [(300, 1), (1700, 3)],
    'ruas_a_fivek': [(300, 1), (800, 2), (1000, 3)],
    'ruas_unlabelled': [(300, 1), (1700, 3)],
    'ruas_extremely_dark_face': [(300, 1), (1700, 3)],
    'ruas_s_shipped': [(600, 1)],
    'ruas_shipped': [(4000, 2)],
    'ruas_a_shipped': [(4000, 1.5)],
    'ruas_a_lol_v1_paired': [(2000, 1.5)],
}


@pytest.mark.parametrize('path', OURS, ids=by_stem)
def test_each_phase_has_its_own_descent_of_the_learning_rate(path):
    cfg = Config.fromfile(path)
    expected = list(descents(*SCHEDULES[path.stem]))
    assert list(rates(cfg)) == pytest.approx(expected, rel=1e-9)
    hook = cfg.custom_hooks[0]
    if hook.type == 'ruas_mm.PhasedTrainingHook':
        lengths = [length for length, _ in SCHEDULES[path.stem]]
        assert list(hook.phases.values()) == lengths


@pytest.mark.parametrize(
    'path', [p for p in DETECTION if 'ruas' in p.stem], ids=by_stem
)
def test_rate_of_the_scene_module_can_be_set_alone(path):
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    cfg.model.backbone.init_cfg = None  # needs a download
    model = MODELS.build(cfg.model)
    multiples = cfg.optim_wrapper.paramwise_cfg.custom_keys
    for key in [k for k in multiples if k.startswith('backbone')]:
        multiples.pop(key)  # pretrained ones learn at a lower rate
    assert multiples == {'data_preprocessor.scene': dict(lr_mult=1)}
    multiples['data_preprocessor.scene'].lr_mult = 0.5
    scene = set(model.data_preprocessor.scene.parameters())
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    rate = cfg.optim_wrapper.optimizer.lr
    for group in wrapper.param_groups:
        own = 0.5 if scene.issuperset(group['params']) else 1
        assert group['lr'] == pytest.approx(own * rate)

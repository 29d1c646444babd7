"""Every config builds, learns one step and predicts, as its host would."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from ruas_mm.models.architecture import derive_genotype
from ruas_mm.models.cells import genotype as released
from ruas_mm.registry import HOOKS, MODELS
from ruas_mm.search.genotype_file import read_genotype
from ruas_mm.search.validation_batches import other_half

ROOT = Path(__file__).parent.parent
CONFIGS = sorted((ROOT / 'configs').glob('*.py'))
SEARCHES = sorted((ROOT / 'configs/search').glob('*.py'))
DETECTION = [path for path in CONFIGS if 'ssd' in path.stem]
ENHANCEMENT = [path for path in CONFIGS if path not in DETECTION]


def by_stem(path):
    return path.stem


@pytest.mark.parametrize('path', CONFIGS + SEARCHES, ids=by_stem)
def test_config_is_documented(path):
    text = path.read_text()
    for heading in ('Command:', 'Time:', 'Expected:'):
        assert heading in text.split('"""')[1]


@pytest.mark.parametrize('path', DETECTION, ids=by_stem)
def test_detection_config_builds_and_learns(path, monkeypatch):
    monkeypatch.setenv('EXDARK_SPLIT', 'official')
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    assert cfg.default_scope == 'mmdet'  # the host's
    if cfg.model.backbone.get('init_cfg', {}).get('type') == 'Pretrained':
        cfg.model.backbone.init_cfg = None  # needs a download
    model = MODELS.build(cfg.model)
    from mmdet.structures import DetDataSample

    size = cfg.test_dataloader.dataset.pipeline[1].scale
    sample = DetDataSample(
        metainfo=dict(
            img_shape=size, ori_shape=size, scale_factor=(1, 1), pad_shape=size
        ),
        gt_instances=InstanceData(
            bboxes=torch.tensor([[20.0, 30, 150, 200]]),
            labels=torch.tensor([cfg.model.bbox_head.num_classes - 1]),
        ),
    )
    data = dict(
        inputs=list(torch.randint(0, 70, (2, 3, *size), dtype=torch.uint8)),
        data_samples=[sample, sample.clone()],
    )
    model.neck.init_weights()
    model.train()
    losses = model(**model.data_preprocessor(data, True), mode='loss')
    total = sum(sum(v) for v in losses.values())
    total.backward()
    assert torch.isfinite(total)
    if 'ruas' in path.stem:
        weight = model.data_preprocessor.scene.stages[0].fuse.weight
        assert weight.grad.abs().max() > 0
    results = model.eval().test_step(data)
    assert len(results) == 2 and 'pred_instances' in results[0]
    assert results[0].pred_instances.labels.max() < 12


@pytest.mark.parametrize('path', ENHANCEMENT, ids=by_stem)
def test_enhancement_config_builds_and_learns(path):
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    cfg.model.scene.pop('init_cfg', None)  # a checkpoint of another config
    model = MODELS.build(cfg.model)
    model.init_weights()
    dark = torch.randint(0, 60, (2, 3, 32, 32), dtype=torch.uint8)
    data = model.data_preprocessor(dict(inputs=list(dark)), True)
    hook = next(
        (h for h in cfg.custom_hooks if 'Staged' in h.type),
        dict(iterations=dict(end_to_end=1)),
    )
    trained = sum(hook['iterations'].values())
    assert trained in (1, cfg.train_cfg.max_iters)
    for stage in hook['iterations']:
        model.train_only(stage)
        losses = model(**data, mode='loss')
        sum(losses.values()).backward()
        assert all(torch.isfinite(loss) for loss in losses.values())
    parts = {name.split('.')[0] for name, p in model.named_parameters()}
    learned = {
        name.split('.')[0]
        for name, p in model.named_parameters()
        if p.grad is not None and p.grad.abs().max() > 0
    }
    wanted = set(hook['iterations']) - {'end_to_end'}
    assert learned == (wanted or parts)
    (result,) = model.eval().test_step(dict(inputs=[dark[0]]))
    assert result.enhanced.shape == (3, 32, 32)


@pytest.mark.parametrize('path', SEARCHES, ids=by_stem)
def test_search_config_builds_what_the_paper_searches(path):
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    if (
        cfg.model.get('backbone', {}).get('init_cfg', {}).get('type')
        == 'Pretrained'
    ):
        cfg.model.backbone.init_cfg = None  # needs a download
    model = MODELS.build(cfg.model)
    searched = set(derive_genotype(model))
    parts = {'noise_remover'} if 'lol' in path.stem else {'neck', 'head'}
    if 'fivek' in path.stem:
        parts = {'noise_remover'}
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
    assert settings['lr'] == (3e-3 if is_mini else 3e-4)
    if not is_mini:  # Sec. 6.1 and 7.1
        assert train.batch_size == 1 and not train.num_workers  # resumable
        assert cfg.train_cfg.max_epochs == (30 if high_level else 20)
        assert (ROOT / hook.train_config).is_file()


@pytest.mark.parametrize('path', ENHANCEMENT, ids=by_stem)
def test_each_part_has_its_own_descent_of_the_learning_rate(path):
    cfg = Config.fromfile(path)
    for scheduler in cfg.param_scheduler:
        if scheduler.type == 'CosineRestartLR':
            lengths = list(cfg.custom_hooks[0].iterations.values())
            assert scheduler.periods == lengths


@pytest.mark.parametrize(
    'split, val_subset',
    [('official', 'val'), ('paper', 'test'), ('80-20', 'test')],
)
def test_split_and_root_come_from_the_environment(
    split, val_subset, monkeypatch
):
    monkeypatch.setenv('EXDARK_ROOT', '/somewhere')
    monkeypatch.setenv('EXDARK_SPLIT', split)
    cfg = Config.fromfile(ROOT / 'configs' / 'ruas_ssd_exdark.py')
    train = cfg.train_dataloader.dataset.dataset
    val, test = cfg.val_dataloader.dataset, cfg.test_dataloader.dataset
    assert {d.data_root for d in (train, val, test)} == {'/somewhere'}
    assert {d.split for d in (train, val, test)} == {split}
    assert [d.subset for d in (train, val, test)] == [
        'train',
        val_subset,
        'test',
    ]


def test_genotype_file_holds_the_released_genotypes():
    genotype = Config.fromfile(
        ROOT / 'configs/_base_/genotypes/released_face_detection.json'
    ).genotype
    assert tuple(genotype.scene) == released.SCENE_FACE_DETECTION
    assert tuple(genotype.neck) == released.NECK_FACE_DETECTION
    assert {k: tuple(v) for k, v in genotype.head.items()} == (
        released.HEAD_FACE_DETECTION
    )


@pytest.mark.parametrize(
    'name, config',
    [
        ('searched_lol', 'ruas_lol'),
        ('searched_exdark', 'ruas_ssdlite_exdark_160'),
    ],
)
def test_found_genotypes_fit_their_networks(name, config):
    path = ROOT / 'configs/_base_/genotypes' / f'{name}.json'
    genotype = read_genotype(path)
    cfg = Config.fromfile(ROOT / 'configs' / f'{config}.py')
    init_default_scope(cfg.default_scope)
    model = cfg.model
    if 'head' in genotype:
        model.neck.genotype = genotype['neck']
        model.bbox_head.genotype = genotype['head']
        model.data_preprocessor.scene.genotype = genotype['scene']
    else:
        model.scene.genotype = genotype['scene']
        model.noise_remover = dict(genotype=genotype['noise_remover'])
    assert MODELS.build(model)


def test_example_of_a_search_of_ones_own(tmp_path, monkeypatch):
    """docs/search.md, in front of the detector of the README."""
    detector, search = (
        (ROOT / name).read_text().split('```python\n')[1].split('```')[0]
        for name in ('README.md', 'docs/search.md')
    )
    (tmp_path / 'my_detector.py').write_text(detector)
    (tmp_path / 'search.py').write_text(search)
    cfg = Config.fromfile(tmp_path / 'search.py')
    init_default_scope(cfg.default_scope)
    model = MODELS.build(cfg.model)
    assert derive_genotype(model).keys() == {'scene'}
    model.train_only('scene')
    *others, hook = (HOOKS.build(dict(h)) for h in cfg.custom_hooks)
    assert 'EMAHook' in [type(other).__name__ for other in others]
    monkeypatch.chdir(tmp_path)
    assert Path(hook.train_config).is_file()
    assert other_half(cfg.train_dataloader)['dataset']['half'] == 'odd'
    assert cfg.val_cfg is cfg.val_dataloader is cfg.val_evaluator is None


def test_drop_in_example_of_the_readme_runs(tmp_path):
    blocks = (ROOT / 'README.md').read_text().split('```python\n')[1:]
    (example,) = (block.split('```')[0] for block in blocks)
    assert len(example.strip().splitlines()) == 5
    path = tmp_path / 'mine.py'
    path.write_text(example)
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    model = MODELS.build(cfg.model).eval()
    from mmdet.structures import DetDataSample

    sample = DetDataSample(
        metainfo=dict(img_shape=(64, 64), scale_factor=(1, 1))
    )
    image = torch.randint(0, 70, (3, 64, 64), dtype=torch.uint8)
    (result,) = model.test_step(dict(inputs=[image], data_samples=[sample]))
    assert 'pred_instances' in result
    keys = {k.split('.')[0] for k in model.state_dict()}
    assert {'backbone', 'neck', 'bbox_head', 'data_preprocessor'} == keys

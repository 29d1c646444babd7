"""Every config builds, learns one step and predicts, as its host would."""

import math
import re
from pathlib import Path

import pytest
import torch
import yaml
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS, init_default_scope
from mmengine.structures import BaseDataElement, InstanceData, PixelData
from tiny_hosts import without_downloads
from torch.nn.modules.batchnorm import _BatchNorm

from ruas_mm.models.architecture import derive_genotype
from ruas_mm.models.cells import genotype as released
from ruas_mm.models.enhancers.zoo import ZOO, load_enhancer
from ruas_mm.registry import DATASETS, HOOKS, MODELS
from ruas_mm.search.genotype_file import read_genotype

ROOT = Path(__file__).parent.parent
CONFIGS = ROOT / 'configs'
ENHANCEMENT = sorted((CONFIGS / 'enhancement').glob('*.py'))
OURS = [path for path in ENHANCEMENT if 'ruas' in path.stem]
DETECTION = sorted(
    [*CONFIGS.glob('*.py'), *(CONFIGS / 'detection').glob('*.py')]
)
FACES = [  # models/detectors/test_face_detectors.py has these
    f'{name}_darkface' for name in ('ruas_s3fd', 's3fd', 'pyramidbox', 'dsfd')
]
SEGMENTATION = sorted((CONFIGS / 'segmentation').glob('*.py'))
CLASSIFICATION = sorted((CONFIGS / 'classification').glob('*.py'))
SEARCHES = sorted((CONFIGS / 'search').glob('*.py'))
ALL = [
    *ENHANCEMENT, *DETECTION, *SEGMENTATION, *CLASSIFICATION, *SEARCHES
]  # fmt: skip


def by_stem(path):
    return path.stem


@pytest.mark.parametrize('path', ALL, ids=by_stem)
def test_config_is_documented(path):
    text = path.read_text().split('"""')[1]
    for heading in ('Command:', 'Time:', 'Expected:'):
        assert heading in text
    assert str(path.relative_to(ROOT)) in text  # the command names the file


def test_no_two_configs_share_a_work_folder():
    """Neither do a search's network and a config of the package."""
    found = [path.stem.replace('supernet', 'subnet') for path in SEARCHES]
    names = [*map(by_stem, ALL), *found]
    assert len(set(names)) == len(names)
    assert all('supernet' in path.stem for path in SEARCHES)
    assert set(ALL) == {
        path
        for path in CONFIGS.rglob('*.py')
        if '_base_' not in path.relative_to(CONFIGS).parts
    }


def metafiles():
    """Those that the index imports, as ``mim`` finds them."""
    index = yaml.safe_load((ROOT / 'model-index.yml').read_text())
    return [ROOT / name for name in index['Import']]


def test_metafiles_list_every_config_once():
    assert sorted(metafiles()) == sorted(CONFIGS.glob('*/metafile.yml'))
    listed = []
    for path in metafiles():
        content = yaml.safe_load(path.read_text())
        names = {each['Name'] for each in content['Collections']}
        for model in content['Models']:
            config = ROOT / model['Config']
            assert model['Name'] == config.stem
            assert model['In Collection'] in names
            if 'Weights' in model:
                assert (ROOT / model['Weights']).is_file()
            listed.append(config)
        for collection in content['Collections']:
            assert (ROOT / collection['README']).is_file()
            assert (ROOT / collection['Code']['URL']).is_file()
    assert sorted(listed) == sorted(ALL)


def test_index_is_what_the_hosts_read():
    """By the library that reads it for them, where it is installed."""
    modelindex = pytest.importorskip('modelindex')
    index = modelindex.load(str(ROOT / 'model-index.yml'))
    index.build_models_with_collections()  # as mim does
    assert {model.name for model in index.models} == set(map(by_stem, ALL))
    metrics = [
        result.metrics for model in index.models
        for result in model.results or []
    ]  # fmt: skip
    assert len(metrics) >= 10
    assert all(
        isinstance(v, (int, float)) for m in metrics for v in m.values()
    )


def test_parameters_of_metafiles_are_those_of_the_packaged_weights():
    found = {}
    for path in metafiles():
        for model in yaml.safe_load(path.read_text())['Models']:
            if 'Weights' in model:
                name = Path(model['Weights']).stem
                found[name] = model['Metadata']['Parameters']
    assert set(found) == {entry.variant.lower() for entry in ZOO.values()}
    for name, number in found.items():
        parameters = load_enhancer(name).parameters()
        assert sum(p.numel() for p in parameters) == number


def test_environment_names_folders_and_nothing_else():
    pattern = re.compile(r'\{\{[\'"]?\s*\$(\w+)')
    for path in CONFIGS.rglob('*.py'):
        for variable in pattern.findall(path.read_text()):
            assert variable.endswith('_ROOT'), path


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
        weight = model.data_preprocessor.scene.stages[0].fuse.weight
        assert weight.grad.abs().max() > 0
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
    multiples.pop('backbone', None)  # pretrained ones learn at a lower rate
    assert multiples == {'data_preprocessor.scene': dict(lr_mult=1)}
    multiples['data_preprocessor.scene'].lr_mult = 0.5
    scene = set(model.data_preprocessor.scene.parameters())
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    for group in wrapper.param_groups:
        own = 0.5 if scene.issuperset(group['params']) else 1
        assert group['lr'] == pytest.approx(own * 1e-3)


@pytest.mark.parametrize(
    'config, split, val_subset',
    [
        ('ruas_ssd_exdark', 'official', 'val'),
        ('detection/ruas_ssd_exdark_paper', 'paper', 'test'),
    ],
)
def test_config_names_the_split_and_the_environment_the_root(
    config, split, val_subset, monkeypatch
):
    monkeypatch.setenv('EXDARK_ROOT', '/somewhere')
    monkeypatch.setenv('EXDARK_SPLIT', '80-20')  # left over from elsewhere
    cfg = Config.fromfile(CONFIGS / f'{config}.py')
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
        ('searched_lol', 'enhancement/ruas_lol'),
        ('searched_exdark', 'detection/ruas_ssdlite_exdark_mini'),
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


def test_genotype_of_deeplabv3plus_is_its_own_branches():
    path = ROOT / 'configs/_base_/genotypes/deeplabv3plus.json'
    genotype = read_genotype(path)
    assert tuple(genotype['scene']) == released.SCENE_FACE_DETECTION
    from ruas_mm.models.segmentors.searchable_aspp_head import DEEPLABV3PLUS

    assert tuple(genotype['head']) == DEEPLABV3PLUS


def test_acdc_config_names_the_condition_and_the_environment_the_root(
    monkeypatch,
):
    monkeypatch.setenv('ACDC_ROOT', '/somewhere')
    cfg = Config.fromfile(CONFIGS / 'segmentation/deeplabv3plus_acdc-night.py')
    for loader, subset in (
        ('train', 'train'),
        ('val', 'val'),
        ('test', 'val'),
    ):
        dataset = cfg[f'{loader}_dataloader'].dataset
        assert dataset.data_root == '/somewhere'
        assert (dataset.conditions, dataset.subset) == ('night', subset)
    assert cfg.test_evaluator.without == [('truck', 'bus')]  # Table 11

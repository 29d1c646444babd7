"""What configs, metafiles and files of genotypes name is there, once."""

import re
from pathlib import Path

import pytest
import yaml
from config_files import ALL, CONFIGS, ROOT, SEARCHES, by_stem
from mmengine.config import Config
from mmengine.registry import init_default_scope

from ruas_mm.models.cells import genotype as released
from ruas_mm.models.enhancers.loading import load_enhancer
from ruas_mm.models.segmentors.searchable_aspp_head import DEEPLABV3PLUS
from ruas_mm.registry import MODELS
from ruas_mm.search.genotype_file import read_genotype
from ruas_mm.zoo import ZOO


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

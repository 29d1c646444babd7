"""``ruas-mm lowlight``: a front before the model of any config."""

import pytest
from conftest import run_command
from mmengine.config import Config

from ruas_mm.apis.wrapped_config import find_config, lowlight_config
from ruas_mm.registry import MODELS

STOCK = {
    'mmdet::retinanet/retinanet_r18_fpn_1x_coco.py': 'DetDataPreprocessor',
    'yolox_tiny_8xb8-300e_coco': 'DetDataPreprocessor',
    'soft-teacher_faster-rcnn_r50-caffe_fpn_180k_semi-0.1-coco': (
        'MultiBranchDataPreprocessor'
    ),
    'bytetrack_yolox_x_8xb4-80e_crowdhuman-mot17halftrain_test-mot17halfval': (
        'TrackDataPreprocessor'
    ),
    'fcn_r18-d8_4xb2-80k_cityscapes-512x1024': 'SegDataPreProcessor',
    'mmpretrain::resnet/resnet18_8xb32_in1k.py': 'ClsDataPreprocessor',
    'swav_resnet50_8xb32-mcrop-coslr-200e_in1k-224px-96px': (
        'SelfSupDataPreprocessor'
    ),
}


def rest(cfg):
    """All that a front does not change."""
    settings = cfg.to_dict()
    settings['model'].pop('data_preprocessor', None)
    settings.pop('custom_imports', None)
    return settings


def without_scopes(settings):
    """MMEngine notes them where another toolbox's config is inherited."""
    if isinstance(settings, dict):
        return {
            key: without_scopes(value)
            for key, value in settings.items()
            if key != '_scope_'
        }
    if isinstance(settings, (list, tuple)):
        return [without_scopes(value) for value in settings]
    return settings


@pytest.mark.parametrize('config', STOCK)
def test_front_is_built_around_the_hosts_own(config, tmp_path, host):
    out = tmp_path / 'night.py'
    code, said = run_command('lowlight', config, '--out', out)
    assert code == 0 and 'SceneDataPreprocessor (ruas_s_detection' in said
    cfg = Config.fromfile(out)
    host(cfg.default_scope)
    front = MODELS.build(cfg.model.data_preprocessor)
    assert type(front.data_preprocessor).__name__ == STOCK[config]
    assert not any(p.requires_grad for p in front.scene.parameters())
    # nothing else is another
    plain = Config.fromfile(find_config(config)[1])
    assert without_scopes(rest(cfg)) == without_scopes(rest(plain))


BASE = """
custom_imports = dict(imports=['colorsys'])
default_scope = 'mmdet'
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.02))
model = dict(
    type='RetinaNet', data_preprocessor=dict(type='DetDataPreprocessor'))
"""


def test_file_of_ones_own(tmp_path, monkeypatch, host):
    (tmp_path / 'day').mkdir()
    (tmp_path / 'day' / 'mine.py').write_text(BASE)
    monkeypatch.chdir(tmp_path)
    code, said = run_command(
        'lowlight', 'day/mine.py', '-o', 'a/b/night.py', '--scene', 'RUAS',
        '--trained',
    )  # fmt: skip
    assert code == 0 and 'rate 0.001 of the front (the model: 0.02)' in said
    assert "'../../day/mine.py'" in (tmp_path / 'a/b/night.py').read_text()
    cfg = Config.fromfile('a/b/night.py')
    assert set(cfg.custom_imports.imports) == {'colorsys', 'ruas_mm'}
    (entry,) = cfg.optim_wrapper.paramwise_cfg.custom_keys.values()
    assert entry.lr_mult == pytest.approx(0.05)
    host('mmdet')
    front = MODELS.build(cfg.model.data_preprocessor)
    assert front.scene.variant == 'RUAS'
    assert any(p.requires_grad for p in front.scene.parameters())


@pytest.mark.parametrize(
    'settings, rate',
    [
        ('optim_wrapper.update(constructor="LayerDecay")', None),
        ('optim_wrapper.optimizer.update(lr=0)', None),
        ('del optim_wrapper', None),
        ('custom_imports.update(allow_failed_imports=True)', 0.05),
        (
            'custom_imports = None\noptim_wrapper.update(paramwise_cfg=None)\n'
            'model.update(data_preprocessor=None)',
            0.05,
        ),
    ],
)
def test_what_optimiser_and_imports_leave_open(tmp_path, settings, rate):
    """No rate is told that is not heeded; what may fail may fail."""
    settings = settings.replace('optimizer.', "setdefault('optimizer', {}).")
    (tmp_path / 'mine.py').write_text(f'{BASE}\n{settings}\n')
    out = tmp_path / 'night.py'
    text, changes = lowlight_config(tmp_path / 'mine.py', out, frozen=False)
    out.write_text(text)
    cfg = Config.fromfile(out)
    assert ('rate 0.001' in changes[-1]) == (rate is not None)
    paramwise = (cfg.get('optim_wrapper') or {}).get('paramwise_cfg')
    assert (paramwise is None) == (rate is None)
    assert cfg.model.data_preprocessor.scene == 'ruas_s_detection'
    assert '_delete_' not in cfg.pretty_text
    if 'None' in settings:
        assert cfg.custom_imports.imports == ['ruas_mm']
        return
    assert cfg.custom_imports.imports == ['colorsys', 'ruas_mm']
    assert cfg.custom_imports.allow_failed_imports == (rate is not None)


LIT = (
    BASE + 'model.update(data_preprocessor=dict('
    "type='ruas_mm.SceneDataPreprocessor'))"
)


@pytest.mark.parametrize(
    'text, message',
    [
        (None, 'found: none, allowed: a file, or one'),
        ('a = 1', 'has no model'),
        ('model = (', 'cannot be read'),
        (
            "model = dict(type='A', data_preprocessor=['x'])",
            r"data_preprocessor=\['x'\], allowed: a dictionary",
        ),
        (LIT, 'has a SceneDataPreprocessor already'),
        (
            'from mmengine.config import read_base\nwith read_base():\n'
            '    from .other import *\nmodel = dict(type=dict)',
            'cannot be read|pure-Python',
        ),
    ],
)
def test_what_is_refused(text, message, tmp_path):
    path = tmp_path / 'mine.py'
    (tmp_path / 'other.py').write_text('a = 1\n')
    if text is not None:
        path.write_text(text)
    with pytest.raises(ValueError, match=message):
        lowlight_config(str(path), tmp_path / 'night.py')


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / 'mine.py').write_text(BASE)
    (tmp_path / 'night.py').write_text('kept')
    code, said = run_command(
        'lowlight', tmp_path / 'mine.py', '-o', tmp_path / 'night.py'
    )
    assert code == 1 and 'is there already' in said
    assert (tmp_path / 'night.py').read_text() == 'kept'
    for name in ('night', 'night.yml', 'night.json'):
        code, said = run_command(
            'lowlight', tmp_path / 'mine.py', '-o', tmp_path / name
        )
        assert code == 1 and 'ends in .py' in said
        assert not (tmp_path / name).exists()
    with pytest.raises(ValueError, match="scene='ruas_x', allowed"):
        lowlight_config(str(tmp_path / 'mine.py'), tmp_path / 'b.py', 'ruas_x')


def test_a_name_that_is_misspelt(tmp_path):
    with pytest.raises(
        ValueError, match='such as .*yolox_nano_8xb8-300e_coco'
    ):
        lowlight_config('mmdet::yolox_nano_8xb8-300e_coc', tmp_path / 'a.py')

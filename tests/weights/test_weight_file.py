"""Files of weights: what comes back, and what is refused."""

import json
import pickle

import pytest
import torch
from safetensors.torch import load_file, save_file

from ruas_mm.apis.released_checkpoints import LAYOUTS, convert_file
from ruas_mm.models import LowLightEnhancer, load_enhancer
from ruas_mm.models.cells.genotype import NOISE_REMOVAL_JOURNAL
from ruas_mm.weights import save_enhancer, weight_file

SMALL = dict(num_cells=1)
RUAS_A = dict(
    scene=dict(
        num_stages=1, window=3, tone=dict(type='division', exposure=0.4)
    ),
    noise_remover=dict(num_cells=2, channels=4, noise_map=True),
    noise_estimator=dict(channels=5),
    noise_threshold=0.02,
)
CASES = [
    ('RUAS_S', {}),
    ('RUAS', {}),
    ('RUAS_A', {}),
    ('RUAS_S', dict(scene=dict(strength=0.5, illumination_range=[0.01, 1]))),
    ('RUAS', dict(noise_remover=dict(genotype=NOISE_REMOVAL_JOURNAL))),
    ('RUAS_A', RUAS_A),
]


def make(path, variant='RUAS', write=save_enhancer, **settings):
    enhancer = LowLightEnhancer(variant, **settings).eval()
    write(enhancer, path, **settings)
    return enhancer


def write_checkpoint(enhancer, path, **settings):
    """As training and the converter write."""
    meta = dict(enhancer=settings)
    torch.save(dict(state_dict=enhancer.state_dict(), meta=meta), path)


@pytest.mark.parametrize('variant, settings', CASES)
@pytest.mark.parametrize(
    'name, write',
    [('w.safetensors', save_enhancer), ('w.pth', write_checkpoint)],
)
def test_what_was_saved_comes_back(tmp_path, variant, settings, name, write):
    enhancer = make(tmp_path / name, variant, write, **settings)
    loaded = load_enhancer(variant, tmp_path / name)
    assert not loaded.training and loaded.variant == variant
    assert loaded.noise_threshold == settings.get('noise_threshold', 0.035)
    expected = enhancer.state_dict()
    assert loaded.state_dict().keys() == expected.keys()
    y = torch.rand(1, 3, 9, 9) * 0.3
    assert torch.equal(loaded.enhance(y), enhancer.enhance(y))


@pytest.mark.parametrize('kind', [str, lambda path: path])
def test_paths_may_be_strings(tmp_path, kind):
    path = kind(tmp_path / 'new folder' / 'w.safetensors')
    make(path)
    load_enhancer('RUAS', path)


def test_a_file_of_more_parts_serves_a_smaller_variant(tmp_path):
    path = tmp_path / 'w.safetensors'
    enhancer = make(path, 'RUAS_A', **RUAS_A)
    scene = load_enhancer('RUAS_S', path).scene
    assert (scene.tone.exposure, scene.window) == (0.4, 3)
    y = torch.rand(1, 3, 9, 9) * 0.3
    expected = enhancer.scene.enhance(y)
    assert torch.equal(scene.enhance(y), expected)


def test_converted_checkpoints_load(tmp_path):
    source = tmp_path / 'released.pt'
    layout = LAYOUTS['journal'].items()
    torch.save({key: torch.rand(shape) for key, (_, shape) in layout}, source)
    convert_file(source, tmp_path / 'w.pth')
    enhancer = load_enhancer('RUAS_A', tmp_path / 'w.pth')
    expected = torch.load(source)['estimation.estimation.8.bias']
    assert torch.equal(enhancer.noise_estimator.layers[8].bias, expected)


@pytest.mark.parametrize(
    'saved, wanted, missing',
    [
        ('RUAS_S', 'RUAS', ['noise_remover']),
        ('RUAS_S', 'RUAS_A', ['noise_estimator', 'noise_remover']),
        ('RUAS', 'RUAS_A', ['noise_estimator']),
    ],
)
def test_missing_parts_are_named(tmp_path, saved, wanted, missing):
    path = tmp_path / 'w.safetensors'
    make(path, saved)
    with pytest.raises(ValueError) as error:
        load_enhancer(wanted, path)
    assert f'w.safetensors has no {missing}, which' in str(error.value)


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_numbers_that_are_not_finite_are_refused(tmp_path, value):
    enhancer = LowLightEnhancer('RUAS')
    enhancer.noise_remover.stem.bias.data[2] = value
    path = tmp_path / 'w.safetensors'
    save_enhancer(enhancer, path)
    with pytest.raises(ValueError, match='not finite.*noise_remover.stem.bia'):
        load_enhancer('RUAS', path)
    load_enhancer('RUAS_S', path)  # that part is sound


def without_a_tensor(path):
    state = load_file(path)
    del state['scene.stages.1.fuse.bias']
    save_file(state, path)


def other_shape(path):
    state = load_file(path)
    state['scene.stages.1.fuse.bias'] = torch.rand(4)
    save_file(state, path)


class Dangerous:
    """Unpickling this would run code."""

    def __reduce__(self):
        return (pytest.fail, ('executed',))


@pytest.mark.parametrize(
    'damage, message',
    [
        (without_a_tensor, "missing \\['stages.1.fuse.bias'\\]"),
        (other_shape, 'stages.1.fuse.bias: \\(4,\\) instead of \\(3,\\)'),
        (lambda p: p.write_bytes(p.read_bytes()[:-9]), 'is damaged'),
        (lambda p: p.write_bytes(p.read_bytes()[:40]), 'is damaged'),
        (lambda p: p.write_bytes(b''), 'is damaged'),
        (lambda p: p.write_bytes(b'\xff' * 99), 'is damaged'),
        (lambda p: p.write_bytes(pickle.dumps(Dangerous())), 'is damaged'),
        (lambda p: torch.save(dict(a=Dangerous()), p), 'is damaged'),
    ],
)
@pytest.mark.parametrize('suffix', ['.safetensors', '.SAFETENSORS'])
def test_damaged_files_are_refused(tmp_path, damage, message, suffix):
    path = tmp_path / f'w{suffix}'
    make(path)
    damage(path)
    with pytest.raises(ValueError, match=message):
        load_enhancer('RUAS', path)


@pytest.mark.parametrize(
    'write, message',
    [
        (lambda p: p.write_bytes(b''), 'w.pth is damaged'),
        (lambda p: p.write_bytes(b'no checkpoint'), 'w.pth is damaged'),
        (lambda p: torch.save([1, 2], p), 'w.pth holds a list, allowed'),
        (lambda p: torch.save(dict(scene=1), p), 'more than tensors'),
        (lambda p: torch.save(dict(state_dict=[]), p), 'more than tensors'),
        (lambda p: torch.save({1: torch.ones(1)}, p), 'more than tensors'),
        (
            lambda p: torch.save(dict(state_dict={}, meta='of another'), p),
            "no \\['noise_remover', 's",
        ),
        (
            lambda p: torch.save(dict(state_dict={}), p),
            "no \\['noise_remover', 's",
        ),
    ],
)
def test_damaged_checkpoints_are_refused(tmp_path, write, message):
    write(tmp_path / 'w.pth')
    with pytest.raises(ValueError, match=message):
        load_enhancer('RUAS', tmp_path / 'w.pth')


BAD_SETTINGS = [
    (dict(scene=dict(type='LowLightEnhancer')), "scene sets \\['type'\\]"),
    (dict(scene=dict(init_cfg=dict(a=1))), "scene sets \\['init_cfg'\\]"),
    (dict(noise_remover=dict(type='x', num_cells=1)), "cells', 'type'\\]"),
    (dict(variant='RUAS'), 'settings .*allowed'),
    (dict(data_preprocessor=dict(type='x')), 'settings .*allowed'),
    (dict(init_cfg=dict(type='Pretrained')), 'settings .*allowed'),
    (dict(scene='SceneModule'), "scene='SceneModule', allowed"),
    (dict(noise_threshold='low'), "noise_threshold='low', allowed"),
    (dict(noise_threshold=dict(a=1)), 'noise_threshold=.*allowed'),
]
UNFIT_SETTINGS = [
    (dict(scene=dict(colour='blue')), 'colour'),
    (dict(scene=dict(num_stages='3')), "num_stages='3', allowed"),
    (dict(noise_remover=dict(genotype=['3-C'])), 'exactly 7'),
]


@pytest.mark.parametrize('settings, message', BAD_SETTINGS)
def test_bad_settings_are_not_saved(tmp_path, settings, message):
    with pytest.raises(ValueError, match=message):
        save_enhancer(
            LowLightEnhancer('RUAS'), tmp_path / 'w.safetensors', **settings
        )
    assert not list(tmp_path.iterdir())


def test_settings_that_are_no_plain_values_are_not_saved(tmp_path):
    settings = dict(scene=dict(gamma=torch.rand(1)))
    with pytest.raises(ValueError, match='gamma.*not JSON'):
        save_enhancer(
            LowLightEnhancer('RUAS'), tmp_path / 'w.safetensors', **settings
        )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('settings, message', BAD_SETTINGS + UNFIT_SETTINGS)
@pytest.mark.parametrize('suffix', ['.safetensors', '.pth'])
def test_bad_settings_of_a_file_are_refused(
    tmp_path, settings, message, suffix
):
    path = tmp_path / f'w{suffix}'
    enhancer = LowLightEnhancer('RUAS_A')
    if suffix == '.pth':
        write_checkpoint(enhancer, path, **settings)
    else:
        metadata = dict(settings=json.dumps(settings))
        save_file(enhancer.state_dict(), path, metadata)
    with pytest.raises(ValueError, match=message) as error:
        load_enhancer('RUAS_A', path)
    assert path.name in str(error.value)


@pytest.mark.parametrize('text', ['[]', '3', '{', 'null'])
def test_settings_must_be_a_dictionary(tmp_path, text):
    path = tmp_path / 'w.safetensors'
    save_file(LowLightEnhancer().state_dict(), path, dict(settings=text))
    with pytest.raises(ValueError, match='w.safetensors'):
        load_enhancer('RUAS_A', path)


def test_unknown_variant_is_refused():
    with pytest.raises(ValueError, match="enhancer='ruas_b', allowed: .*ruas"):
        load_enhancer('RUAS_B')


@pytest.mark.parametrize('name', ['none.safetensors', 'none.pth', '.'])
def test_missing_files_are_named(tmp_path, name):
    with pytest.raises(FileNotFoundError, match='no such file of weights'):
        load_enhancer('RUAS_A', tmp_path / name)


@pytest.mark.parametrize('name', ['w.bin', 'w.pt', 'weights'])
def test_other_suffixes_are_refused(tmp_path, name):
    torch.save(dict(a=Dangerous()), tmp_path / name)
    with pytest.raises(ValueError, match=f'{name}: allowed are .safetensors'):
        load_enhancer('RUAS_A', tmp_path / name)


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / 'w.safetensors'
    path.write_bytes(b'before')

    def full_disk(_, path, metadata):
        path.write_bytes(b'half')
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(weight_file, 'save_file', full_disk)
    with pytest.raises(OSError, match='No space'):
        save_enhancer(LowLightEnhancer('RUAS_S'), path)
    assert path.read_bytes() == b'before'
    assert list(tmp_path.iterdir()) == [path]

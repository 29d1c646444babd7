"""Pairs of a dark, noisy picture and its clean twin."""

import numpy as np
import pytest

from ruas_mm.registry import TRANSFORMS

QUIET = dict(
    cast=0.0, black=0.0, blur=0.0, jpeg=0.0, read_noise=(1e-3,) * 2,
    shot_noise=(1e-3,) * 2,
)  # fmt: skip


def darken(picture, seed=0, **settings):
    transform = TRANSFORMS.build(
        dict(type='ruas_mm.CameraDarkening', **settings)
    )
    np.random.seed(seed)
    found = transform(dict(img=picture))
    return found['img'], found['clean']


@pytest.fixture
def picture():
    rows = np.linspace(0, 255, 96)[:, None, None]
    return np.broadcast_to(rows, (96, 80, 3)).astype(np.uint8)


@pytest.mark.parametrize('seed', range(6))
def test_a_dark_picture_and_its_twin(picture, seed):
    dark, clean = darken(picture, seed)
    assert dark.shape == clean.shape == picture.shape
    assert (dark.dtype, clean.dtype) == (np.uint8, np.uint16)
    assert (clean / 257 <= picture.astype(int) + 1).all()  # never brighter
    assert dark.mean() < 0.9 * picture.mean()
    again, twin = darken(picture, seed)
    assert np.array_equal(dark, again) and np.array_equal(clean, twin)


@pytest.mark.parametrize('seed', range(4))
def test_without_faults_both_are_the_same(picture, seed):
    dark, clean = darken(picture, seed, **QUIET)
    assert np.abs(dark - clean / 257).max() <= 0.51
    grey = clean.astype(int)
    assert np.ptp(grey, axis=2).max() == 0


@pytest.mark.parametrize(
    'setting, few, much',
    [
        ('read_noise', (0.5, 0.5), (4, 4)),
        ('shot_noise', (0.5, 0.5), (6, 6)),
        ('cast', 0.0, 0.6),
        ('black', 0.0, 8.0),
    ],
)
def test_each_fault_grows(picture, setting, few, much):
    def error(value):
        settings = {**QUIET, 'exposure': (0.2, 0.2), setting: value}
        pairs = [darken(picture, seed, **settings) for seed in range(5)]
        return np.mean([np.abs(d - c / 257).mean() for d, c in pairs])

    assert error(much) > 1.5 * error(few)


@pytest.mark.parametrize(
    'name', ['exposure', 'response', 'read_noise', 'shot_noise', 'quality']
)
@pytest.mark.parametrize(
    'value', [(0, 1), (2, 1), (-1, 1), 0.5, (1, 2, 3), ('a', 'b'), None]
)
def test_bad_ranges_are_refused(name, value):
    with pytest.raises(ValueError, match=f'{name}=.*allowed'):
        darken(np.zeros((8, 8, 3), np.uint8), **{name: value})

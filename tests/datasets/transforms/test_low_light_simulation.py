import numpy as np
import pytest

from ruas_mm.registry import TRANSFORMS


def build(**kwargs):
    return TRANSFORMS.build(dict(type='ruas_mm.LowLightSimulation', **kwargs))


def darken(picture, seed=0, **kwargs):
    return build(**kwargs).darken(picture, np.random.RandomState(seed))


WHITE = np.full((64, 64, 3), 255, np.uint8)
PLAIN = dict(white_balance=(1, 1), full_well=(1e9, 1e9), read_noise=(0.1, 0.1))


@pytest.mark.parametrize('exposure', [0.02, 0.1, 1])
def test_exposure_scales_linear_light(exposure):
    dark = darken(WHITE, exposure=(exposure, exposure), **PLAIN)
    assert np.unique(dark) == round(255 * exposure ** (1 / 2.2))


def test_shot_noise_is_poisson():
    full_well, exposure = 1000, 0.1
    dark = darken(
        WHITE.repeat(4, 0),
        exposure=(exposure, exposure),
        white_balance=(1, 1),
        full_well=(full_well, full_well),
        read_noise=(1e-3, 1e-3),
    )
    electrons = (dark / 255.0) ** 2.2 * full_well
    assert electrons.mean() == pytest.approx(100, rel=0.02)
    assert electrons.var() == pytest.approx(100, rel=0.1)


def test_white_balance_tints():
    dark = darken(WHITE, **{**PLAIN, 'white_balance': (0.5, 0.5)})
    assert (dark[..., 1] > dark[..., 0]).all()


def test_seed_decides():
    assert np.array_equal(darken(WHITE, 1), darken(WHITE, 1))
    assert not np.array_equal(darken(WHITE, 1), darken(WHITE, 2))


def test_transform_keeps_shape_and_type():
    results = build()(dict(img=WHITE.copy()))
    assert results['img'].shape == WHITE.shape
    assert results['img'].dtype == np.uint8
    assert results['img'].mean() < 110


@pytest.mark.parametrize(
    'argument, value',
    [
        ('exposure', (0, 1)),
        ('exposure', (0.5, 0.1)),
        ('exposure', 0.5),
        ('read_noise', (-1, 1)),
        ('full_well', (0, 0)),
        ('white_balance', (2, 1)),
    ],
)
def test_bad_ranges_are_refused(argument, value):
    with pytest.raises(ValueError, match=argument):
        build(**{argument: value})

"""The exponent that brings a picture to a given mean."""

import pytest
import torch

from ruas_mm.models.automatic_strength import automatic_strength
from ruas_mm.registry import MODELS


def pictures(*shape, dtype=torch.double):
    y = torch.rand(shape, dtype=dtype) * 0.3
    return y, 0.05 + 0.9 * torch.rand(shape, dtype=dtype)


def mean_of_relit(y, t, s):
    """Mean on every 4th pixel of every 4th row."""
    relit = (y / t**s).clamp(0, 1)
    return relit[..., ::4, ::4].mean((1, 2, 3))


@pytest.mark.parametrize('exposure', [0.2, 0.4, 0.6])
@pytest.mark.parametrize('dtype', [torch.float32, torch.double])
def test_target_is_met(exposure, dtype):
    y, t = pictures(8, 3, 40, 52, dtype=dtype)
    s = automatic_strength(y, t, exposure)
    assert s.shape == (8, 1, 1, 1) and s.dtype == dtype
    assert s.min() > 0 and s.max() < 4  # it can be met
    means = mean_of_relit(y, t, s)
    expected = torch.full_like(means, exposure)
    torch.testing.assert_close(means, expected, atol=1e-3, rtol=0)


@pytest.mark.parametrize('t', [0.02, 0.5, 1.0])
def test_bright_pictures_stay_and_black_ones_get_the_most(t):
    y = torch.tensor([1.0, 0.9, 0.41, 0.0]).view(4, 1, 1, 1)
    y = y.expand(4, 3, 6, 7)
    s = automatic_strength(y, torch.full_like(y, t), 0.4).flatten()
    assert s.tolist() == [0, 0, 0, 4]


def test_too_little_light_in_the_illumination_gets_the_most():
    y, t = torch.full((1, 3, 5, 5), 0.1), torch.full((1, 3, 5, 5), 0.9)
    assert automatic_strength(y, t, 0.4).item() == 4


@pytest.mark.parametrize('which', ['y', 't'])
def test_gradient_equals_finite_differences(which):
    y, t = pictures(1, 3, 9, 9)
    move = torch.rand_like(y) * 1e-2
    step = dict(y=(move, 0 * move), t=(0 * move, move))[which]

    def solve(amount):
        return automatic_strength(
            y + amount * step[0], t + amount * step[1], 0.3
        ).sum()

    amount = torch.zeros((), dtype=torch.double, requires_grad=True)
    (slope,) = torch.autograd.grad(solve(amount), amount)
    with torch.no_grad():
        expected = solve(1.0) - solve(-1.0)
    assert abs(expected) > 1e-3
    torch.testing.assert_close(2 * slope, expected, rtol=2e-2, atol=0)


def test_pictures_of_a_batch_are_independent():
    y, t = pictures(3, 3, 20, 24)
    together = automatic_strength(y, t, 0.4)
    alone = [automatic_strength(*p, 0.4) for p in zip(y.split(1), t.split(1))]
    torch.testing.assert_close(together, torch.cat(alone))


@pytest.mark.parametrize('size', [(1, 1), (1, 9), (3, 2), (5, 4)])
def test_any_size(size):
    y, t = pictures(2, 3, *size)
    assert automatic_strength(y, t, 0.4).isfinite().all()


def test_a_traced_graph_solves_for_other_pictures():
    traced = torch.jit.trace(
        lambda y, t: automatic_strength(y, t, 0.4), pictures(1, 3, 16, 16)
    )
    y, t = pictures(1, 3, 16, 16)
    y *= 0.5
    expected = automatic_strength(y, t, 0.4)
    torch.testing.assert_close(traced(y, t), expected)


SCENE = dict(
    type='ruas_mm.SceneModule', tone=dict(type='division', exposure=0.4)
)


def test_scene_module_meets_the_exposure():
    scene = MODELS.build(
        dict(
            type='ruas_mm.SceneModule',
            tone=dict(type='division', exposure=0.4),
        )
    )
    y = torch.rand(3, 3, 24, 28) * torch.tensor([0.1, 0.4, 1]).view(3, 1, 1, 1)
    with torch.no_grad():
        t = scene.unroll(y).illuminations[-1]
        for u in (scene(y), scene.enhance(y)):
            mean = u[..., ::4, ::4].mean((1, 2, 3))
            assert mean[:2].tolist() == pytest.approx([0.4, 0.4], abs=1e-3)
            assert torch.equal(u[2], y[2])  # bright enough
        exponent = automatic_strength(y, t, 0.4)
        half = scene.enhance(y, strength=0.5)
    expected = (y / t ** (exponent / 2)).clamp(0, 1)
    torch.testing.assert_close(half, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize('exposure', [0, 1, -0.3, 40])
def test_bad_exposures_are_refused(exposure):
    with pytest.raises(ValueError, match=f'exposure={exposure}, allowed'):
        MODELS.build(
            dict(
                type='ruas_mm.SceneModule',
                tone=dict(type='division', exposure=exposure),
            )
        )


@pytest.mark.parametrize('training', [False, True])
def test_data_preprocessor_meets_the_exposure(training):
    preprocessor = MODELS.build(
        dict(
            type='ruas_mm.SceneDataPreprocessor',
            scene=dict(
                type='ruas_mm.SceneModule',
                tone=dict(type='division', exposure=0.4),
            ),
            data_preprocessor=dict(type='mmengine.ImgDataPreprocessor'),
        )
    )
    inputs = torch.randint(60, (2, 3, 20, 24), dtype=torch.uint8)
    with torch.set_grad_enabled(training):
        outputs = preprocessor(dict(inputs=inputs), training)['inputs']
    mean = outputs[..., ::4, ::4].mean((1, 2, 3)) / 255
    assert mean.tolist() == pytest.approx([0.4, 0.4], abs=1e-3)
    if training:
        outputs.square().mean().backward()
        gradients = [p.grad for p in preprocessor.parameters()]
        assert all(g.isfinite().all() and g.abs().sum() > 0 for g in gradients)

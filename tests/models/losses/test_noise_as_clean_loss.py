"""Pairs of noisy and nearly noise-free pictures out of noisy ones."""

import pytest
import torch

from ruas_mm.registry import MODELS


def build(**settings):
    return MODELS.build(dict(type='ruas_mm.NoiseAsCleanLoss', **settings))


@pytest.mark.parametrize('size', [(32, 32), (33, 50), (4, 7)])
def test_pictures_have_the_stated_size_and_range(size):
    noisy, clean = build().pictures(torch.rand(2, 3, *size))
    assert noisy.shape == clean.shape
    assert noisy.shape[2:] == (size[0] // 4 * 3, size[1] // 4 * 3)
    assert noisy.min() >= 0 and noisy.max() <= 1
    assert torch.allclose(noisy * 255, (noisy * 255).round(), atol=1e-4)


def test_shrinking_takes_the_noise_of_the_picture_away():
    scene = torch.full((1, 3, 96, 96), 0.3)
    picture = scene + 0.05 * torch.randn_like(scene)
    _, clean = build().pictures(picture)
    assert (clean - 0.3).std() < 0.05 / 3


@pytest.mark.parametrize('noise', [2.0, 8.0])
def test_noise_has_the_stated_bound_and_is_correlated(noise):
    dark = torch.full((64, 3, 64, 64), 16 / 255)
    loss = build(noise=noise)
    noisy, clean = loss.pictures(dark)
    added = (noisy - clean) * 255
    levels = added.std(dim=(1, 2, 3))
    # read and shot noise of at most ``noise`` each, and rounding
    assert levels.max() < 1.1 * (2 * noise**2 + 1 / 12) ** 0.5
    assert levels.max() > 0.7 * noise and levels.min() < 0.6 * noise
    loud = added[levels.argmax()]
    neighbours = (loud[..., 1:] * loud[..., :-1]).mean() / loud.var()
    assert neighbours > 0.15


def test_loss_is_the_mean_absolute_difference():
    noisy, clean = torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8)
    loss = build()(lambda x: x / 2, noisy, clean)
    assert torch.allclose(loss, (noisy / 2 - clean).abs().mean())

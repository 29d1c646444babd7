"""Losses against a second, plain statement of their formulas."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from ruas_mm.models.losses import relative_total_variation
from ruas_mm.models.scene_module import SceneOutput
from ruas_mm.registry import MODELS


def build(name, **arguments):
    return MODELS.build(dict(type=f'ruas_mm.{name}', **arguments))


def blur(x, sigma):
    """Gaussian mean of what lies inside."""
    settings = dict(mode='constant', radius=int(round(3 * sigma)))
    inside = gaussian_filter(np.ones_like(x), sigma, **settings)
    return gaussian_filter(x, sigma, **settings) / inside


def rtv_by_hand(picture, sigma, epsilon):
    """Mean over the channels of one picture, (C, H, W)."""
    values = []
    for channel in picture.numpy():
        value = 0.0
        for axis in (0, 1):
            if channel.shape[axis] > 1:
                gradient = np.diff(channel, axis=axis)
                total = blur(np.abs(gradient), sigma)
                inherent = np.abs(blur(gradient, sigma))
                value += (total / (inherent + epsilon)).mean()
        values.append(value)
    return np.mean(values)


@pytest.mark.parametrize('size', [(1, 1), (1, 7), (7, 1), (5, 5), (17, 31)])
@pytest.mark.parametrize('sigma, epsilon', [(3.0, 1e-3), (1.2, 1e-2)])
def test_rtv_equals_the_formula(size, sigma, epsilon):
    x = torch.rand(2, 3, *size, dtype=torch.double)
    result = relative_total_variation(x, sigma, epsilon)
    assert result.shape == (2,)
    for value, picture in zip(result, x):
        expected = rtv_by_hand(picture, sigma, epsilon)
        assert value.item() == pytest.approx(expected, rel=1e-9)
        alone = relative_total_variation(picture[None], sigma, epsilon)
        torch.testing.assert_close(alone[0], value)


def test_rtv_defaults_are_those_of_its_paper():
    x = torch.rand(1, 1, 9, 9)
    expected = relative_total_variation(x, 3.0, 1e-3)
    assert torch.equal(relative_total_variation(x), expected)


@pytest.mark.parametrize('size', [(1, 4), (4, 5)])
def test_gradients_of_rtv_are_right(size):
    x = torch.rand(1, 2, *size, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda v: relative_total_variation(v, 1.0, 1e-2), x
    )


def test_texture_costs_more_than_an_edge():
    edge = torch.zeros(1, 1, 32, 32)
    edge[..., 16:] = 1
    texture = torch.zeros(1, 1, 32, 32)
    texture[..., 1::2] = 1 / 31
    variation = [x.diff(dim=3).abs().sum().item() for x in (edge, texture)]
    assert variation[0] == pytest.approx(variation[1])
    cost = relative_total_variation(torch.cat([edge, texture]))
    assert cost[1] > 5 * cost[0]


def test_rtv_of_a_flat_map_is_nothing():
    assert relative_total_variation(torch.full((1, 3, 8, 8), 0.3)) == 0


def scene_of(*illuminations):
    return SceneOutput(illuminations, illuminations)


def test_scene_loss_is_fidelity_and_weighted_prior():
    y, first, t = torch.rand(3, 2, 3, 9, 11, dtype=torch.double)
    losses = build('SceneLoss', eta=0.3, sigma=2.0)(y, scene_of(first, t))
    assert set(losses) == {'loss_scene_fidelity', 'loss_scene_rtv'}
    expected = ((t - y) ** 2).sum() / y.numel()
    torch.testing.assert_close(losses['loss_scene_fidelity'], expected)
    prior = np.mean([rtv_by_hand(picture, 2.0, 1e-3) for picture in t])
    assert losses['loss_scene_rtv'].item() == pytest.approx(0.3 * prior)


def test_scene_loss_defaults():
    y, t = torch.rand(2, 1, 3, 9, 11)
    losses = build('SceneLoss')(y, scene_of(t))
    expected = 1e-3 * relative_total_variation(t, 3.0).mean()
    torch.testing.assert_close(losses['loss_scene_rtv'], expected)


def test_autocast_leaves_the_scene_loss():
    y, t = torch.rand(2, 1, 3, 9, 11)
    expected = build('SceneLoss')(y, scene_of(t))
    with torch.autocast('cpu', dtype=torch.bfloat16):
        losses = build('SceneLoss')(y, scene_of(t))
    assert losses == expected


def numbered(batch, channels, height, width):
    """Every value tells picture, channel, row and column."""
    shape = (batch, channels, height, width)
    return torch.arange(float(np.prod(shape))).view(shape)


@pytest.mark.parametrize('cell', [2, 3, 4, 5])
@pytest.mark.parametrize('shape', [(1, 1, 5, 5), (2, 3, 11, 14), (3, 2, 9, 5)])
def test_neighbours_are_two_pixels_of_a_cell(cell, shape):
    noisy = numbered(*shape)
    samplers = build('Neighbor2NeighborLoss', cell=cell)._choose(noisy)
    first, second = (sampler(noisy) for sampler in samplers)
    rows, columns = shape[2] // cell, shape[3] // cell
    assert first.shape == second.shape == (*shape[:2], rows, columns)
    for n in range(shape[0]):
        for i in range(rows):
            for j in range(columns):
                pair = []
                for sub in (first, second):
                    # the same place in every channel
                    value = int(sub[n, 0, i, j] - noisy[n, 0, 0, 0])
                    row, column = divmod(value, shape[3])
                    expected = noisy[n, :, row, column]
                    assert torch.equal(sub[n, :, i, j], expected)
                    assert (row // cell, column // cell) == (i, j)
                    pair.append((row, column))
                (a, b), (c, d) = pair
                near, far = sorted([abs(a - c), abs(b - d)])
                assert near == 0 and far in (cell // 2, cell - cell // 2)


@pytest.mark.parametrize('cell', [2, 3, 4])
def test_every_pair_occurs(cell):
    noisy = numbered(1, 1, cell, cell).repeat(4000, 1, 1, 1)
    samplers = build('Neighbor2NeighborLoss', cell=cell)._choose(noisy)
    first, second = (s(noisy).flatten().tolist() for s in samplers)
    counts = {}
    for pair in zip(first, second):
        counts[pair] = counts.get(pair, 0) + 1
    assert len(counts) == 2 * cell**2  # a partner in the row, in the column
    expected = 4000 / len(counts)
    assert min(counts.values()) > expected / 2
    assert max(counts.values()) < expected * 2


@pytest.mark.parametrize('size, cell', [((1, 5), 2), ((3, 8), 4)])
def test_pictures_without_a_cell_are_refused(size, cell):
    loss = build('Neighbor2NeighborLoss', cell=cell)
    with pytest.raises(ValueError, match=f'at least {cell}x{cell}'):
        loss(lambda x: x, torch.rand(1, 3, *size))


@pytest.mark.parametrize('cell', [1, 0, -2, 2.5])
def test_bad_cells_are_refused(cell):
    with pytest.raises(ValueError, match=f'cell={cell}, allowed'):
        build('Neighbor2NeighborLoss', cell=cell)


@pytest.mark.parametrize('consistency', [0.0, 0.7, None])
def test_neighbour_loss_equals_the_formula(consistency):
    arguments = {} if consistency is None else dict(consistency=consistency)
    loss = build('Neighbor2NeighborLoss', **arguments)
    noisy = torch.rand(2, 3, 7, 9)

    def denoise(x):  # no pixel alone
        return x**2 - 0.3 * x.mean((2, 3), keepdim=True)

    torch.manual_seed(3)
    first, second = loss._choose(noisy)
    torch.manual_seed(3)
    result = loss(denoise, noisy)
    difference = denoise(first(noisy)) - second(noisy)
    clean = denoise(noisy)
    expected = first(clean) - second(clean)
    weight = 2.0 if consistency is None else consistency
    torch.testing.assert_close(
        result,
        (difference**2).mean()
        + weight * ((difference - expected) ** 2).mean(),
    )


def test_neighbour_loss_keeps_its_target_fixed():
    """Else to keep half of the noise would cost least."""
    scale = torch.tensor(0.5, requires_grad=True)
    noisy = torch.randn(8, 3, 32, 32)
    for consistency in (0.0, 2.0):
        loss = build('Neighbor2NeighborLoss', consistency=consistency)
        torch.manual_seed(0)
        (slope,) = torch.autograd.grad(loss(lambda x: scale * x, noisy), scale)
        assert slope.item() == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize('fidelity', [1e-7, 0.5])
def test_released_noise_loss_by_hand(fidelity):
    noisy = torch.tensor([[[[0.1, 0.4, 0.2], [0.5, 0.3, 0.9]]]])
    loss = build('ReleasedNoiseLoss', fidelity=fidelity)
    result = loss(lambda x: x / 2, noisy)
    across = (0.3 + 0.2 + 0.2 + 0.6) / 4 / 2
    down = (0.4 + 0.1 + 0.7) / 3 / 2
    change = (0.01 + 0.16 + 0.04 + 0.25 + 0.09 + 0.81) / 6 / 4
    assert result.item() == pytest.approx(fidelity * change + across + down)


def test_released_noise_loss_of_thin_pictures():
    loss = build('ReleasedNoiseLoss')
    assert loss.fidelity == 1e-7
    row = torch.tensor([[[[0.1, 0.4, 0.2]]]])
    assert loss(lambda x: x, row).item() == pytest.approx(0.25)
    assert loss(lambda x: x, row[..., :1]) == 0


@pytest.mark.parametrize('grey, share', [(16, 2), (64, 5), (128, 9)])
def test_noise_has_the_strength_of_a_sensor(grey, share):
    """Variance read**2 + shot**2 * grey / 16, each uniform below 5."""
    y = torch.full((400, 1, 16, 16), grey / 255)
    loss = build('NoiseAsCleanLoss', noise=5.0)
    variances = []
    for _ in range(6):
        noisy, clean = loss.pictures(y)
        variances.append(((noisy - clean) * 255).square().mean().item())
    expected = 25 / 3 * share + 1 / 12  # and of rounding
    assert np.mean(variances) == pytest.approx(expected, rel=0.25)
    quiet, clean = build('NoiseAsCleanLoss', noise=0.0).pictures(y)
    torch.testing.assert_close(quiet, clean, atol=0.5 / 255, rtol=0)


def test_too_small_to_shrink():
    with pytest.raises(ValueError, match='y has 3x9 pixels, allowed: at lea'):
        build('NoiseAsCleanLoss').pictures(torch.rand(1, 3, 3, 9))


@pytest.mark.parametrize(
    'name', ['Neighbor2NeighborLoss', 'ReleasedNoiseLoss']
)
def test_other_losses_need_the_dark_picture_alone(name):
    y = torch.rand(1, 3, 4, 4)
    (picture,) = build(name).pictures(y)
    assert picture is y

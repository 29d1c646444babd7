"""Fast inference: tiles, the margin that they need, and folded cells."""

import random

import pytest
import torch
import torch.nn as nn

from ruas_mm.models.cells import (
    LOW_LEVEL_OPERATIONS,
    DistillationCell,
    FoldedCell,
)
from ruas_mm.models.tiling import tile_size, tiled
from ruas_mm.registry import MODELS

SIZES = [(7, 9), (16, 16), (1, 33), (40, 3), (64, 64)]


def random_network(channels=3):
    """Convolutions, and how far they see together."""
    layers, radius = [], 0
    for _ in range(random.randint(1, 3)):
        kernel, dilation = random.choice([1, 3, 5]), random.choice([1, 2])
        reach = dilation * (kernel - 1) // 2
        layers += [
            nn.Conv2d(channels, 3, kernel, padding=reach, dilation=dilation),
            nn.Tanh(),
        ]
        channels, radius = 3, radius + reach
    return nn.Sequential(*layers).double(), radius


@pytest.mark.parametrize('tile', SIZES)
@pytest.mark.parametrize('seed', range(4))
def test_tiles_equal_the_whole(tile, seed):
    random.seed(seed)
    network, radius = random_network()
    x = torch.rand(2, 3, 33, 41, dtype=torch.double)
    with torch.no_grad():
        result = tiled(network, x, tile=tile, radius=radius)
        torch.testing.assert_close(result, network(x))


def test_the_whole_radius_is_needed():
    network = nn.Conv2d(3, 2, 5, padding=4, dilation=2).double()
    x = torch.rand(1, 3, 20, 30, dtype=torch.double)
    with torch.no_grad():
        whole = network(x)
        for radius, equal in ((5, True), (4, True), (3, False)):
            result = tiled(network, x, tile=(8, 8), radius=radius)
            assert result.shape == whole.shape
            assert torch.allclose(result, whole) == equal


def test_several_maps_are_cut_alike():
    network, radius = random_network(channels=5)
    x = torch.rand(1, 3, 20, 22, dtype=torch.double)
    y = torch.rand(1, 2, 20, 22, dtype=torch.double)

    def both(x, y):
        return network(torch.cat([x, y], 1))

    with torch.no_grad():
        result = tiled(both, x, y, tile=(6, 7), radius=radius)
        torch.testing.assert_close(result, both(x, y))


@pytest.mark.parametrize('tile', [None, (20, 22), (99, 22)])
def test_what_fits_a_tile_is_not_divided(tile):
    x = torch.rand(1, 3, 20, 22)
    assert tiled(lambda x: x, x, tile=tile, radius=3) is x


def test_no_tile_sees_more_than_its_margin():
    seen = []

    def network(x):
        seen.append(tuple(x.shape[2:]))
        return x

    x = torch.rand(1, 3, 40, 50)
    assert torch.equal(tiled(network, x, tile=(16, 10), radius=3), x)
    assert len(seen) == 3 * 5
    assert max(h for h, _ in seen) == 16 + 2 * 3
    assert max(w for _, w in seen) == 10 + 2 * 3


def test_size_of_tiles():
    x = torch.empty(1, 3, 4000, 1000)
    assert tile_size(x, 64) == (64, 64)
    height, width = tile_size(x, None)  # strips on a CPU
    assert width == 1000 and height * width <= 2**17 < (height + 1) * width
    assert tile_size(torch.empty(1, 3, 2, 2**18), None) == (1, 2**18)
    assert tile_size(x.to('meta'), None) is None


def reach_of(network, channels=3, side=41, low=0.0, high=1.0):
    """How far from the centre its result has a gradient, in pixels."""
    x = low + (high - low) * torch.rand(1, channels, side, side)
    x = x.double().requires_grad_(True)
    centre = side // 2
    result = network(x)[..., centre, centre].sum()
    (gradient,) = torch.autograd.grad(result, x)
    rows, columns = gradient.abs().sum((0, 1)).nonzero().T - centre
    return max(rows.abs().max().item(), columns.abs().max().item())


def reach_of_illumination(scene):
    return reach_of(lambda y: scene.unroll(y).illuminations[-1], high=0.3)


def random_genotype():
    return [random.choice(LOW_LEVEL_OPERATIONS) for _ in range(7)]


@pytest.mark.parametrize('seed', range(6))
@pytest.mark.parametrize('noise_map', [False, True])
def test_radius_of_the_noise_remover(seed, noise_map):
    random.seed(seed)
    config = dict(
        type='ruas_mm.NoiseRemover',
        genotype=random_genotype(),
        num_cells=seed % 3 + 1,
        noise_map=noise_map,
    )
    remover = MODELS.build(config).double()
    theta = torch.rand(1, 3, 61, 61, dtype=torch.double)
    assert reach_of(lambda u: remover(u, theta), side=61) == remover.radius
    if noise_map:
        assert reach_of(lambda t: remover(theta, t), side=61) == remover.radius


@pytest.mark.parametrize('name', ['NoiseRemover', 'NoiseEstimator'])
def test_radius_of_the_released_form(name):
    network = MODELS.build(dict(type=f'ruas_mm.{name}')).double()
    assert reach_of(network, side=61) == network.radius


@pytest.mark.parametrize('warm_start', ['rectified', 'unrectified'])
@pytest.mark.parametrize('source', ['reflectance', 'illumination'])
@pytest.mark.parametrize('seed', range(3))
def test_radius_of_the_scene_module(warm_start, source, seed):
    random.seed(seed)
    form = dict(warm_start=warm_start, warm_start_source=source)
    genotype, stages = random_genotype(), seed % 3 + 1
    for window in (1, 2, 3):
        scene = MODELS.build(
            dict(
                type='ruas_mm.SceneModule',
                genotype=genotype,
                num_stages=stages,
                window=window,
                **form,
            )
        ).double()
        tries = 1 if window == 1 else 6
        reaches = [reach_of_illumination(scene) for _ in range(tries)]
        # a maximum has a gradient at one place of its window alone
        assert max(reaches) <= scene.radius
        assert max(reaches) >= scene.radius - (0 if window == 1 else stages)


@pytest.mark.parametrize('window', [1, 2, 3, 4])
def test_radius_of_the_window(window):
    scene = MODELS.build(
        dict(
            type='ruas_mm.SceneModule',
            genotype=['SC'] * 7,
            window=window,
            num_stages=1,
        )
    ).double()
    y = 0.1 + 1e-4 * torch.arange(41.0).double()
    y = y.expand(1, 3, 41, 41).clone().requires_grad_(True)  # brighter right
    t = scene.unroll(y).illuminations[-1][..., 20, 20].sum()
    (gradient,) = torch.autograd.grad(t, y)
    columns = gradient.abs().sum((0, 1, 2)).nonzero().flatten() - 20
    assert columns.tolist() == [scene.radius] == [window // 2]


@pytest.mark.parametrize('warm_start', ['fixed', 'detector'])
def test_radius_is_enough_for_the_other_warm_starts(warm_start):
    scene = MODELS.build(
        dict(type='ruas_mm.SceneModule', warm_start=warm_start)
    ).double()
    assert reach_of_illumination(scene) <= scene.radius


@pytest.mark.parametrize('place', range(7))
@pytest.mark.parametrize('operation', LOW_LEVEL_OPERATIONS)
@pytest.mark.parametrize('others', ['3-RC', 'SC'])
def test_folded_cell_equals_the_cell(place, operation, others):
    genotype = [others] * 7
    genotype[place] = operation
    cell = DistillationCell(genotype, 6).double()
    x = torch.randn(2, 6, 9, 8, dtype=torch.double)
    before = x.clone()
    weights = [p.clone() for p in cell.parameters()]
    with torch.no_grad():
        folded = FoldedCell(cell)(x)
        torch.testing.assert_close(folded, cell(x))
    assert torch.equal(x, before)
    assert all(map(torch.equal, weights, cell.parameters()))


@pytest.mark.parametrize('size', [(1, 1), (1, 5), (3, 2)])
def test_folded_cell_on_small_maps(size):
    cell = DistillationCell(['3-2-RDC'] * 7, 3).double()
    x = torch.randn(1, 3, *size, dtype=torch.double)
    with torch.no_grad():
        torch.testing.assert_close(FoldedCell(cell)(x), cell(x))

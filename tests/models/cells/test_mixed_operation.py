"""Kernels mixed by a mixture against results mixed by it."""

import pytest
import torch
import torch.nn.functional as F

from ruas_mm.models.cells import (
    HIGH_LEVEL_OPERATIONS,
    LOW_LEVEL_OPERATIONS,
    OPERATIONS,
    DistillationCell,
    MixedOperation,
)

TAPS = {
    LOW_LEVEL_OPERATIONS: 9 + 9,
    HIGH_LEVEL_OPERATIONS: 49 + 49 + 9 + 9,
    ('SC',): 1,
    ('1-C', '3-6-DC'): 9,
    ('7-2-DC', '3-C'): 49 + 9,
    ('5-C', '3-2-DC', '3-C', '3-6-DC'): 25 + 9,
}
EVERYTHING = tuple(OPERATIONS)
NO_RESIDUALS = HIGH_LEVEL_OPERATIONS
CASES = [
    # operations, in, out, what else, height, width
    *[((name,), 3, 3, {}, 9, 8) for name in EVERYTHING],
    *[((n,), 3, 5, dict(stride=2), 9, 8) for n in NO_RESIDUALS],
    (LOW_LEVEL_OPERATIONS, 3, 3, {}, 12, 7),
    (LOW_LEVEL_OPERATIONS, 6, 6, {}, 1, 1),
    (LOW_LEVEL_OPERATIONS, 20, 20, {}, 5, 4),
    (EVERYTHING, 4, 4, {}, 20, 41),
    (EVERYTHING, 4, 4, dict(groups=2), 9, 9),
    (EVERYTHING, 4, 4, dict(groups=4, bias=False), 9, 9),
    (('SC', '3-2-DC'), 3, 3, {}, 6, 6),
    (('7-2-DC', '3-C', '1-C'), 3, 3, {}, 9, 9),
    (NO_RESIDUALS, 3, 5, dict(stride=2), 21, 20),
    (NO_RESIDUALS, 3, 5, dict(stride=2), 2, 1),
    (NO_RESIDUALS, 3, 5, dict(padding=0), 3, 3),
    (NO_RESIDUALS, 3, 5, dict(padding=0), 6, 11),
    (NO_RESIDUALS, 3, 5, {}, 1, 1),
    (NO_RESIDUALS, 3, 5, {}, 3, 13),
    (NO_RESIDUALS, 4, 6, dict(stride=2, groups=2, bias=False), 10, 10),
    (('1-C',), 3, 5, dict(padding=0), 4, 4),
]


def naive_sum(operation, x, mixture):
    results = [candidate(x) for candidate in operation.candidates]
    return sum(share * y for share, y in zip(mixture, results))


def gradients(function, operation, x, alphas, weighting=None):
    mixture = alphas.softmax(0)
    y = function(operation, x, mixture)
    if weighting is None:
        weighting = torch.randn_like(y)
    inputs = [x, alphas, *operation.parameters()]
    return y, weighting, torch.autograd.grad(y, inputs, weighting)


@pytest.mark.parametrize(
    'dtype, tolerance', [(torch.float, 1e-5), (torch.double, 1e-12)]
)
@pytest.mark.parametrize('names, inputs, outputs, place, height, width', CASES)
def test_equals_the_sum_of_results(
    names, inputs, outputs, place, height, width, dtype, tolerance
):
    operation = MixedOperation(names, inputs, outputs, **place).to(dtype)
    shape = (2, inputs, height, width)
    x = torch.randn(shape, dtype=dtype, requires_grad=True)
    alphas = torch.randn(len(names), dtype=dtype, requires_grad=True)
    y, weighting, expected = gradients(naive_sum, operation, x, alphas)
    found, _, grads = gradients(
        lambda op, *args: op(*args), operation, x, alphas, weighting
    )
    assert found.shape == y.shape
    torch.testing.assert_close(found, y, atol=tolerance, rtol=tolerance)
    for ours, naive in zip(grads, expected):
        scale = max(naive.abs().max().item(), 1)
        torch.testing.assert_close(ours, naive, atol=tolerance * scale, rtol=0)


@pytest.mark.parametrize(
    'names, stride',
    [
        (LOW_LEVEL_OPERATIONS, 1),
        (HIGH_LEVEL_OPERATIONS, 1),
        (HIGH_LEVEL_OPERATIONS, 2),
    ],
)
@torch.no_grad()
def test_one_hot_mixture_is_the_derived_operation(names, stride):
    operation = MixedOperation(names, 4, 4, stride)
    x = torch.randn(1, 4, 15, 13)
    for i, name in enumerate(names):
        derived = OPERATIONS[name].build(4, 4, stride)
        derived.load_state_dict(operation.candidates[i].state_dict())
        found = operation(x, F.one_hot(torch.tensor(i), len(names)).float())
        torch.testing.assert_close(found, derived(x), atol=1e-5, rtol=0)


@pytest.mark.parametrize('names', TAPS)
def test_no_convolution_has_taps_that_nobody_needs(names, monkeypatch):
    taps = []
    original = F.conv2d

    def record(x, weight, *args):
        taps.append(weight.shape[2] * weight.shape[3])
        return original(x, weight, *args)

    monkeypatch.setattr(F, 'conv2d', record)
    operation = MixedOperation(names, 6, 6)
    operation(torch.rand(1, 6, 40, 40), torch.rand(len(names)))
    assert sum(taps) == TAPS[names]


def test_few_channels_are_one_convolution(monkeypatch):
    sides = []
    original = F.conv2d

    def record(x, weight, *args):
        sides.append(tuple(weight.shape[2:]))
        return original(x, weight, *args)

    monkeypatch.setattr(F, 'conv2d', record)
    operation = MixedOperation(LOW_LEVEL_OPERATIONS, 3, 3)
    operation(torch.rand(1, 3, 40, 40), torch.rand(7))
    assert sides == [(5, 5)]


@pytest.mark.parametrize('size', [(1, 1), (2, 2), (3, 5)])
def test_taps_that_only_meet_padding_are_left_out(size, monkeypatch):
    sides = []
    original = F.conv2d

    def record(x, weight, *args):
        sides.append(tuple(weight.shape[2:]))
        return original(x, weight, *args)

    operation = MixedOperation(HIGH_LEVEL_OPERATIONS, 3, 3)
    monkeypatch.setattr(F, 'conv2d', record)
    operation(torch.rand(1, 3, *size), torch.rand(10))
    for height, width in sides:
        assert height <= 2 * size[0] + 1 and width <= 2 * size[1] + 1


@pytest.mark.parametrize('channels', [3, 20])
@torch.no_grad()
def test_cell_equals_its_graph(channels):
    cell = DistillationCell(None, channels).double()
    mixture = torch.randn(7, 7).double().softmax(1)
    x = torch.randn(2, channels, 9, 11, dtype=torch.double)

    def edge(i, x):
        return naive_sum(cell.edges[i], x, mixture[i])

    maps, r = [], x
    for i in (0, 2, 4):
        maps.append(F.leaky_relu(edge(i, r), 0.05))
        r = F.leaky_relu(edge(i + 1, r) + r, 0.05)
    maps.append(F.leaky_relu(edge(6, r), 0.05))
    before = x.clone()
    torch.testing.assert_close(
        cell(x, mixture), cell.fuse(torch.cat(maps, 1)), atol=1e-12, rtol=0
    )
    assert torch.equal(x, before)


def test_second_derivatives():
    cell = DistillationCell(None, 2).double()
    x = torch.randn(1, 2, 3, 3, dtype=torch.double, requires_grad=True)
    alphas = torch.randn(7, 7, dtype=torch.double, requires_grad=True)

    def f(x, alphas):
        return cell(x, alphas.softmax(1)).square().sum()

    assert torch.autograd.gradcheck(f, (x, alphas))
    assert torch.autograd.gradgradcheck(f, (x, alphas), fast_mode=True)


@pytest.mark.parametrize(
    'names, outputs, place, message',
    [
        ((), 3, {}, 'exactly 1'),
        (('3-C', '2-C'), 3, {}, "'2-C'"),
        (('3-RC',), 3, dict(stride=2), 'stride=2'),
        (('SC',), 5, {}, 'out_channels=5'),
    ],
)
def test_bad_operations_are_refused(names, outputs, place, message):
    with pytest.raises(ValueError, match=message):
        MixedOperation(names, 3, outputs, **place)


@pytest.mark.parametrize('shape', [(1,), (3,), (2, 1)])
def test_bad_mixtures_are_refused(shape):
    operation = MixedOperation(('3-C', 'SC'), 3, 3)
    with pytest.raises(ValueError, match='mixture'):
        operation(torch.rand(1, 3, 4, 4), torch.rand(shape))


def test_cell_and_mixture_belong_together():
    x, mixture = torch.rand(1, 3, 4, 4), torch.rand(7, 7)
    with pytest.raises(ValueError, match='mixture'):
        DistillationCell(None, 3)(x)
    with pytest.raises(ValueError, match='mixture'):
        DistillationCell(['3-C'] * 7, 3)(x, mixture)

"""Operations that are the same on the maps that a place sees."""

from itertools import product

import pytest
import torch

from ruas_mm.models.cells import HIGH_LEVEL_OPERATIONS, OPERATIONS
from ruas_mm.models.cells.operations import first_twins
from ruas_mm.registry import MODELS
from ruas_mm.search.report import alpha_scalars

ROWS = [OPERATIONS[name] for name in HIGH_LEVEL_OPERATIONS]
ONE_PIXEL, TWO_PIXELS = 3, 2  # levels of the head below


def head():
    """Its supernet; shares are those of alphas that are all nothing."""
    module = MODELS.build(
        dict(
            type='ruas_mm.SearchableSSDHead',
            genotype=None,
            num_classes=1,
            in_channels=(4, 4, 4, 4),
            anchor_generator=dict(
                type='SSDAnchorGenerator',
                scale_major=False,
                strides=[8, 16, 32, 64],
                ratios=[[2]] * 4,
                min_sizes=[10, 20, 30, 40],
                max_sizes=[20, 30, 40, 50],
            ),
        )
    )
    for alphas in module.architecture().values():
        alphas.data.zero_()
    return module


def see_maps(module, sides=(20, 5, 2, 1)):
    module([torch.rand(1, 4, side, side) for side in sides])
    return module


def places(module):
    """Rows of alphas, branch by branch, a level each."""
    return list(module.architecture().values())


@pytest.mark.parametrize('stride, padding', [(1, 1), (2, 1), (1, 0)])
@pytest.mark.parametrize('size', [(3, 3), (4, 7), (5, 5), (10, 6), (20, 37)])
def test_an_operation_can_do_what_its_twin_does_and_others_cannot(
    size, stride, padding
):
    """Which taps of a kernel have a gradient tells what it can do."""

    def met_taps(row):
        convolution = row.build(1, 1, stride=stride, padding=padding)
        convolution(torch.ones(1, 1, *size)).sum().backward()
        radius = row.kernel_size // 2
        met = convolution.weight.grad[0, 0].nonzero() - radius
        return {tuple(tap) for tap in (met * row.dilation).tolist()}

    met = [met_taps(row) for row in ROWS]
    twins = first_twins(ROWS, size, stride, padding)
    for (i, mine), (j, other) in product(enumerate(met), repeat=2):
        assert (twins[i] == twins[j]) == (mine == other), (ROWS[i], ROWS[j])


def test_residual_and_skip_are_no_twins_of_others():
    names = ['1-C', '1-RC', 'SC', '3-RC', '3-2-RDC']
    rows = [OPERATIONS[name] for name in names]
    assert first_twins(rows, (1, 1)) == [0, 1, 2, 1, 1]


@pytest.mark.parametrize(
    'sides, level, operation, derived',
    [
        ((20, 5, 2, 1), TWO_PIXELS, '3-18-DC', '1-C'),
        ((20, 5, 2, 1), TWO_PIXELS, '7-C', '3-C'),
        ((20, 5, 2, 1), ONE_PIXEL, '7-2-DC', '1-C'),
        ((20, 5, 2, 1), 0, '7-2-DC', '7-2-DC'),
        ((20, 5, 40, 1), TWO_PIXELS, '3-18-DC', '3-18-DC'),
        (None, TWO_PIXELS, '3-18-DC', '3-18-DC'),  # it has seen nothing
    ],
)
def test_the_smallest_of_twins_is_derived(sides, level, operation, derived):
    module = head()
    if sides:
        see_maps(module, sides)
    choice = HIGH_LEVEL_OPERATIONS.index(operation)
    places(module)[level].data[choice] = 3
    assert module.derive()['reg'][level] == derived


def test_twins_do_not_win_by_their_number():
    module = see_maps(head())
    row = places(module)[TWO_PIXELS]
    row.data[HIGH_LEVEL_OPERATIONS.index('3-C')] = 1  # 5-C, 7-C: its twins
    assert module.mixture()[TWO_PIXELS].count_nonzero() == 2
    assert module.derive()['reg'][TWO_PIXELS] == '3-C'


@pytest.mark.parametrize('alike', [True, False])
def test_entropy_is_that_of_what_can_be_decided(alike):
    """However twins share it; where there is one operation, nothing is."""
    module = see_maps(head())
    model = torch.nn.ModuleDict(dict(bbox_head=module))
    assert alpha_scalars(model)['search/head/entropy'] == pytest.approx(1)
    for row in places(module):
        if alike:
            row.data[0] = 100
        else:
            twins = first_twins(ROWS, (2, 2))
            row.data[[i for i, t in enumerate(twins) if t == 0]] = 100
    entropy = alpha_scalars(model)['search/head/entropy']
    if alike:
        assert entropy == pytest.approx(0, abs=1e-6)
    else:  # undecided on large maps, where they are not the same
        assert 0.1 < entropy < 0.9


def test_a_search_that_goes_on_knows_what_was_seen():
    module, other = see_maps(head(), (40, 40, 40, 40)), see_maps(head())
    other.load_state_dict(module.state_dict())
    see_maps(other)
    assert torch.equal(other.first_twins(), module.first_twins())

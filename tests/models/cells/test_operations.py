import pytest
import torch
import torch.nn.functional as F

from ruas_mm.models.cells import (
    HIGH_LEVEL_OPERATIONS,
    LOW_LEVEL_OPERATIONS,
    OPERATIONS,
    check_genotype,
    task_cell,
)
from ruas_mm.models.cells import genotype as genotypes

# Table 1: abbreviation, kernel size, dilation, residual
TABLE_1 = [
    ('1-C', 1, 1, False),
    ('3-C', 3, 1, False),
    ('5-C', 5, 1, False),
    ('7-C', 7, 1, False),
    ('1-RC', 1, 1, True),
    ('3-RC', 3, 1, True),
    ('3-2-DC', 3, 2, False),
    ('3-6-DC', 3, 6, False),
    ('3-12-DC', 3, 12, False),
    ('3-18-DC', 3, 18, False),
    ('5-2-DC', 5, 2, False),
    ('7-2-DC', 7, 2, False),
    ('3-2-RDC', 3, 2, True),
]


def test_operations_are_table_1():
    assert sorted(OPERATIONS) == sorted([row[0] for row in TABLE_1] + ['SC'])
    assert len(LOW_LEVEL_OPERATIONS) == 7
    assert len(HIGH_LEVEL_OPERATIONS) == 10


@pytest.mark.parametrize('name, kernel, dilation, residual', TABLE_1)
def test_operation_equals_its_definition(name, kernel, dilation, residual):
    operation = OPERATIONS[name].build(4, 4)
    x = torch.rand(2, 4, 21, 17)
    expected = F.conv2d(
        x,
        operation.weight,
        operation.bias,
        padding=dilation * (kernel - 1) // 2,
        dilation=dilation,
    )
    expected = expected + x if residual else expected
    assert operation.weight.shape == (4, 4, kernel, kernel)
    torch.testing.assert_close(operation(x), expected)


def test_skip_returns_its_input():
    x = torch.rand(1, 3, 5, 5)
    assert OPERATIONS['SC'].build(3, 3)(x) is x


@pytest.mark.parametrize('name', HIGH_LEVEL_OPERATIONS)
@pytest.mark.parametrize('stride, padding', [(1, 1), (2, 1), (1, 0)])
@pytest.mark.parametrize('size', [19, 10, 3])
def test_task_cell_keeps_the_size_of_the_3x3(name, stride, padding, size):
    conv = torch.nn.Conv2d(4, 6, 3, stride=stride, padding=padding)
    x = torch.rand(1, 4, size, size)
    assert task_cell(name, conv)(x).shape == conv(x).shape


@pytest.mark.parametrize('name', HIGH_LEVEL_OPERATIONS)
@pytest.mark.parametrize('stride, padding', [(1, 1), (2, 1), (1, 0)])
@pytest.mark.parametrize('size', [(3, 3), (4, 3), (5, 8), (1, 1), (1, 6)])
def test_taps_outside_the_map_are_left_out_exactly(
    name, stride, padding, size
):
    if padding == 0 and min(size) < 3:
        return  # no room for an unpadded 3x3
    conv = torch.nn.Conv2d(2, 3, 3, stride=stride, padding=padding)
    cell = task_cell(name, conv)
    x = torch.rand(1, 2, *size, requires_grad=True)
    inner = x[..., cell.crop : -cell.crop, cell.crop : -cell.crop]
    expected = F.conv2d(
        inner if cell.crop else x,
        cell.weight,
        cell.bias,
        cell.stride,
        cell.padding,
        cell.dilation,
    )
    torch.testing.assert_close(cell(x), expected)
    parameters = (x, cell.weight)
    ours = torch.autograd.grad(cell(x).square().sum(), parameters)
    full = torch.autograd.grad(expected.square().sum(), parameters)
    for a, b in zip(ours, full):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize('batch_size', [1, 4])
def test_bfloat16_gradient_of_a_large_kernel_on_a_tiny_map(batch_size):
    cell = OPERATIONS['7-C'].build(256, 52)
    x = torch.rand(batch_size, 256, 1, 1)
    for _ in range(3):
        cell.zero_grad()
        with torch.autocast('cpu', dtype=torch.bfloat16):
            y = cell(x)
        y.float().sum().backward()
        gradient = cell.weight.grad
        expected = torch.zeros_like(gradient)
        expected[..., 3, 3] = x.sum((0, 2, 3))
        torch.testing.assert_close(gradient, expected, atol=0.05, rtol=0.01)


@pytest.mark.parametrize('name', ['1-RC', '3-RC', '3-2-RDC', 'SC'])
def test_operations_with_identity_refuse_another_shape(name):
    with pytest.raises(ValueError, match='keep the shape'):
        OPERATIONS[name].build(4, 8)
    with pytest.raises(ValueError, match='stride=2'):
        OPERATIONS[name].build(4, 4, stride=2)


@pytest.mark.parametrize(
    'settings',
    [
        dict(kernel_size=5),
        dict(kernel_size=(1, 3)),
        dict(kernel_size=3, padding=(0, 1)),
        dict(kernel_size=3, padding=1, padding_mode='reflect'),
    ],
)
def test_task_cell_refuses_other_places(settings):
    with pytest.raises(ValueError, match='1x1 or 3x3'):
        task_cell('3-C', torch.nn.Conv2d(4, 4, **settings))


@pytest.mark.parametrize(
    'name',
    [
        'SCENE_ENHANCEMENT',
        'SCENE_FACE_DETECTION',
        'NOISE_REMOVAL_CVPR21',
        'NOISE_REMOVAL_JOURNAL',
    ],
)
def test_released_genotypes_are_valid(name):
    genotype = getattr(genotypes, name)
    assert check_genotype(list(genotype), 7, LOW_LEVEL_OPERATIONS, name) == (
        genotype
    )


@pytest.mark.parametrize(
    'genotype, message',
    [
        (['3-C'] * 6, 'exactly 7'),
        (['3-C'] * 6 + ['5-C'], r"\[6\]='5-C'"),
        (['conv_3x3'] * 7, "'conv_3x3'"),
        ('3-C', 'list of 7'),
        (None, 'list of 7'),
        ([3] * 7, 'allowed'),
    ],
)
def test_bad_genotypes_are_refused(genotype, message):
    with pytest.raises(ValueError, match=message):
        check_genotype(genotype, 7, LOW_LEVEL_OPERATIONS, 'genotype')

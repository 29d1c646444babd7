"""Convolutions on narrow maps: the same sums, and no fault of a kernel."""

import pytest
import torch
import torch.nn.functional as F
from tool_process import run_lines

from ruas_mm.models.cpu_layout import convolve, to_fast_layout


@pytest.mark.parametrize('stride', [1, 2, 3])
@pytest.mark.parametrize('kernel, padding', [(1, 0), (1, 1), (3, 1)])
def test_strided_convolutions_are_the_hosts(stride, kernel, padding):
    x = torch.rand(2, 4, 10, 9, dtype=torch.double, requires_grad=True)
    weight = torch.rand(6, 4, kernel, kernel, dtype=torch.double)
    weight.requires_grad_()
    found, expected = (
        function(
            to_fast_layout(x), weight, None, (stride,) * 2, (padding,) * 2,
            (1, 1), 1,
        )
        for function in (convolve, F.conv2d)
    )  # fmt: skip
    torch.testing.assert_close(found, expected)
    for ours, theirs in zip(
        torch.autograd.grad(found.square().sum(), (x, weight)),
        torch.autograd.grad(expected.square().sum(), (x, weight)),
    ):
        torch.testing.assert_close(ours, theirs)


def test_backward_of_a_strided_1x1_keeps_to_its_memory():
    """In a process of its own: where it does not, the heap is corrupted."""
    code = """
import torch
from ruas_mm.models.cells import OPERATIONS
torch.set_num_threads(1)
for _ in range(60):
    x = torch.rand(2, 4, 10, 10).to(memory_format=torch.channels_last)
    cell = OPERATIONS['1-C'].build(4, 8, stride=2, padding=1)
    cell(x.requires_grad_()).square().sum().backward()
    junk = [torch.rand(1, side, 3, 3) for side in range(1, 60)]
"""
    run_lines(code)

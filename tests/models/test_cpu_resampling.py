"""OpenCV's means and interpolation are PyTorch's, and stand aside for it."""

import pytest
import torch
import torch.nn.functional as F

from ruas_mm.models.low_resolution import _box, enlarge, shrunk

SIZES = [(1, 1), (1, 9), (5, 3), (24, 40)]
LAYOUTS = [torch.contiguous_format, torch.channels_last]
CHANGES = {
    'shrunk': lambda x: shrunk(x, 4),
    'enlarged': lambda x: enlarge(x, 4, x.new_zeros(1, 1, 900, 900)),
    'box': _box,
}


@pytest.mark.parametrize('change', CHANGES)
@pytest.mark.parametrize('size', SIZES)
@pytest.mark.parametrize('layout', LAYOUTS)
@pytest.mark.parametrize('channels', [1, 3, 6, 24])
def test_same_values(change, size, layout, channels):
    """Those of the differentiable operations."""
    x = torch.rand(2, channels, *size).to(memory_format=layout)
    plainly = CHANGES[change](x.clone().requires_grad_())
    assert plainly.requires_grad
    torch.testing.assert_close(CHANGES[change](x), plainly.detach())


def test_parts_of_a_map():
    """Strided views are read where they are."""
    x = torch.rand(1, 5, 20, 30)[:, 1:4, 2:18, 3:27]
    torch.testing.assert_close(shrunk(x, 4), F.avg_pool2d(x, 4))


@pytest.mark.parametrize('change', CHANGES)
def test_a_trace_holds_the_operation(change):
    x = torch.rand(1, 3, 8, 12)
    trace = torch.jit.trace(CHANGES[change], x)
    other = torch.rand(1, 3, 8, 12)
    torch.testing.assert_close(trace(other), CHANGES[change](other))

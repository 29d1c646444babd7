"""How narrow maps are kept and convolved on a CPU: the same sums, sooner.

With three channels, convolutions fall into slow paths of the plain memory
layout (docs/speed.md). Whatever goes round that stands here; on another
device nothing is changed.
"""

from typing import Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

NARROW = 16  # channels: the lanes of AVX-512
GROUPS = (5, 4)  # times 3 channels: at most as many


def fast_layout(x: Tensor) -> torch.memory_format:
    """Channels last for a narrow map on a CPU, otherwise channels first."""
    if x.device.type == 'cpu' and x.shape[1] <= NARROW:
        return torch.channels_last
    return torch.contiguous_format


def to_fast_layout(x: Tensor) -> Tensor:
    """``x`` with a narrow map's layout; any other is left as it comes.

    Convolutions become 2 to 5 times faster, on three channels their backward
    pass 4 times.
    """
    if fast_layout(x) is torch.channels_last:
        return x.contiguous(memory_format=torch.channels_last)
    return x


def convolve_pointwise(
    x: Tensor, weight: Tensor, bias: Optional[Tensor]
) -> Tensor:
    """1x1 convolution.

    A dilation means nothing to it, but keeps a single thread from a path that
    is 5 times slower on channels-last memory. Its backward pass wants memory
    without gaps.
    """
    dilation = 2 if x.device.type == 'cpu' else 1
    return F.conv2d(to_fast_layout(x), weight, bias, dilation=dilation)


def convolve(
    x: Tensor,
    weight: Tensor,
    bias: Optional[Tensor],
    stride: Tuple[int, int],
    padding: Tuple[int, int],
    dilation: Tuple[int, int],
    groups: int,
) -> Tensor:
    """``F.conv2d`` without a fault of oneDNN.

    The backward pass of a 1x1 with a stride on a channels-last map of less
    than 8 channels writes beyond its memory (torch 2.1 and 2.9, one thread,
    no AVX-512). Taking the pixels first and convolving those is the same.
    """
    is_pointwise = tuple(weight.shape[2:]) == (1, 1) and not any(padding)
    if is_pointwise and max(stride) > 1:
        x, stride = x[..., :: stride[0], :: stride[1]], (1, 1)
    return F.conv2d(x, weight, bias, stride, padding, dilation, groups)


class SameSizeConvolution:
    """Convolution that keeps height and width, for many maps.

    On three channels most lanes of a vector register would idle. Where the
    row divides, each position of a wider kernel with stride ``group`` computes
    ``group`` neighbouring pixels as its channels; on channels-last memory that
    is the same map, in less than 2/3 of the time.

    Args:
        weight: (O, I, K, K).
        bias: (O,), or None.
        padding: That which keeps the size.
        dilation: Distance between two taps.
    """

    def __init__(
        self,
        weight: Tensor,
        bias: Optional[Tensor],
        padding: Tuple[int, int] = (0, 0),
        dilation: Tuple[int, int] = (1, 1),
    ) -> None:
        self.weight, self.bias = weight, bias
        self.padding, self.dilation = padding, dilation
        self.widened = {}

    def __call__(self, x: Tensor) -> Tensor:  # (N, C, H, W)
        if self.weight.shape[-1] == 1:
            return convolve_pointwise(x, self.weight, self.bias)
        if self._can_widen(x):
            for group in GROUPS:
                if x.shape[-1] % group == 0:
                    return self._convolve_widened(x, group)
        return F.conv2d(
            x, self.weight, self.bias, 1, self.padding, self.dilation
        )

    def _can_widen(self, x: Tensor) -> bool:
        return (
            x.device.type == 'cpu'
            and tuple(self.weight.shape[:2]) == (3, 3)
            and x.is_contiguous(memory_format=torch.channels_last)
        )

    def _convolve_widened(self, x: Tensor, group: int) -> Tensor:
        if group not in self.widened:
            self.widened[group] = self._widen(group)
        weight, bias = self.widened[group]
        stride, dilation = (1, group), (self.dilation[0], 1)
        y = F.conv2d(x, weight, bias, stride, self.padding, dilation)
        y = y.permute(0, 2, 3, 1).reshape(x.shape[0], *x.shape[2:], 3)
        return y.permute(0, 3, 1, 2)

    def _widen(self, group: int) -> Tuple[Tensor, Optional[Tensor]]:
        """The kernel ``group`` times, each shifted by one pixel."""
        outputs, inputs, height, width = self.weight.shape
        step = self.dilation[1]
        extent = step * (width - 1) + 1
        weight = self.weight.new_zeros(
            group, outputs, inputs, height, extent + group - 1
        )
        for shift in range(group):
            weight[shift, ..., shift : shift + extent : step] = self.weight
        bias = self.bias if self.bias is None else self.bias.repeat(group)
        return weight.flatten(0, 1), bias

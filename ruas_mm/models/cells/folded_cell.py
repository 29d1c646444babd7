"""A derived cell as it runs at test time: the same function, less work.

Every operation of Table 1 is linear before its activation, so residual and
skip connections become part of a kernel, and the concatenation in front of the
last 1x1 convolution becomes a sum of four. Exact up to rounding.
"""

from typing import Callable, Optional, Tuple

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from .distillation_cell import NEGATIVE_SLOPE, DistillationCell

LinearMap = Callable[[Tensor], Tensor]
GROUPS = (5, 4)  # times 3 channels: at most the 16 lanes of AVX-512


class FoldedCell:
    """Fold a :class:`DistillationCell`; call it like the cell.

    Folding takes a fraction of a millisecond, so it is done anew for each
    picture and never goes stale. On a CPU it is fastest on channels-last
    memory: there a concatenation costs more than a 3x3 convolution.

    Args:
        cell: The cell; its weights are read, not kept.
    """

    def __init__(self, cell: DistillationCell) -> None:
        c1_d, c1_r, c2_d, c2_r, c3_d, c3_r, c4 = cell.edges
        self.distil = [_fold(edge, 0) for edge in (c1_d, c2_d, c3_d, c4)]
        self.refine = [_fold(edge, 1) for edge in (c1_r, c2_r, c3_r)]
        bias = cell.fuse.bias
        self.fuse = [
            _Convolution(weight, None if node else bias)
            for node, weight in enumerate(cell.fuse.weight.chunk(4, dim=1))
        ]

    def __call__(self, x: Tensor) -> Tensor:  # (N, C, H, W)
        result = None
        for node, distil in enumerate(self.distil):
            distilled = _activate(distil(x), keep=x)
            part = self.fuse[node](distilled)
            result = part if result is None else result.add_(part)
            if node < len(self.refine):
                x = _activate(self.refine[node](x), keep=x)
        return result  # (N, C, H, W)


def _activate(x: Tensor, keep: Tensor) -> Tensor:
    """Leaky ReLU, in place unless ``x`` is a map that is still needed."""
    return F.leaky_relu(x, NEGATIVE_SLOPE, inplace=x is not keep)


def _fold(edge: nn.Module, residuals: int) -> LinearMap:
    """``edge(x) + residuals * x`` as one linear map."""
    if isinstance(edge, nn.Identity):
        return (lambda x: x * (1 + residuals)) if residuals else (lambda x: x)
    weight = edge.weight
    identities = residuals + edge.residual
    if identities:
        weight = weight.clone()
        centre = edge.kernel_size[0] // 2
        weight[:, :, centre, centre] += identities * torch.eye(
            weight.shape[0], dtype=weight.dtype, device=weight.device
        )
    return _Convolution(weight, edge.bias, edge.padding, edge.dilation)


class _Convolution:
    """Stride 1, same size; on a CPU fast for three channels.

    There most lanes of a vector register would idle. Where the row divides,
    each position of a wider kernel with stride ``group`` computes ``group``
    neighbouring pixels as its channels; on channels-last memory that is the
    same map. Same sums, in less than 2/3 of the time.
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
        dilation = self.dilation
        if x.device.type == 'cpu':
            if self.weight.shape[-1] == 1:
                # means nothing for a 1x1, but keeps a single thread from a
                # path that is five times slower on channels-last memory
                dilation = (2, 2)
            elif self._can_widen(x):
                for group in GROUPS:
                    if x.shape[-1] % group == 0:
                        return self._widened(x, group)
        return F.conv2d(x, self.weight, self.bias, 1, self.padding, dilation)

    def _can_widen(self, x: Tensor) -> bool:
        return tuple(self.weight.shape[:2]) == (3, 3) and x.is_contiguous(
            memory_format=torch.channels_last
        )

    def _widened(self, x: Tensor, group: int) -> Tensor:
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

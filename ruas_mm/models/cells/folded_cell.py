"""A derived cell as it runs at test time: the same function, less work.

Every operation of Table 1 is linear before its activation, so residual and
skip connections become part of a kernel, and the concatenation in front of the
last 1x1 convolution becomes a sum of four. Exact up to rounding.
"""

from typing import Callable

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from ruas_mm.models.cpu_layout import SameSizeConvolution

from .distillation_cell import NEGATIVE_SLOPE, DistillationCell

LinearMap = Callable[[Tensor], Tensor]


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
            SameSizeConvolution(weight, None if node else bias)
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
    return SameSizeConvolution(weight, edge.bias, edge.padding, edge.dilation)

"""A distillation cell of the supernet, with its kernels mixed.

Like a :class:`FoldedCell` it reads a cell's weights and runs: the two edges
that read the same map are one convolution (10-15 % faster), a residual edge is
part of its kernel, and the concatenation in front of the last 1x1 convolution
is a sum. Exact up to rounding, and differentiable any number of times.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from ruas_mm.models.cpu_layout import convolve_pointwise

from .mixed_operation import Mixed, mix_kernels

NEGATIVE_SLOPE = 0.05  # of the leaky ReLU: release
RESIDUALS = (0, 1, 0, 1, 0, 1, 0)  # c1_d, c1_r, ..., c4


class MixedCell:
    """Mix the kernels of a supernet's cell; call it like the cell.

    Args:
        cell: The cell.
        mixture: Softmaxed alphas, one row for each edge.
    """

    def __init__(self, cell: nn.Module, mixture: Tensor) -> None:
        *edges, self.last = mix_kernels(
            cell.edges, mixture, residuals=RESIDUALS
        )
        self.nodes = [_join(*pair) for pair in zip(edges[0::2], edges[1::2])]
        self.convolve = cell.edges[0].convolve
        self.fuse = cell.fuse.weight.chunk(4, dim=1)
        self.bias = cell.fuse.bias

    def __call__(self, x: Tensor) -> Tensor:  # (N, C, H, W)
        result = None
        for node, fuse in zip(self.nodes, self.fuse):
            distilled, x = _act(self.convolve(x, node)).chunk(2, dim=1)
            bias = self.bias if result is None else None
            part = convolve_pointwise(distilled, fuse, bias)
            result = part if result is None else result.add_(part)
        distilled = _act(self.convolve(x, self.last))
        result = result.add_(
            convolve_pointwise(distilled, self.fuse[-1], None)
        )
        return result  # (N, C, H, W)


def _join(distil: Mixed, refine: Mixed) -> Mixed:
    """Both as one convolution, whose first channels are the distilled."""
    pairs = zip(distil.kernels, refine.kernels)
    kernels = [torch.cat(pair) for pair in pairs]
    return Mixed(kernels, torch.cat([distil.bias, refine.bias]))


def _act(x: Tensor) -> Tensor:
    return F.leaky_relu(x, NEGATIVE_SLOPE, inplace=True)

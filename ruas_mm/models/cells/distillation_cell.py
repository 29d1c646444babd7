"""Distillation cell C_s of the scene module and of noise removal.

Paper: Sec. 4.1 (after the residual feature distillation of
https://arxiv.org/abs/2009.11551). https://arxiv.org/abs/2112.04719

Differs from the paper: nothing known; the paper shows the cell as a graph of
five nodes, the activation and the residual edges are those of the release.
"""

from typing import Optional, Sequence

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from .mixed_cell import NEGATIVE_SLOPE, MixedCell
from .mixed_operation import MixedOperation
from .operations import LOW_LEVEL_OPERATIONS, OPERATIONS, check_genotype

EDGES = ('c1_d', 'c1_r', 'c2_d', 'c2_r', 'c3_d', 'c3_r', 'c4')
"""Of the cell, in the order of a genotype (d: distilled, r: refined)."""
WIDEST = '3-2-DC'


class DistillationCell(nn.Module):
    """Each node hands a distilled copy to the last node.

    Args:
        genotype: Seven low-level operations, in the order ``c1_d, c1_r, c2_d,
            c2_r, c3_d, c3_r, c4`` (d: distilled, r: refined); None: the
            supernet's cell, with all low-level operations on each edge.
        channels: Width of the cell (3 for scene, 6 for noise: Sec. 6.1).

    Raises:
        ValueError: Wrong length or unknown operation.
    """

    def __init__(
        self, genotype: Optional[Sequence[str]], channels: int
    ) -> None:
        super().__init__()
        if genotype is None:
            self.genotype = None
            edges = [
                MixedOperation(LOW_LEVEL_OPERATIONS, channels, channels)
                for _ in range(len(EDGES))
            ]
        else:
            self.genotype = check_genotype(
                genotype,
                len(EDGES),
                LOW_LEVEL_OPERATIONS,
                'genotype of a distillation cell',
            )
            edges = [
                OPERATIONS[name].build(channels, channels)
                for name in self.genotype
            ]
        self.edges = nn.ModuleList(edges)
        self.fuse = nn.Conv2d(4 * channels, channels, 1)

    @property
    def radius(self) -> int:
        """How far away a pixel can change the result, in pixels."""
        genotype = self.genotype or [WIDEST] * len(EDGES)
        reach = [OPERATIONS[name].extent // 2 for name in genotype]
        c1_d, c1_r, c2_d, c2_r, c3_d, c3_r, c4 = reach
        refined = c1_r + c2_r
        return max(c1_d, c1_r + c2_d, refined + c3_d, refined + c3_r + c4)

    def forward(self, x: Tensor, mixture: Optional[Tensor] = None) -> Tensor:
        """Run the cell.

        Args:
            x: (N, C, H, W).
            mixture: Softmaxed alphas (7, 7), a row for each edge; of the
                supernet's cell alone.

        Raises:
            ValueError: The supernet's cell without ``mixture``, or a derived
                one with it.
        """
        if (self.genotype is None) != (mixture is not None):
            raise ValueError(
                f'mixture={mixture}, allowed: one row of weights for each '
                'edge if genotype=None, otherwise None'
            )
        if mixture is not None:
            return MixedCell(self, mixture)(x)
        c1_d, c1_r, c2_d, c2_r, c3_d, c3_r, c4 = list(self.edges)
        d1, r1 = _act(c1_d(x)), _act(c1_r(x) + x)
        d2, r2 = _act(c2_d(r1)), _act(c2_r(r1) + r1)
        d3, r3 = _act(c3_d(r2)), _act(c3_r(r2) + r2)
        d4 = _act(c4(r3))
        return self.fuse(torch.cat([d1, d2, d3, d4], 1))  # (N, C, H, W)


def _act(x: Tensor) -> Tensor:
    return F.leaky_relu(x, NEGATIVE_SLOPE)

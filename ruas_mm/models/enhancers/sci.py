"""SCI: illumination as the picture and a little more; three convolutions.

Ma et al., Toward Fast, Flexible, and Robust Low-Light Image Enhancement, CVPR
2022. https://arxiv.org/abs/2204.10137

Differs from the paper: the enhancing network alone; the calibrating one and
the stages belong to its training, :class:`SCILoss`.
Weights: github.com/vis-opt-group/SCI, MIT (easy: FiveK, medium: LOL and LSRW,
difficult: DARK FACE).
"""

from typing import Optional

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ruas_mm.models.enhancers.published import PublishedEnhancer

DARKEST = 1e-4  # of the illumination


class SCI(PublishedEnhancer):
    """Illumination t = y + residual, u = y / t.

    Args:
        init_cfg: See :class:`PretrainedModule`.
    """

    radius = 3
    theirs = {
        'enhance.in_conv.0': 'stem',
        'enhance.conv.0': 'block.0',
        'enhance.conv.1': 'block.1',
        'enhance.out_conv.0': 'to_residual',
    }
    unused = ('enhance.blocks', 'calibrate')  # the first: once more the block

    def __init__(self, init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg)
        self.stem = nn.Conv2d(3, 3, 3, padding=1)
        self.block = nn.Sequential(
            nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3)
        )
        self.to_residual = nn.Conv2d(3, 3, 3, padding=1)
        for conv in (self.stem, self.block[0], self.to_residual):
            nn.init.normal_(conv.weight, std=0.02)
            nn.init.zeros_(conv.bias)
        nn.init.normal_(self.block[1].weight, 1, 0.02)

    def forward(self, y: Tensor) -> Tensor:
        """See :meth:`Enhancer.forward`."""
        return (y / self.illumination(y)).clamp(0, 1)

    def illumination(self, y: Tensor) -> Tensor:
        """t in [1e-4, 1] of RGB in [0, 1], (N, 3, H, W)."""
        f = F.relu(self.stem(y))
        f = f + F.relu(self.block(f))
        residual = torch.sigmoid(self.to_residual(f))
        return (y + residual).clamp(DARKEST, 1)

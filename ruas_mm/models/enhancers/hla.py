"""HLA's brightening network E(L): Zero-DCE with sums and more, wider steps.

Wang et al., HLA-Face: Joint High-Low Adaptation for Low Light Face Detection,
CVPR 2021. https://arxiv.org/abs/2104.01984

Differs from the paper: this network alone, without the adaptation of the
detector; its losses: :class:`ZeroReferenceLoss`, with exposure=0.55.
Weights: github.com/daooshee/HLA-Face-Code, no licence stated (it is based on
Zero-DCE, CC BY-NC 4.0).
"""

from typing import Optional

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ruas_mm.models.enhancers.published import PublishedEnhancer
from ruas_mm.models.enhancers.zero_dce import brightened

WIDTH = 64
DEPTH = 7
NUM_STEPS = 16


class HLABrightening(PublishedEnhancer):
    """Sixteen curve maps of three channels from seven convolutions.

    Args:
        init_cfg: See :class:`PretrainedModule`.
    """

    radius = DEPTH
    theirs = {f'e_conv{i + 1}': f'layers.{i}' for i in range(DEPTH)}

    def __init__(self, init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg)
        widths = (3, *[WIDTH] * (DEPTH - 1), 3 * NUM_STEPS)
        self.layers = nn.ModuleList(
            nn.Conv2d(before, after, 3, padding=1)
            for before, after in zip(widths, widths[1:])
        )
        for layer in self.layers:
            nn.init.normal_(layer.weight, std=0.02)

    def forward(self, y: Tensor) -> Tensor:
        """See :meth:`Enhancer.forward`."""
        return self.applied(y, self.curves(y))

    def curves(self, y: Tensor) -> Tensor:
        """The maps one after another, in [-1, 1], (N, 48, H, W)."""
        x1 = F.relu(self.layers[0](y))
        x2 = F.relu(self.layers[1](x1))
        x3 = F.relu(self.layers[2](x2))
        x4 = F.relu(self.layers[3](x3))
        x5 = F.relu(self.layers[4](x3 + x4))
        x6 = F.relu(self.layers[5](x2 + x5))
        return torch.tanh(self.layers[6](x1 + x6))

    def applied(self, y: Tensor, curves: Tensor) -> Tensor:
        """The result with maps of :meth:`curves`."""
        return brightened(y, curves.chunk(NUM_STEPS, dim=1))

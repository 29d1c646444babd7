"""Zero-DCE: a curve of light for each pixel, learned without references.

Guo et al., Zero-Reference Deep Curve Estimation for Low-Light Image
Enhancement, CVPR 2020. https://arxiv.org/abs/2001.06826

Differs from the paper: nothing; its losses: :class:`ZeroReferenceLoss`.
Weights: github.com/Li-Chongyi/Zero-DCE, CC BY-NC 4.0.
"""

from typing import Optional, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ruas_mm.models.enhancers.published import PublishedEnhancer

WIDTH = 32
INPUTS = (3, WIDTH, WIDTH, WIDTH, 2 * WIDTH, 2 * WIDTH, 2 * WIDTH)
NUM_STEPS = 8


class ZeroDCE(PublishedEnhancer):
    """Eight curve maps of three channels from seven convolutions.

    Args:
        init_cfg: See :class:`PretrainedModule`.
    """

    radius = len(INPUTS)
    theirs = {f'e_conv{i + 1}': f'layers.{i}' for i in range(len(INPUTS))}

    def __init__(self, init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg)
        outputs = (*[WIDTH] * (len(INPUTS) - 1), 3 * NUM_STEPS)
        self.layers = nn.ModuleList(
            nn.Conv2d(before, after, 3, padding=1)
            for before, after in zip(INPUTS, outputs)
        )
        for layer in self.layers:
            nn.init.normal_(layer.weight, std=0.02)

    def forward(self, y: Tensor) -> Tensor:
        """See :meth:`Enhancer.forward`."""
        return self.applied(y, self.curves(y))

    def curves(self, y: Tensor) -> Tensor:
        """The maps one after another, in [-1, 1], (N, 24, H, W)."""
        return curve_maps(self.layers, y)

    def applied(self, y: Tensor, curves: Tensor) -> Tensor:
        """The result with maps of :meth:`curves`."""
        return brightened(y, curves.chunk(NUM_STEPS, dim=1))


def curve_maps(layers: Sequence[nn.Module], x: Tensor) -> Tensor:
    """The layers with the paper's symmetric skips, Fig. 2; in [-1, 1].

    Args:
        layers: Seven.
        x: RGB in [0, 1], (N, 3, H, W).
    """
    x1 = F.relu(layers[0](x))
    x2 = F.relu(layers[1](x1))
    x3 = F.relu(layers[2](x2))
    x4 = F.relu(layers[3](x3))
    x5 = F.relu(layers[4](torch.cat([x3, x4], 1)))
    x6 = F.relu(layers[5](torch.cat([x2, x5], 1)))
    return torch.tanh(layers[6](torch.cat([x1, x6], 1)))


def brightened(x: Tensor, maps: Sequence[Tensor]) -> Tensor:
    """The curve of light step by step, Eq. (2); a negative map brightens.

    It leads from [0, 1] to [0, 1], as each map is in [-1, 1].

    Args:
        x: RGB in [0, 1], (N, 3, H, W).
        maps: One a step, each as ``x``.
    """
    for curve in maps:
        x = x + curve * (x.square() - x)
    return x

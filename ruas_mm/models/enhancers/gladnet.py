"""GLADNet: light estimated on a small picture, details from the input.

Wang et al., GLADNet: Low-Light Enhancement Network with Global Awareness, FG
2018 (workshop FOR-LQ).

Differs from the paper: its losses are not here; untrained, the last bias is
0.5, or the result may be black for ever.
Weights: github.com/weichen582/GLADNet (TensorFlow), no licence stated; none
in a form that is read here are known, so this is for training.
"""

from typing import Optional

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ruas_mm.models.enhancers.published import PublishedEnhancer

SIDE = 96  # pixels of the picture that the light is estimated on
WIDTH = 64
DEPTH = 6


class GLADNet(PublishedEnhancer):
    """A small U-net, then five convolutions at full size.

    Args:
        init_cfg: See :class:`PretrainedModule`.
    """

    theirs = {'reconstruct': 'details'}

    def __init__(self, init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg)
        self.encoder = nn.ModuleList(
            nn.Conv2d(WIDTH if i else 3, WIDTH, 3, stride=2)
            for i in range(DEPTH)
        )
        self.decoder = nn.ModuleList(
            nn.Conv2d(WIDTH, WIDTH, 3, padding=1) for _ in range(DEPTH)
        )
        widths = (WIDTH + 3, *[2 * WIDTH] * 4, 3)
        self.details = nn.ModuleList(
            nn.Conv2d(before, after, 3, padding=1)
            for before, after in zip(widths, widths[1:])
        )
        nn.init.constant_(self.details[-1].bias, 0.5)

    def forward(self, y: Tensor) -> Tensor:
        """See :meth:`Enhancer.forward`."""
        light = _nearest(self.light(y), *y.shape[-2:])
        x = torch.cat([light, y], 1)
        for layer in self.details:
            x = F.relu(layer(x))
        return x.clamp(max=1)

    def light(self, y: Tensor) -> Tensor:
        """Features of the whole picture, (N, 64, 96, 96)."""
        x = _nearest(y, SIDE, SIDE)
        levels = [x]
        for layer in self.encoder:
            levels.append(F.relu(layer(_padded(levels[-1]))))
        x, *skips = reversed(levels)
        for layer, skip in zip(self.decoder, skips):
            x = _nearest(x, *skip.shape[-2:])
            x = F.relu(layer(x))
            if skip is not levels[0]:
                x = x + skip
        return x


def _nearest(x: Tensor, height: int, width: int) -> Tensor:
    """Place i shows i * before // after, in whole numbers."""
    rows = torch.arange(height, device=x.device) * x.shape[-2] // height
    columns = torch.arange(width, device=x.device) * x.shape[-1] // width
    return x[..., rows, :][..., columns]


def _padded(x: Tensor) -> Tensor:
    """As TensorFlow's SAME for a stride of two."""
    return F.pad(x, (0, 1, 0, 1) if x.shape[-1] % 2 == 0 else (1, 1, 1, 1))

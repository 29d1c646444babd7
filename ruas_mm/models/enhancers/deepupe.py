"""DeepUPE: an illumination from local affine maps of colours, y / S.

Wang et al., Underexposed Photo Enhancement Using Deep Illumination
Estimation, CVPR 2019.

Differs from the paper: S is not rounded to 8 bits; untrained, S starts about
0.5, or nothing would be learnt where it is below y. Its losses are not here.
Weights: github.com/dvlab-research/DeepUPE (TensorFlow), no licence stated for
them; none in a form that is read here are known, so this is for training. The
network of a port, with weights: :class:`DeepUPEPort`.
"""

from typing import Optional

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ruas_mm.models.enhancers.published import PublishedEnhancer

SIDE = 256  # pixels of the picture that the network sees
BINS = 8  # of the guide
KNOTS = 16  # of a curve of the guide
SPLAT = (3, 8, 16, 32, 64)
WIDTH = 64
DEPTH, STRIDED = 12, (0, 6)  # convolutions of the global branch
LOCAL = 6
DARKEST = 1e-3  # of the illumination
GLOBAL = (4 * 4 * WIDTH, 256, 128, WIDTH)


class DeepUPE(PublishedEnhancer):
    """Affine maps in a grid of 16 x 16 places and 8 values of a guide.

    Args:
        init_cfg: See :class:`PretrainedModule`.
    """

    def __init__(self, init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg)
        self.splat = nn.ModuleList(
            nn.Conv2d(before, after, 3, stride=2)
            for before, after in zip(SPLAT, SPLAT[1:])
        )
        self.overall = nn.ModuleList(
            nn.Conv2d(WIDTH, WIDTH, 3, *((2, 0) if i in STRIDED else (1, 1)))
            for i in range(DEPTH)
        )
        self.dense = nn.ModuleList(
            nn.Linear(before, after)
            for before, after in zip(GLOBAL, GLOBAL[1:])
        )
        self.local = nn.ModuleList(
            nn.Conv2d(WIDTH, WIDTH, 3, padding=1, bias=i == 0)
            for i in range(LOCAL)
        )
        self.to_maps = nn.Conv2d(WIDTH, 4 * 3 * BINS, 1)
        nn.init.constant_(self.to_maps.bias.data[-3 * BINS :], 0.5)
        self.colors = nn.Conv2d(3, 3, 1)
        nn.init.dirac_(self.colors.weight)
        nn.init.zeros_(self.colors.bias)
        knots = torch.arange(KNOTS) / KNOTS
        self.knots = nn.Parameter(knots.repeat(3, 1))
        self.slopes = nn.Parameter(torch.eye(KNOTS)[:1].repeat(3, 1))
        self.to_guide = nn.Conv2d(3, 1, 1)
        nn.init.constant_(self.to_guide.weight, 1 / 3)
        nn.init.zeros_(self.to_guide.bias)

    def forward(self, y: Tensor) -> Tensor:
        """See :meth:`Enhancer.forward`."""
        light = torch.maximum(self.illumination(y), y)
        return (y / light.clamp(DARKEST, 1)).clamp(0, 1)

    def illumination(self, y: Tensor) -> Tensor:
        """S, (N, 3, H, W); it may leave [0, 1]."""
        small = F.interpolate(y, (SIDE, SIDE), mode='nearest-exact')
        place = torch.cat([_centres(y), 2 * self.guide(y) - 1], 1)
        affine = F.grid_sample(
            self.maps(small),  # (N, 12, bins, 16, 16)
            place.permute(0, 2, 3, 1)[:, None],  # (N, 1, H, W, 3)
            padding_mode='border',
            align_corners=False,
        )
        affine = affine.squeeze(2).unflatten(1, (4, 3))  # (N, 4, 3, H, W)
        return (affine[:, :3] * y[:, :, None]).sum(1) + affine[:, 3]

    def guide(self, y: Tensor) -> Tensor:
        """In [0, 1], (N, 1, H, W)."""
        x = self.colors(y)
        curves = sum(
            slope[:, None, None] * F.relu(x - knot[:, None, None])
            for slope, knot in zip(self.slopes.T, self.knots.T)
        )
        return self.to_guide(curves).clamp(0, 1)

    def maps(self, small: Tensor) -> Tensor:
        """Affine maps in the grid, (N, 12, 8, 16, 16)."""
        x = small
        for layer in self.splat:
            x = F.relu(layer(_padded(x)))
        overall = x
        for i, layer in enumerate(self.overall):
            strided = i in STRIDED
            overall = F.relu(layer(_padded(overall) if strided else overall))
        overall = overall.permute(0, 2, 3, 1).flatten(1)
        for layer in self.dense[:-1]:
            overall = F.relu(layer(overall))
        overall = self.dense[-1](overall)
        x = F.relu(self.local[0](x))
        for layer in self.local[1:]:
            x = layer(x)
        x = F.relu(x + overall[..., None, None])
        return self.to_maps(x).unflatten(1, (12, BINS))


def _padded(x: Tensor) -> Tensor:
    """As TensorFlow's SAME for a stride of two, even sides."""
    return F.pad(x, (0, 1, 0, 1))


def _centres(x: Tensor) -> Tensor:
    """Centres of pixels, the picture's sides at -1 and 1; (N, 2, H, W)."""
    height, width = x.shape[-2:]
    columns = (torch.arange(width, device=x.device) + 0.5) / width * 2 - 1
    rows = (torch.arange(height, device=x.device) + 0.5) / height * 2 - 1
    size = (len(x), 1, height, width)
    places = [columns.expand(size), rows[:, None].expand(size)]
    return torch.cat(places, 1).to(x.dtype)

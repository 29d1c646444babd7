"""DeepUPE: an illumination from local affine maps of colours, y / S.

Wang et al., Underexposed Photo Enhancement Using Deep Illumination
Estimation, CVPR 2019.

Differs from the paper: this is the shallower network of a public port, whose
weights can be had (the authors' cannot): 8 cells a side for 16, batch norms,
which keep the statistics of the weights while training, as pictures come one
at a time. Its losses are not here.
Weights: github.com/hermosayhl/DeepUPE_pytorch, no licence stated.
"""

from typing import Optional

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ruas_mm.models.enhancers.published import PublishedEnhancer

SIDE = 256  # pixels of the picture that the network sees
BINS = 8  # of the guide
SPLAT = (3, 8, 16, 32, 64, 128)
WIDTH = 64
DARKEST = 1e-4
GLOBAL = (4 * 4 * WIDTH, 256, 128, WIDTH)


class DeepUPEPort(PublishedEnhancer):
    """Affine maps in a grid of 8 x 8 places and 8 values of a guide.

    Args:
        init_cfg: See :class:`PretrainedModule`.
    """

    theirs = {
        'coeffs.splat_features': 'splat',
        'coeffs.global_features_conv.0': 'shrink',
        'coeffs.global_features_fc': 'overall',
        'coeffs.local_features': 'local',
        'coeffs.conv_out.conv': 'to_maps',
        'guide.conv1': 'guide',
        'guide.conv2.conv': 'to_guide',
    }

    def __init__(self, init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg)
        self.splat = nn.ModuleList(
            _Convolution(before, after, 2, has_norm=before != 3)
            for before, after in zip(SPLAT, SPLAT[1:])
        )
        self.shrink = _Convolution(SPLAT[-1], WIDTH, 2)
        self.overall = nn.ModuleList(
            _Linear(before, after) for before, after in zip(GLOBAL, GLOBAL[1:])
        )
        self.local = nn.ModuleList(
            [_Convolution(SPLAT[-1], WIDTH), _Plain(WIDTH)]
        )
        self.to_maps = nn.Conv2d(WIDTH, 3 * 4 * BINS, 1)
        self.guide = _Convolution(3, 16, size=1)
        self.to_guide = nn.Conv2d(16, 1, 1)

    def train(self, mode: bool = True) -> 'DeepUPEPort':
        """As in torch, but that statistics stay."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
                module.eval()
        return self

    def forward(self, y: Tensor) -> Tensor:
        """See :meth:`Enhancer.forward`."""
        bgr = y.flip(1)
        light = self.illumination(bgr)
        return (bgr / (light + DARKEST)).clamp(0, 1).flip(1)

    def illumination(self, bgr: Tensor) -> Tensor:
        """S of BGR in [0, 1], (N, 3, H, W); it may leave [0, 1]."""
        small = F.interpolate(
            bgr, (SIDE, SIDE), mode='bilinear', align_corners=False
        )
        maps = self.maps(small)  # (N, 12, bins, 8, 8)
        value = torch.tanh(self.to_guide(self.guide(bgr)))
        place = torch.cat([_places(bgr), value], 1)  # x, y, value
        place = place.permute(0, 2, 3, 1)[:, None]  # (N, 1, H, W, 3)
        affine = F.grid_sample(
            maps, place, padding_mode='zeros', align_corners=True
        )
        affine = affine.squeeze(2).unflatten(1, (3, 4))  # (N, 3, 4, H, W)
        return (affine[:, :, :3] * bgr[:, None]).sum(2) + affine[:, :, 3]

    def maps(self, small: Tensor) -> Tensor:
        """Affine maps in the grid, (N, 12, 8, 8, 8)."""
        x = small
        for layer in self.splat:
            x = layer(x)
        overall = self.shrink(x).flatten(1)
        for i, layer in enumerate(self.overall):
            overall = layer(overall)
            if i < len(self.overall) - 1:
                overall = F.relu(overall)
        for layer in self.local:
            x = layer(x)
        x = F.relu(x + overall[..., None, None])
        return self.to_maps(x).unflatten(1, (12, BINS))


class _Convolution(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(
        self,
        before: int,
        after: int,
        stride: int = 1,
        size: int = 3,
        has_norm: bool = True,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, size, stride, size // 2)
        if has_norm:
            self.bn = nn.BatchNorm2d(after)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.children():
            x = layer(x)
        return F.relu(x)


class _Plain(nn.Module):
    """A convolution alone."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class _Linear(nn.Module):
    """Linear layer and batch norm."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.fc = nn.Linear(before, after)
        self.bn = nn.BatchNorm1d(after)

    def forward(self, x: Tensor) -> Tensor:
        return self.bn(self.fc(x))


def _places(x: Tensor) -> Tensor:
    """Where pixels are, corners at -1 and 1: x and y, (N, 2, H, W)."""
    height, width = x.shape[-2:]
    columns = torch.linspace(-1, 1, width, device=x.device, dtype=x.dtype)
    rows = torch.linspace(-1, 1, height, device=x.device, dtype=x.dtype)
    size = (len(x), 1, height, width)
    return torch.cat([columns.expand(size), rows[:, None].expand(size)], 1)

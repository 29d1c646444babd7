"""RetinexNet: reflectance times a relit illumination.

Wei et al., Deep Retinex Decomposition for Low-Light Enhancement, BMVC 2018.
https://arxiv.org/abs/1808.04560

Differs from the paper: the reflectance is not denoised (BM3D there), as in
the port that the weights are of; its losses are not here.
Weights: github.com/aasharma90/RetinexNet_PyTorch, no licence stated; two
files, of the decomposing and of the relighting network.
"""

from typing import Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ruas_mm.models.enhancers.published import PublishedEnhancer

WIDTH = 64
DEPTH = 5  # of the decomposing network
LEVELS = 3  # of the relighting one


class RetinexNet(PublishedEnhancer):
    """Decomposes y = R * L, and gives R * I with I relit from R and L.

    Args:
        init_cfg: See :class:`PretrainedModule`.
    """

    theirs = {
        'net1_conv0': 'stem',
        **{f'net1_convs.{2 * i}': f'layers.{i}' for i in range(DEPTH)},
        'net1_recon': 'to_retinex',
        'net2_conv0_1': 'relight_stem',
        **{f'net2_conv1_{i + 1}': f'down.{i}' for i in range(LEVELS)},
        **{f'net2_deconv1_{i + 1}': f'up.{i}' for i in range(LEVELS)},
        'net2_fusion': 'fuse',
        'net2_output': 'to_light',
    }

    def __init__(self, init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg)
        self.stem = _conv(4, WIDTH, 9)
        self.layers = nn.ModuleList(_conv(WIDTH, WIDTH) for _ in range(DEPTH))
        self.to_retinex = _conv(WIDTH, 4)
        self.relight_stem = _conv(4, WIDTH)
        levels = range(LEVELS)
        self.down = nn.ModuleList(_conv(WIDTH, WIDTH, 3, 2) for _ in levels)
        self.up = nn.ModuleList(_conv(2 * WIDTH, WIDTH) for _ in levels)
        self.fuse = nn.Conv2d(
            LEVELS * WIDTH, WIDTH, 1, padding=1, padding_mode='replicate'
        )
        self.to_light = nn.Conv2d(WIDTH, 1, 3)

    def forward(self, y: Tensor) -> Tensor:
        """See :meth:`Enhancer.forward`."""
        reflectance, light = self.retinex(y)
        return (reflectance * self.relit(reflectance, light)).clamp(0, 1)

    def retinex(self, y: Tensor) -> Tuple[Tensor, Tensor]:
        """R, (N, 3, H, W), and L, (N, 1, H, W), in [0, 1]."""
        x = self.stem(torch.cat([y.amax(1, keepdim=True), y], 1))
        for layer in self.layers:
            x = F.relu(layer(x))
        return torch.sigmoid(self.to_retinex(x)).split([3, 1], 1)

    def relit(self, reflectance: Tensor, light: Tensor) -> Tensor:
        """I, (N, 1, H, W); it may leave [0, 1]."""
        x = self.relight_stem(torch.cat([reflectance, light], 1))
        size, partners = x.shape[-2:], []
        for down in self.down:
            partners.append(x)
            x = F.relu(down(x))
        levels = []
        for up, partner in zip(self.up, reversed(partners)):
            x = torch.cat([_enlarged(x, partner.shape[-2:]), partner], 1)
            x = F.relu(up(x))
            levels.append(x)
        levels = torch.cat([_enlarged(x, size) for x in levels], 1)
        return self.to_light(self.fuse(levels))


def _conv(
    before: int, after: int, size: int = 3, stride: int = 1
) -> nn.Conv2d:
    return nn.Conv2d(
        before, after, size, stride, size // 2, padding_mode='replicate'
    )


def _enlarged(x: Tensor, size: Tuple[int, int]) -> Tensor:
    return F.interpolate(x, size, mode='nearest')

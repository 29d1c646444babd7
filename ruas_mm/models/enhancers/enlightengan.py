"""EnlightenGAN: a U-net whose residual is weighted with the darkness.

Jiang et al., EnlightenGAN: Deep Light Enhancement without Paired Supervision,
IEEE TIP 2021. https://arxiv.org/abs/1906.06972

Differs from the paper: wide pictures are not shrunk; its losses and
discriminators are not here.
Weights: github.com/VITA-Group/EnlightenGAN, BSD (a file ``*_net_G_A.pth``).
"""

from typing import Optional

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ruas_mm.models.enhancers.padding import (
    cropped,
    reflected,
    sides_to_multiple,
)
from ruas_mm.models.enhancers.published import PublishedEnhancer

WIDTHS = (32, 64, 128, 256, 512)
MULTIPLE = 16  # of the sides: four times halved
LUMA = (0.299, 0.587, 0.114)


class EnlightenGAN(PublishedEnhancer):
    """y in [-1, 1] and a darkness a: u = y + a * r.

    Args:
        align_corners: Of the enlarging. True: as torch did when the network
            was published; it does the other now, and so do today's runs of
            the authors' code.
        init_cfg: See :class:`PretrainedModule`.
    """

    theirs = {
        **{
            f'{kind}{n}_{i + 1}': f'stages.{n - 1}.{i}.{part}'
            for n in range(1, 2 * len(WIDTHS))
            for i in range(2)
            for kind, part in (('conv', 'conv'), ('bn', 'norm'))
        },
        **{f'deconv{i + 5}': f'enlarge.{i}' for i in range(4)},
        'conv10': 'to_residual',
    }

    def __init__(
        self, align_corners: bool = True, init_cfg: Optional[dict] = None
    ) -> None:
        super().__init__(init_cfg)
        self.align_corners = align_corners
        coarser = WIDTHS[-2::-1]
        inputs = (4, *WIDTHS[:-1], *[2 * w for w in coarser])
        self.stages = nn.ModuleList(
            nn.ModuleList([_Unit(before, after), _Unit(after, after)])
            for before, after in zip(inputs, (*WIDTHS, *coarser))
        )
        del self.stages[-1][-1].norm
        self.enlarge = nn.ModuleList(
            nn.Conv2d(2 * width, width, 3, padding=1) for width in coarser
        )
        self.to_residual = nn.Conv2d(WIDTHS[0], 3, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, std=0.02)
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.weight, 1, 0.02)

    def forward(self, y: Tensor) -> Tensor:
        """See :meth:`Enhancer.forward`."""
        sides = sides_to_multiple(y, MULTIPLE, centred=True)
        v = reflected(y, sides)
        luma = (v * v.new_tensor(LUMA)[:, None, None]).sum(1, keepdim=True)
        u = 2 * v - 1 + self.residual(2 * v - 1, 1 - luma)
        return cropped((u + 1) / 2, sides).clamp(0, 1)

    def residual(self, x: Tensor, darkness: Tensor) -> Tensor:
        """a * r, (N, 3, H, W).

        Args:
            x: RGB in [-1, 1], sides a multiple of 16.
            darkness: a in [0, 1], (N, 1, H, W).
        """
        down, up = self.stages[: len(WIDTHS)], self.stages[len(WIDTHS) :]
        attention, skips = darkness, []
        x = torch.cat([x, darkness], 1)
        for first, second in down[:-1]:
            x = second(first(x))
            skips.append(x * attention)
            x, attention = F.max_pool2d(x, 2), F.max_pool2d(attention, 2)
        first, second = down[-1]
        x = second(first(x) * attention)
        for enlarge, (first, second), skip in zip(
            self.enlarge, up, reversed(skips)
        ):
            x = F.interpolate(
                x,
                skip.shape[-2:],
                mode='bilinear',
                align_corners=self.align_corners,
            )
            x = second(first(torch.cat([enlarge(x), skip], 1)))
        return self.to_residual(x) * darkness


class _Unit(nn.Module):
    """Convolution, leaky ReLU and batch norm, in this order."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, 3, padding=1)
        self.norm = nn.BatchNorm2d(after)

    def forward(self, x: Tensor) -> Tensor:
        x = F.leaky_relu(self.conv(x), 0.2)
        return self.norm(x) if hasattr(self, 'norm') else x

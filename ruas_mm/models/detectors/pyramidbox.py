"""Neck of PyramidBox: low-level feature pyramid and context.

Paper: Sec. 3.2 and 3.3, https://arxiv.org/abs/1803.07737

Differs from the paper: as in the public PyTorch port, upper maps are
multiplied with lower ones, not added; the residual block has the widths 256,
256, 1024; norms come before the context modules.
"""

from typing import Optional, Tuple

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmdet.models.necks.ssd_neck import SSDNeck
from torch import Tensor

from ruas_mm.models.detectors.face_parts import (
    EXTRA_LAYERS,
    LEVEL_CHANNELS,
    level_norms,
    merged_down,
    normed,
)
from ruas_mm.registry import MODELS


@MODELS.register_module()
class PyramidBoxNeck(SSDNeck):
    """mmdet's ``SSDNeck`` with PyramidBox's pyramid and context.

    Maps of fc7 run down over conv5_3, conv4_3 and conv3_3; the three results
    are L2-normed, and all six levels pass a context module of their own.

    Args:
        align_corners: Of the upsampling. False: ours; True: what the public
            port's weights were trained with (torch 0.3).
        init_cfg: As in ``SSDNeck``; None: its Xavier.
    """

    def __init__(
        self, align_corners: bool = False, init_cfg: Optional[dict] = None
    ) -> None:
        given = {} if init_cfg is None else dict(init_cfg=init_cfg)
        super().__init__(**EXTRA_LAYERS, **given)
        self.align_corners = align_corners
        steps = ((1024, 512), (512, 512), (512, 256))
        self.top_down = nn.ModuleList(nn.Conv2d(*step, 1) for step in steps)
        self.lateral = nn.ModuleList(
            nn.Conv2d(channels, channels, 1) for _, channels in steps
        )
        self.norms = level_norms()
        self.context = nn.ModuleList(
            ContextModule(channels) for channels in LEVEL_CHANNELS
        )

    def forward(self, inputs: Tuple[Tensor, ...]) -> Tuple[Tensor, ...]:
        """Six maps of 512 channels, strides 4 to 128.

        Args:
            inputs: Maps of :class:`FaceVGG`.
        """
        maps = list(super().forward(inputs))
        above = maps[3]
        for level, top_down, lateral in zip(
            (2, 1, 0), self.top_down, self.lateral
        ):
            maps[level] = above = merged_down(
                top_down(above), lateral(maps[level]), self.align_corners
            )
        maps = normed(maps, self.norms)
        return tuple(context(x) for context, x in zip(self.context, maps))


class ContextModule(nn.Module):
    """Context-sensitive prediction module, C to 512 channels.

    A residual block widens the map to 1024 channels; three branches of one,
    two and three 3x3 convolutions then see more and more around a place.

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.skip = _conv_norm(channels, 1024, 1)
        self.main = nn.Sequential(
            _conv_norm(channels, 256, 1),
            nn.ReLU(inplace=True),
            _conv_norm(256, 256, 3),
            nn.ReLU(inplace=True),
            _conv_norm(256, 1024, 1),
        )
        self.near = nn.Conv2d(1024, 256, 3, padding=1)
        self.narrow = nn.Conv2d(1024, 128, 3, padding=1)
        self.wide = nn.Conv2d(128, 128, 3, padding=1)
        self.wider = nn.Sequential(
            nn.Conv2d(128, 128, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(128, 128, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:  # (N, C, H, W)
        x = F.relu(self.main(x) + self.skip(x))
        narrow = F.relu(self.narrow(x))
        parts = (self.near(x), self.wide(narrow), self.wider(narrow))
        return F.relu(torch.cat(parts, 1))  # (N, 512, H, W)


def _conv_norm(inputs: int, outputs: int, kernel_size: int) -> nn.Sequential:
    """Convolution, with the bias that the public weights have, and BN."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel_size, padding=kernel_size // 2),
        nn.BatchNorm2d(outputs),
    )

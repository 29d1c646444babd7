"""Neck of DSFD: two shots, the second on enhanced features.

Paper: Sec. 3.2, https://arxiv.org/abs/1810.10220

Differs from the paper: nothing that its text tells of the VGG-16 form; widths
and dilations are those of the public PyTorch port, whose second shot sees the
maps of the first through a pyramid over all six levels.
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
class DualShotNeck(SSDNeck):
    """mmdet's ``SSDNeck`` with DSFD's feature enhancement.

    Args:
        align_corners: See :class:`PyramidBoxNeck`. True for the weights of
            the public port, False for HLA-Face's and our own training.
        init_cfg: As in ``SSDNeck``; None: its Xavier.
    """

    def __init__(
        self, align_corners: bool = False, init_cfg: Optional[dict] = None
    ) -> None:
        given = {} if init_cfg is None else dict(init_cfg=init_cfg)
        super().__init__(**EXTRA_LAYERS, **given)
        self.align_corners = align_corners
        downwards = LEVEL_CHANNELS[::-1]
        self.top_down = nn.ModuleList(
            nn.Conv2d(above, channels, 1)
            for above, channels in zip((256, *downwards), downwards)
        )
        self.lateral = nn.ModuleList(
            nn.Conv2d(channels, channels, 1) for channels in downwards[1:]
        )
        self.enhancement = nn.ModuleList(
            FeatureEnhancement(channels) for channels in LEVEL_CHANNELS
        )
        self.norms = level_norms()
        self.enhanced_norms = level_norms()

    def forward(self, inputs: Tuple[Tensor, ...]) -> Tuple[Tensor, ...]:
        """Six maps of the first shot, then six of the second.

        Args:
            inputs: Maps of :class:`FaceVGG`.
        """
        maps = super().forward(inputs)
        above = F.relu(self.top_down[0](maps[5]))
        merged = [above]
        for level, top_down, lateral in zip(
            (4, 3, 2, 1, 0), self.top_down[1:], self.lateral
        ):
            above = merged_down(
                top_down(above), lateral(maps[level]), self.align_corners
            )
            merged.insert(0, above)
        enhanced = [fem(x) for fem, x in zip(self.enhancement, merged)]
        return (
            *normed(maps, self.norms),
            *normed(enhanced, self.enhanced_norms),
        )


class FeatureEnhancement(nn.Module):
    """Feature enhance module; keeps the channels.

    Branches of one, two and three 3x3 convolutions of dilation 3, a third of
    the channels each; the last has what is left over.

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        third = channels // 3
        self.branches = nn.ModuleList(
            _dilated(channels, width, depth)
            for depth, width in enumerate(
                (third, third, channels - 2 * third), 1
            )
        )

    def forward(self, x: Tensor) -> Tensor:  # (N, C, H, W)
        parts = [branch(x) for branch in self.branches]
        return F.relu(torch.cat(parts, 1))  # (N, C, H, W)


def _dilated(channels: int, width: int, depth: int) -> nn.Sequential:
    """``depth`` convolutions of one width, ReLU between them."""
    layers = []
    for inputs in (channels, *[width] * (depth - 1)):
        layers += [
            nn.Conv2d(inputs, width, 3, padding=3, dilation=3),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers[:-1])

"""Zero-DCE++: one curve map for all steps, estimated on a small picture.

Li et al., Learning to Enhance Low-Light Image via Zero-Reference Deep Curve
Estimation, TPAMI 2021. https://arxiv.org/abs/2103.00860

Differs from the paper: sizes that the scale does not divide are not cropped
but shrunk to the next whole number of pixels. Its losses:
:class:`ZeroReferenceLoss`, with scale=1 and smoothness=1600.
Weights: github.com/Li-Chongyi/Zero-DCE_extension, CC BY-NC 4.0.
"""

from typing import Optional

import torch.nn.functional as F
from torch import Tensor, nn

from ruas_mm.arguments import check_whole_number
from ruas_mm.models.enhancers.published import PublishedEnhancer
from ruas_mm.models.enhancers.zero_dce import (
    INPUTS,
    NUM_STEPS,
    WIDTH,
    brightened,
    curve_maps,
)


class ZeroDCEPlusPlus(PublishedEnhancer):
    """Zero-DCE of separable convolutions, on a shrunk picture.

    Args:
        scale: How many times smaller the picture is that the network sees.
            12: the authors' test (1: their training).
        init_cfg: See :class:`PretrainedModule`.

    Raises:
        ValueError: ``scale`` is no whole number from 1 on.
    """

    theirs = {
        f'e_conv{i + 1}.{name}_conv': f'layers.{i}.{j}'
        for i in range(len(INPUTS))
        for j, name in enumerate(('depth', 'point'))
    }

    def __init__(
        self, scale: int = 12, init_cfg: Optional[dict] = None
    ) -> None:
        super().__init__(init_cfg)
        check_whole_number('scale', scale, 1)
        self.scale = scale
        self.radius = len(INPUTS) if scale == 1 else None
        outputs = (*[WIDTH] * (len(INPUTS) - 1), 3)
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(before, before, 3, padding=1, groups=before),
                nn.Conv2d(before, after, 1),
            )
            for before, after in zip(INPUTS, outputs)
        )

    def forward(self, y: Tensor) -> Tensor:
        """See :meth:`Enhancer.forward`."""
        return self.applied(y, self.curves(y))

    def curves(self, y: Tensor) -> Tensor:
        """The one map, in [-1, 1], as ``y``."""
        size = y.shape[-2:]
        small = [(side + self.scale - 1) // self.scale for side in size]
        seen = F.interpolate(y, small, mode='bilinear', align_corners=False)
        curve = curve_maps(self.layers, seen)  # (N, 3, h, w)
        return F.interpolate(curve, size, mode='bilinear', align_corners=True)

    def applied(self, y: Tensor, curves: Tensor) -> Tensor:
        """The result with the map of :meth:`curves`."""
        return brightened(y, [curves] * NUM_STEPS)

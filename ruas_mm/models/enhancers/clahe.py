"""CLAHE: the histogram of the luma, equalised in tiles, with a limit.

Zuiderveld, Contrast Limited Adaptive Histogram Equalization, Graphics Gems
IV, 1994; as OpenCV has it.
"""

from typing import Optional

import cv2
import numpy as np
import torch
from torch import Tensor

from ruas_mm.arguments import check_at_least, check_whole_number
from ruas_mm.models.enhancers.base import Enhancer


class CLAHE(Enhancer):
    """On the luma of Lab, in 8 bits as OpenCV's is; no gradient passes.

    Args:
        clip_limit: How much steeper than the identity the curve may be. 2:
            usual for photographs.
        num_tiles: A side. 8: OpenCV's default.
        init_cfg: See :class:`PretrainedModule`.

    Raises:
        ValueError: An argument is out of range.
    """

    def __init__(
        self,
        clip_limit: float = 2.0,
        num_tiles: int = 8,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg)
        check_at_least('clip_limit', clip_limit, 1)
        check_whole_number('num_tiles', num_tiles, 1)
        self.clip_limit, self.num_tiles = clip_limit, num_tiles

    def forward(self, y: Tensor) -> Tensor:
        """See :meth:`Enhancer.forward`, but that it is a step function."""
        if torch.jit.is_tracing():
            raise RuntimeError('OpenCV computes it, not torch')
        levels = (y.detach().clamp(0, 1) * 255).round().byte()
        pictures = levels.permute(0, 2, 3, 1).contiguous().cpu().numpy()
        equalised = np.stack([self._equalised(rgb) for rgb in pictures])
        u = torch.from_numpy(equalised).permute(0, 3, 1, 2)
        return u.to(y) / 255

    def _equalised(self, rgb: np.ndarray) -> np.ndarray:
        """8 bits to 8 bits, (H, W, 3)."""
        lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)
        # made anew: it cannot be pickled
        equaliser = cv2.createCLAHE(self.clip_limit, (self.num_tiles,) * 2)
        lab[..., 0] = equaliser.apply(lab[..., 0])
        return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)

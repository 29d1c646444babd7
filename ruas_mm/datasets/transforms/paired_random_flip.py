"""Mirror and turn a picture and its reference alike."""

from typing import Tuple

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from ruas_mm.arguments import check_interval
from ruas_mm.registry import TRANSFORMS

from .load_image_pair import PICTURES


@TRANSFORMS.register_module()
class PairedRandomFlip(BaseTransform):
    """Random flips, the same in a picture and what it is compared with.

    All three together give the eight orientations of a square.

    Required keys: ``img``, optional ``gt`` and ``clean``, all (H, W, 3).
    Modified keys: these and ``img_shape``.

    Args:
        horizontal: Probability of a swap of left and right. .5: each way
            equally often.
        vertical: Probability of a swap of top and bottom.
        transpose: Probability of a swap of rows and columns; 0 keeps height
            and width.

    Raises:
        ValueError: A probability outside [0, 1].
    """

    def __init__(
        self,
        horizontal: float = 0.5,
        vertical: float = 0.5,
        transpose: float = 0.5,
    ) -> None:
        self.probabilities = dict(
            horizontal=horizontal, vertical=vertical, transpose=transpose
        )
        for name, probability in self.probabilities.items():
            check_interval(name, probability, 0, 1)

    @cache_randomness
    def choose_flips(self) -> Tuple[bool, bool, bool]:
        """Whether to flip horizontally, vertically, and to transpose."""
        return tuple(np.random.rand(3) < [*self.probabilities.values()])

    def transform(self, results: dict) -> dict:
        """Flip."""
        horizontal, vertical, transpose = self.choose_flips()
        for key in PICTURES:
            if key in results:
                picture = results[key]
                picture = picture[:, ::-1] if horizontal else picture
                picture = picture[::-1] if vertical else picture
                picture = picture.swapaxes(0, 1) if transpose else picture
                results[key] = picture
        results['img_shape'] = results['img'].shape[:2]
        return results

"""Cut the same random window out of a picture and its reference."""

from typing import Tuple, Union

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from ruas_mm.registry import TRANSFORMS

from .load_image_pair import PICTURES


@TRANSFORMS.register_module()
class PairedRandomCrop(BaseTransform):
    """Random window, the same in a picture and what it is compared with.

    A smaller picture is first mirrored at its right and lower edge until the
    window fits.

    Required keys: ``img``, optional ``gt`` and ``clean``, all (H, W, 3).
    Modified keys: these and ``img_shape``.

    Args:
        size: Side of the window in pixels, or height and width.

    Raises:
        ValueError: A side that is not positive.
    """

    def __init__(self, size: Union[int, Tuple[int, int]]) -> None:
        sides = (size, size) if isinstance(size, int) else tuple(size)
        if len(sides) != 2 or min(sides) < 1:
            raise ValueError(
                f'size={size}, allowed: a positive number of pixels or '
                '(height, width)'
            )
        self.size = sides

    @cache_randomness
    def choose_corner(self, height: int, width: int) -> Tuple[int, int]:
        """Top and left of a window inside a picture of that size."""
        return (
            np.random.randint(height - self.size[0] + 1),
            np.random.randint(width - self.size[1] + 1),
        )

    def transform(self, results: dict) -> dict:
        """Crop."""
        height, width = (
            max(side, wanted)
            for side, wanted in zip(results['img'].shape, self.size)
        )
        top, left = self.choose_corner(height, width)
        for key in PICTURES:
            if key in results:
                picture = _extend(results[key], height, width)
                results[key] = picture[
                    top : top + self.size[0], left : left + self.size[1]
                ]
        results['img_shape'] = self.size
        return results


def _extend(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    lower, right = height - picture.shape[0], width - picture.shape[1]
    if not lower and not right:
        return picture
    return np.pad(picture, ((0, lower), (0, right), (0, 0)), mode='reflect')

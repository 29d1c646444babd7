"""Read a low-light picture and, if there is one, its reference."""

from typing import Tuple

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from ruas_mm.datasets.image_files import check_end_marker, decode_image
from ruas_mm.registry import TRANSFORMS

PICTURES = ('img', 'gt', 'clean')
"""Keys of what shows the same scene, pixel by pixel."""


@TRANSFORMS.register_module()
class LoadImagePair(BaseTransform):
    """Read ``img_path`` and, if the sample has one, ``gt_path``.

    Grey becomes three equal channels, alpha is dropped, EXIF orientation is
    applied, 8 and 16 bits are kept.

    Required keys: ``img_path``, optional ``gt_path``. Added keys: ``img``,
    (H, W, 3), BGR, uint8 or uint16; ``gt``, likewise, if there was a
    ``gt_path``; ``ori_shape`` and ``img_shape``, (H, W).

    Raises:
        ValueError: A file is missing, truncated or no picture of 8 or 16
            bits; the two differ in size.
    """

    def transform(self, results: dict) -> dict:
        """Load."""
        image = read_bgr(results['img_path'])
        results['img'] = image
        results['ori_shape'] = results['img_shape'] = image.shape[:2]
        if 'gt_path' in results:
            truth = read_bgr(results['gt_path'])
            if truth.shape != image.shape:
                raise ValueError(
                    f'{results["img_path"]} is {_size(image.shape)} and its '
                    f'reference {results["gt_path"]} is '
                    f'{_size(truth.shape)}, allowed: equal sizes'
                )
            results['gt'] = truth
        return results


def read_bgr(path: str) -> np.ndarray:
    """Read one picture, (H, W, 3), BGR, uint8 or uint16.

    Raises:
        ValueError: See :class:`LoadImagePair`.
    """
    try:
        check_end_marker(path)  # OpenCV finds out what else is truncated
        image = decode_image(path, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    except OSError as error:
        raise ValueError(f'{path}: cannot be read ({error})') from None
    if image.dtype not in (np.uint8, np.uint16):
        raise ValueError(
            f'{path} has {image.dtype} pixels, allowed: 8 or 16 bits'
        )
    return image


def _size(shape: Tuple[int, ...]) -> str:
    return f'{shape[1]}x{shape[0]}'

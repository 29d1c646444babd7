"""What the preprocessor attached to a data sample, as a picture."""

from typing import Optional, Tuple

import numpy as np
from mmengine.structures import BaseDataElement

from .scene_panels import fit_picture, resize_picture

FLIPS = dict(horizontal=(1,), vertical=(0,), diagonal=(0, 1))


def scene_picture(
    sample: BaseDataElement, name: str, size: Optional[Tuple[int, int]] = None
) -> np.ndarray:
    """A picture of ``sample.scene``, as the image file has it.

    What the pipeline padded is cut off, and its flip undone (as hosts undo it
    for what they predict with test-time augmentation; they flip before they
    pad). A crop cannot be undone: it keeps its proportions between black
    margins, see :func:`shows_crop`.

    Args:
        sample: With a field ``scene``, of a list the first is taken.
        name: ``'low_light'``, ``'enhanced'`` or ``'illumination'``.
        size: Height and width to resize to, of the image file; None: as the
            network saw it, with padding.

    Returns:
        RGB in [0, 1], float32 (H, W, 3).

    Raises:
        ValueError: The data sample has no field ``scene``.
    """
    picture = getattr(_scene(sample), name).detach().float().cpu()
    picture = picture.permute(1, 2, 0).numpy()
    if size is None:
        return picture
    crop = shows_crop(sample)
    picture = _without_flip(_without_padding(picture, sample), sample)
    return (fit_picture if crop else resize_picture)(picture, *size)


def shows_crop(sample: BaseDataElement) -> bool:
    """Whether the network saw but a part of the image file.

    Known where the pipeline tells ``ori_shape``: the picture is smaller than
    that after resizing.
    """
    if _is_whole(sample) or sample.get('border') is not None:
        return False
    sides = zip(_scene(sample).shape, _resized(sample))
    return any(side < whole - 1 for side, whole in sides)


def _scene(sample: BaseDataElement):
    if 'scene' not in sample:
        raise ValueError(
            'a data sample has no field scene; allowed: attach_scene=True of '
            'ruas_mm.SceneDataPreprocessor, and a model that returns the '
            'data samples which it was given'
        )
    return sample.scene[0] if isinstance(sample.scene, list) else sample.scene


def _without_padding(
    picture: np.ndarray, sample: BaseDataElement
) -> np.ndarray:
    """Pipelines tell it by ``border``, ``pad_param`` or ``scale_factor``."""
    if sample.get('border') is not None:  # mmdet's CenterNet
        top, bottom, left, right = (int(b) for b in sample.border)
        return picture[top:bottom, left:right]
    if _is_whole(sample):
        return picture
    height, width = _resized(sample)
    top = left = 0  # hosts pad at the right and below
    if sample.get('pad_param') is not None:  # mmyolo's letter box
        top, _, left, _ = (round(float(side)) for side in sample.pad_param)
    return picture[top : top + height, left : left + width]


def _is_whole(sample: BaseDataElement) -> bool:
    """Whether nothing tells of padding or a crop.

    Without a scale, a picture of the file's own proportions was resized,
    another one padded or cropped at its own size.
    """
    if sample.get('ori_shape') is None:
        return True
    return sample.get('scale_factor') is None and _same_proportions(
        _scene(sample).shape, sample.ori_shape
    )


def _resized(sample: BaseDataElement) -> Tuple[int, int]:
    """Height and width of the file after the pipeline has resized it."""
    factor = sample.get('scale_factor')
    width, height = (1, 1) if factor is None else factor[:2]
    return tuple(
        round(side * scale)
        for side, scale in zip(sample.ori_shape, (height, width))
    )


def _same_proportions(shape: tuple, other: tuple) -> bool:
    """To a pixel, which rounding leaves open."""
    height, width = shape[:2]
    return abs(height * other[1] / other[0] - width) <= 1


def _without_flip(picture: np.ndarray, sample: BaseDataElement) -> np.ndarray:
    if not sample.get('flip'):
        return picture
    return np.flip(picture, FLIPS[sample.flip_direction])

"""What the preprocessor attached to a data sample, as a picture."""

from typing import Optional, Tuple

import numpy as np
from mmengine.structures import BaseDataElement

from .scene_panels import resize_picture


def scene_picture(
    sample: BaseDataElement, name: str, size: Optional[Tuple[int, int]] = None
) -> np.ndarray:
    """A picture of ``sample.scene``, without what the pipeline padded.

    Args:
        sample: With a field ``scene``, of a list the first is taken.
        name: ``'low_light'``, ``'enhanced'`` or ``'illumination'``.
        size: Height and width to resize to, of the image file; None: as the
            network saw it, with padding.

    Returns:
        RGB in [0, 1], float32 (H, W, 3).
    """
    scene = sample.scene[0] if isinstance(sample.scene, list) else sample.scene
    picture = getattr(scene, name).detach().float().cpu()
    picture = picture.permute(1, 2, 0).numpy()
    if size is None:
        return picture
    return resize_picture(_without_padding(picture, sample), *size)


def _without_padding(
    picture: np.ndarray, sample: BaseDataElement
) -> np.ndarray:
    """Pipelines tell it by ``border``, or by ``scale_factor`` (w, h)."""
    if sample.get('border') is not None:  # mmdet's CenterNet
        top, bottom, left, right = (int(b) for b in sample.border)
        return picture[top:bottom, left:right]
    if sample.get('scale_factor') is None or sample.get('ori_shape') is None:
        return picture
    height, width = (
        round(side * scale)
        for side, scale in zip(sample.ori_shape, sample.scale_factor[::-1])
    )
    return picture[:height, :width]

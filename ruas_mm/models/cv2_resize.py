"""OpenCV's bilinear resizing of 8 bits as tensor operations, level by level.

A front lights rounding up with the picture: what is resized only nearly as
the loaders do it is detected otherwise.

Source: https://github.com/opencv/opencv, modules/imgproc/src/resize.cpp.
"""

from typing import Tuple, Union

import torch
from torch import Tensor

WEIGHT = 2**11
"""Of a whole pixel: OpenCV computes in whole numbers."""


def resize_levels(x: Tensor, size: Tensor, shown: Tuple[int, int]) -> Tensor:
    """``cv2.resize`` of 8 bits, ``INTER_LINEAR``; to be traced at any size.

    Args:
        x: Whole numbers in [0, 255], (N, C, H, W).
        size: Height and width wanted, (2, ), float64.
        shown: How many rows and columns to give, from the upper left. Where
            they reach beyond ``size``, what stands there means nothing.

    Returns:
        Whole numbers, as float32, (N, C, *shown).
    """
    left, right, first, second = _taps(x.shape[-1], size[1:], shown[1], True)
    x = x.double()  # exact, and known to every runtime
    x = x[..., left] * first + x[..., right] * second
    above, below, first, second = _taps(x.shape[-2], size[:1], shown[0], False)
    x = (x / 2**4).floor()
    upper = x[..., above, :] * first[:, None]
    lower = x[..., below, :] * second[:, None]
    x = (upper / 2**16).floor() + (lower / 2**16).floor()
    return ((x + 2) / 2**2).floor().float()


def _taps(
    old: Union[int, Tensor], new: Tensor, shown: int, across: bool
) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
    """Both neighbours of each new pixel, and their weights."""
    old = new.new_ones(1) * old  # ONNX rounds what has no dimension to float32
    place = (torch.arange(shown).double() + 0.5) * (old / new) - 0.5
    place = place.float()
    index = place.floor()
    share = place - index
    last = old.float() - 1
    if across:  # within rows the border's pixel has all of the weight
        inside = (index >= 0) & (index < last)
        share = torch.where(inside, share, torch.zeros_like(share))
        index = index.clamp(min=0)
    weights = ((WEIGHT * part).round().double() for part in (1 - share, share))
    pair = (
        torch.minimum(each.clamp(min=0), last).long()
        for each in (index, index + 1)
    )
    return (*pair, *weights)

"""Sizes that a network with strides can take, and back."""

from typing import Tuple

import torch.nn.functional as F
from torch import Tensor

Sides = Tuple[int, int, int, int]


def sides_to_multiple(
    x: Tensor, multiple: int, centred: bool = False
) -> Sides:
    """How much to pad, as ``F.pad`` wants it: left, right, top, bottom.

    Args:
        x: (N, C, H, W).
        multiple: Of what the sides become.
        centred: Half of it before; else all right and below.
    """
    height, width = x.shape[-2:]
    down, across = -height % multiple, -width % multiple
    top, left = (down // 2, across // 2) if centred else (0, 0)
    return left, across - left, top, down - top


def reflected(x: Tensor, sides: Sides) -> Tensor:
    """Padded by reflection; where there is too little, with the edge."""
    for axis, part in ((-1, (*sides[:2], 0, 0)), (-2, (0, 0, *sides[2:]))):
        mode = 'reflect' if max(part) < x.shape[axis] else 'replicate'
        x = F.pad(x, part, mode)
    return x


def extended(x: Tensor, sides: Sides) -> Tensor:
    """Padded with the edge."""
    return F.pad(x, sides, 'replicate')


def cropped(x: Tensor, sides: Sides) -> Tensor:
    """What padding has added is taken off."""
    left, right, top, bottom = sides
    height, width = x.shape[-2:]
    return x[..., top : height - bottom, left : width - right]

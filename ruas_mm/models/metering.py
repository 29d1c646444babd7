"""Where a picture is looked at to judge its exposure: not at padding.

Beyond the paper.
"""

from typing import Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from .low_resolution import shrunk

UNEQUAL = 1.5 / 255  # compression leaves padding uneven by one grey level
TINY = 1e-6


def content_mask(y: Tensor, step: int = 1) -> Tensor:
    """For each pixel 1, or 0 in a border of one colour (padding).

    The line next to such a border counts as border, too: shrinking or
    compression may have mixed both.

    Args:
        y: RGB in [0, 1], (N, 3, H, W).
        step: Each ``step``-th pixel of a row or column tells what it is.

    Returns:
        (N, 1, H, W); all 1 in a picture of one colour.
    """
    content = _inside(y[..., ::step], 2)
    content = content * _inside(y[:, :, ::step], 3)
    is_blank = content.amax((2, 3), keepdim=True) == 0
    return torch.where(is_blank, torch.ones_like(content), content)


def _inside(y: Tensor, axis: int) -> Tensor:
    """1 for rows (axis 2) or columns (3) of content, (N, 1, H or 1, ...)."""
    reached = []
    for corner in (y[..., :1, :1], y[..., -1:, -1:]):
        difference = (y - corner).abs().amax((1, 5 - axis), keepdim=True)
        reached.append((difference > UNEQUAL).to(y.dtype))
    head, tail = reached
    head = head.cumsum(axis)
    tail = tail.flip(axis).cumsum(axis).flip(axis)
    border = 1 - head.clamp(max=1) * tail.clamp(max=1)
    size = (3, 1) if axis == 2 else (1, 3)
    padding = tuple(side // 2 for side in size)
    return 1 - F.max_pool2d(border, size, stride=1, padding=padding)


def block_means(
    x: Tensor, content: Tensor, block: int
) -> Tuple[Tensor, Tensor]:
    """Means over the content of blocks of pixels, and their weights.

    Args:
        x: (N, C, H, W).
        content: Of :func:`content_mask`, (N, 1, H, W).
        block: Side of a block, in pixels.

    Returns:
        Means, (N, C, h, w) with h = H / block, rounded up, and the part of
        each block that is content, (N, 1, h, w).
    """
    height, width = x.shape[-2:]
    sides = (0, -width % block, 0, -height % block)
    parts = shrunk(F.pad(content, sides), block)
    means = shrunk(F.pad(x * content, sides), block)
    return means / parts.clamp(min=TINY), parts


def towards_centre(parts: Tensor) -> Tensor:
    """Gaussian about the content's centre, sigma a quarter of its sides.

    Args:
        parts: Of :func:`block_means`, (N, 1, h, w).
    """
    weight = 1.0
    for axis in (2, 3):
        inside = parts.amax(5 - axis, keepdim=True)
        length = inside.sum(axis, keepdim=True)
        place = (inside.cumsum(axis) - inside / 2) / length - 0.5
        weight = weight * torch.exp(-8 * place * place)
    return weight


def normalised(weight: Tensor) -> Tensor:
    """Of sum 1 in each picture."""
    return weight / weight.sum((2, 3), keepdim=True)


def weighted_mean(x: Tensor, weight: Tensor) -> Tensor:
    """(N, 1, 1, 1), over the channels, too; ``weight`` sums to 1."""
    return (x.mean(1, keepdim=True) * weight).sum((2, 3), keepdim=True)

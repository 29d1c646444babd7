"""Where a picture is looked at to judge its exposure: not at padding.

Beyond the paper.
"""

import torch
from torch import Tensor

from .low_resolution import filled_up

UNEQUAL = 1.5 / 255  # compression leaves padding uneven by one grey level


def content_mask(y: Tensor, block: int) -> Tensor:
    """For each block of pixels 1, or 0 in a border of one colour (padding).

    Looks at the middle row and column of each block.

    Args:
        y: RGB in [0, 1], (N, 3, H, W).
        block: Its side, in pixels.

    Returns:
        (N, 1, h, w) with h = H / block, rounded up; all 1 in a picture of
        one colour.
    """
    y = filled_up(y, block)
    content = 1.0
    for axis in (2, 3):
        lines = y[:, :, block // 2 :: block]
        if axis == 3:
            lines = y[..., block // 2 :: block]
        inside = []
        for corner in (y[..., :1, :1], y[..., -1:, -1:]):
            differs = (lines - corner).abs().amax((1, 5 - axis), keepdim=True)
            inside.append((differs > UNEQUAL).to(y.dtype))
        head, tail = inside
        head = head.cumsum(axis)
        tail = tail.flip(axis).cumsum(axis).flip(axis)
        content = content * head.clamp(max=1) * tail.clamp(max=1)
    is_blank = content.amax((2, 3), keepdim=True) == 0
    return torch.where(is_blank, torch.ones_like(content), content)


def towards_centre(content: Tensor) -> Tensor:
    """Gaussian about the content's centre, sigma a quarter of its sides."""
    weight = 1.0
    for axis in (2, 3):
        inside = content.amax(5 - axis, keepdim=True)
        length = inside.sum(axis, keepdim=True)
        place = (inside.cumsum(axis) - 0.5) / length - 0.5
        weight = weight * torch.exp(-8 * place * place)
    return weight


def normalised(weight: Tensor) -> Tensor:
    """Of sum 1 in each picture."""
    return weight / weight.sum((2, 3), keepdim=True)


def weighted_mean(x: Tensor, weight: Tensor) -> Tensor:
    """(N, 1, 1, 1), over the channels, too; ``weight`` sums to 1."""
    return (x.mean(1, keepdim=True) * weight).sum((2, 3), keepdim=True)

"""Illumination at a lower resolution, raised again along the picture's edges.

Beyond the paper. Light changes slowly, edges do not: the cells see the picture
shrunk by area, and what they find is raised by a guided filter
(https://doi.org/10.1109/TPAMI.2012.213; in its fast form the linear
coefficients are raised, https://arxiv.org/abs/1505.00996).
"""

from typing import Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from . import cpu_resampling

RADIUS = 4  # of the filter's windows, in pixels of the shrunk picture
EPSILON = 1e-3  # below this variance a window counts as flat


def shrunk(x: Tensor, factor: int) -> Tensor:
    """Means of ``factor`` x ``factor`` pixels, the border repeated.

    Args:
        x: (N, C, H, W).
        factor: At least 1.

    Returns:
        (N, C, h, w) with h = H / factor, rounded up.
    """
    if factor == 1:
        return x
    x = filled_up(x, factor)
    if cpu_resampling.fits(x):
        return cpu_resampling.area_means(x, factor)
    return F.avg_pool2d(x, factor)


def filled_up(x: Tensor, factor: int) -> Tensor:
    """Border repeated to the right and below, to multiples of ``factor``."""
    height, width = x.shape[-2:]
    sides = (0, -width % factor, 0, -height % factor)
    if not torch.jit.is_tracing() and not any(sides):
        return x
    return F.pad(x, sides, mode='replicate')


def guide_coefficients(guide: Tensor, t: Tensor) -> Tuple[Tensor, Tensor]:
    """a and b of ``t = a * guide + b`` around each pixel.

    Args:
        guide: Grey picture, (N, 1, H, W).
        t: What is to follow its edges, the same shape.

    Returns:
        Two maps of that shape.
    """
    mean, mean_t = _box(guide), _box(t)
    covariance = _box(guide * t) - mean * mean_t
    variance = _box(guide * guide) - mean * mean
    a = covariance / (variance + EPSILON)
    return _box(a), _box(mean_t - a * mean)


def enlarge(x: Tensor, factor: int, like: Tensor) -> Tensor:
    """Raise a map of :func:`shrunk`'s size, bilinearly.

    Args:
        x: (N, C, h, w).
        factor: Of the shrinking.
        like: Of the size before, (N, ..., H, W).
    """
    height, width = like.shape[-2:]
    if cpu_resampling.fits(x):
        x = cpu_resampling.bilinear(x, factor)
    else:
        x = F.interpolate(
            x, scale_factor=factor, mode='bilinear', align_corners=False
        )
    return x[..., :height, :width]


def reach_of_raised(radius: int, factor: int) -> int:
    """How far away a pixel can change t of :class:`Raised`, in pixels.

    Args:
        radius: The same of t as the cells make it, in pixels that they see.
        factor: Of the shrinking.
    """
    if factor == 1:
        return radius
    # two boxes, the means, and a pixel of the bilinear raising
    return factor * (radius + 2 * RADIUS + 2)


class Raised:
    """An illumination at the size of the picture, by rows or whole.

    Args:
        y: RGB, (N, 3, H, W).
        seen: The same shrunk by area.
        t: Illumination of ``seen``, (N, 1 or 3, h, w).
        factor: Of the shrinking; 1: ``t`` is at full size.
        limits: Lowest and highest t.

    Attributes:
        seen: t as it follows the edges of the shrunk picture.
    """

    def __init__(
        self,
        y: Tensor,
        seen: Tensor,
        t: Tensor,
        factor: int,
        limits: Tuple[float, float],
    ) -> None:
        self.y, self.limits = y, limits
        self.seen, self.coefficients = t, None
        if factor > 1:
            guide = seen.mean(1, keepdim=True)
            a, b = guide_coefficients(guide, t)
            self.seen = (a * guide + b).clamp(*limits)
            self.coefficients = enlarge(a, factor, y), enlarge(b, factor, y)

    def rows(self, rows: slice) -> Tensor:
        """t of some rows of the picture, (N, 1 or 3, rows, W)."""
        if self.coefficients is None:
            return self.seen[..., rows, :]
        a, b = self.coefficients
        guide = self.y[..., rows, :].mean(1, keepdim=True)
        return (a[..., rows, :] * guide + b[..., rows, :]).clamp(*self.limits)

    def whole(self) -> Tensor:
        """t of the picture, (N, 1 or 3, H, W)."""
        return self.rows(slice(None))


def _box(x: Tensor) -> Tensor:
    side = 2 * RADIUS + 1
    if cpu_resampling.fits(x):
        return cpu_resampling.box_means(x, side)
    # columns, then rows: 18 sums in the place of 81
    x = F.pad(x, (RADIUS, RADIUS, 0, 0), mode='replicate')
    x = F.avg_pool2d(x, (1, side), 1)
    x = F.pad(x, (0, 0, RADIUS, RADIUS), mode='replicate')
    return F.avg_pool2d(x, (side, 1), 1)

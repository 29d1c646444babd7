"""How strongly a picture must be enhanced to be well exposed.

Beyond the paper. A scene module sees a few pixels around each pixel, so it
cannot know how dark a picture is as a whole; its illumination map t says
where light is missing, not how much. Here the exponent s of ``u = y / t**s``
is solved for each picture, so that the mean of u meets a target.
"""

import torch
from torch import Tensor

GRID = 4  # every 4th pixel of every 4th row: a 16th of the work
MAX_STRENGTH = 4.0
BISECTIONS = 12  # to 1e-3; the last, differentiable step squares the error


def automatic_strength(y: Tensor, t: Tensor, exposure: float) -> Tensor:
    """Solve ``mean(min(y / t**s, 1)) = exposure`` for s.

    The mean grows with s, since t <= 1: a bisection finds s, and one Newton
    step makes it exact and differentiable in y and t (implicit function
    theorem). The mean is taken on a grid of pixels. No step depends on a
    value, so the function can be exported.

    Args:
        y: RGB in [0, 1], (N, 3, H, W).
        t: Illumination in (0, 1], same shape.
        exposure: The mean to meet, in (0, 1).

    Returns:
        s, (N, 1, 1, 1), in [0, 4]: 0 where y is bright enough already, 4
        where even that leaves the picture darker than ``exposure``.
    """
    y, log_t = y[..., ::GRID, ::GRID], t[..., ::GRID, ::GRID].log()

    def relit(s: Tensor) -> Tensor:
        return y * torch.exp(-s * log_t)

    with torch.no_grad():
        low = torch.zeros_like(y[:, :1, :1, :1])
        high = torch.full_like(low, MAX_STRENGTH)
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            dark = _mean(relit(middle).clamp(max=1)) < exposure
            low = torch.where(dark, middle, low)
            high = torch.where(dark, high, middle)
        s = (low + high) / 2
        u = relit(s)
        slope = _mean(-u * log_t * (u < 1).to(u.dtype)).clamp(min=1e-3)
    s = s - (_mean(relit(s).clamp(max=1)) - exposure) / slope
    return s.clamp(0, MAX_STRENGTH)


def _mean(x: Tensor) -> Tensor:
    return x.mean(dim=(1, 2, 3), keepdim=True)

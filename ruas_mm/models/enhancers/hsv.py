"""RGB to hue, saturation and value and back, as OpenCV's for floats.

Smith, Color Gamut Transform Pairs, SIGGRAPH 1978. Values need not lie in
[0, 1]: V may be negative, and S greater than 1.
"""

from typing import Tuple

import torch
from torch import Tensor

EPSILON = 1.1920929e-7  # that of float32, as in OpenCV


def to_hsv(x: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
    """Hue in sixths of the circle, [0, 6), saturation and value.

    Args:
        x: RGB, (N, 3, H, W).

    Returns:
        Three maps (N, 1, H, W).
    """
    red, green, blue = x.split(1, 1)
    value, low = x.amax(1, keepdim=True), x.amin(1, keepdim=True)
    width = value - low
    inverse = 1 / (width + EPSILON)
    hue = torch.where(
        value == red,
        (green - blue) * inverse,
        torch.where(
            value == green,
            2 + (blue - red) * inverse,
            4 + (red - green) * inverse,
        ),
    )
    return hue % 6, width / (value.abs() + EPSILON), value


def from_hsv(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """RGB, (N, 3, H, W), of maps as of :func:`to_hsv`."""
    channels = []
    for start in (5, 3, 1):  # red, green, blue
        place = (start + hue) % 6
        share = torch.minimum(place, 4 - place).clamp(0, 1)
        channels.append(value - value * saturation * share)
    return torch.cat(channels, 1)

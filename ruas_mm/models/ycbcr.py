"""Luma and chroma (ITU-R BT.601, full range, chroma about 0)."""

import torch
from torch import Tensor

FROM_RGB = (
    (0.299, 0.587, 0.114),
    (-0.168736, -0.331264, 0.5),
    (0.5, -0.418688, -0.081312),
)
TO_RGB = ((1.0, 0.0, 1.402), (1.0, -0.344136, -0.714136), (1.0, 1.772, 0.0))


def rgb_to_ycbcr(x: Tensor) -> Tensor:
    """(N, 3, H, W), RGB, to Y, Cb, Cr."""
    return _mixed(x, FROM_RGB)


def ycbcr_to_rgb(x: Tensor) -> Tensor:
    """The inverse of :func:`rgb_to_ycbcr`."""
    return _mixed(x, TO_RGB)


def _mixed(x: Tensor, matrix: tuple) -> Tensor:
    first, second, third = x.unbind(1)
    rows = [a * first + b * second + c * third for a, b, c in matrix]
    return torch.stack(rows, 1)

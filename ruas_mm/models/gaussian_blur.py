"""Gaussian mean of maps of any size, differentiable."""

import torch
from torch import Tensor


def gaussian_blur(x: Tensor, sigma: float) -> Tensor:
    """Mean of what lies inside the picture, by a Gaussian's weights.

    Args:
        x: Map, (N, C, H, W), any size.
        sigma: In pixels; the window reaches three of them each way.

    Returns:
        The same shape.
    """
    reach = int(round(3 * sigma))
    offsets = torch.arange(-reach, reach + 1, dtype=x.dtype, device=x.device)
    weights = torch.exp(-(offsets**2) / (2 * sigma**2))
    for axis in (2, 3):
        size = x.shape[axis]
        # a band matrix: any size, and no padded copies
        distance = torch.arange(size, device=x.device)
        distance = distance[:, None] - distance[None] + reach
        inside = (distance >= 0) & (distance <= 2 * reach)
        band = weights[distance.clamp(0, 2 * reach)] * inside
        band = band / band.sum(1, keepdim=True)
        x = (x.transpose(axis, -1) @ band.t()).transpose(axis, -1)
    return x

"""Means and interpolation by OpenCV on a CPU: the same values, sooner.

PyTorch's pooling and interpolation take 3 to 15 times as long there
(docs/speed.md). Not where gradients, a trace or a compiler need the
operations themselves.
"""

from functools import partial
from typing import Callable

import cv2
import numpy as np
import torch
from torch import Tensor

# before torch 2.3 it had no public name
is_compiling = getattr(
    torch.compiler, 'is_compiling', torch._utils.is_compiling
)


def fits(x: Tensor) -> bool:
    """Whether OpenCV can take the place of PyTorch's operations."""
    if is_compiling() or torch.jit.is_tracing():
        return False
    return (
        type(x) in (Tensor, torch.nn.Parameter)
        and x.device.type == 'cpu'
        and x.dtype is torch.float32
        and x.numel() > 0
        and not (torch.is_grad_enabled() and x.requires_grad)
    )


def area_means(x: Tensor, factor: int) -> Tensor:
    """``avg_pool2d(x, factor)`` of sides that ``factor`` divides."""
    size = x.shape[-1] // factor, x.shape[-2] // factor
    return _each(
        partial(cv2.resize, dsize=size, interpolation=cv2.INTER_AREA), x
    )


def bilinear(x: Tensor, factor: int) -> Tensor:
    """``interpolate(x, scale_factor=factor, mode='bilinear')``."""
    size = x.shape[-1] * factor, x.shape[-2] * factor
    return _each(
        partial(cv2.resize, dsize=size, interpolation=cv2.INTER_LINEAR), x
    )


def box_means(x: Tensor, side: int) -> Tensor:
    """Means of the windows about each pixel, the border repeated."""
    blur = partial(
        cv2.blur, ksize=(side, side), borderType=cv2.BORDER_REPLICATE
    )
    return _each(blur, x)


def _each(change: Callable[[np.ndarray], np.ndarray], x: Tensor) -> Tensor:
    """Change each picture; the result keeps the memory layout."""
    x = x.detach()
    if x.shape[1] > 1 and x.is_contiguous(memory_format=torch.channels_last):
        pictures = x.permute(0, 2, 3, 1).numpy()
        changed = torch.from_numpy(np.stack([*map(change, pictures)]))
        return changed.permute(0, 3, 1, 2)
    planes = x.contiguous().flatten(0, 1).numpy()
    changed = torch.from_numpy(np.stack([*map(change, planes)]))
    return changed.unflatten(0, x.shape[:2])

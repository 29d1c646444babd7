"""Run a local network on one tile after another, without seams."""

from typing import Callable, Optional, Tuple

import torch
from torch import Tensor

from ruas_mm.models.cpu_layout import fast_layout

STRIP_PIXELS = 2**17  # docs/speed.md


def tile_size(
    x: Tensor, tile: Optional[int], strip_pixels: Optional[int] = None
) -> Optional[Tuple[int, int]]:
    """Height and width of a tile.

    Args:
        x: The map to be divided, (N, C, H, W).
        tile: Largest side; None: on a CPU strips that stay in its cache,
            elsewhere the whole map.
        strip_pixels: Of a strip; None: :data:`STRIP_PIXELS`.
    """
    if tile is not None:
        return tile, tile
    if x.device.type != 'cpu':
        return None
    strip_pixels = strip_pixels or STRIP_PIXELS
    return max(strip_pixels // x.shape[-1], 1), x.shape[-1]


def tiled(
    network: Callable[..., Tensor],
    *maps: Tensor,
    tile: Optional[Tuple[int, int]],
    radius: int,
    multiple: int = 1,
) -> Tensor:
    """Equals ``network(*maps)`` up to rounding, in a tile's memory.

    Each tile is computed with a margin of ``radius`` pixels, which is cut off
    again; where the picture ends there is no margin, so that zero padding
    does what it does on the whole picture.

    Args:
        network: Takes maps (N, C, H, W), gives one of equal height and width.
        maps: Inputs of equal height and width.
        tile: Height and width of a tile in pixels; None: all at once.
        radius: How far away a pixel can change the result, in pixels.
        multiple: What side and place of a tile are rounded up to, for a
            network that shrinks its maps.
    """
    height, width = maps[0].shape[-2:]
    if tile is not None:
        tile = tuple(_rounded_up(side, multiple) for side in tile)
    radius = _rounded_up(radius, multiple)
    if tile is None or (tile[0] >= height and tile[1] >= width):
        return network(*maps)
    result = None
    for top in range(0, height, tile[0]):
        for left in range(0, width, tile[1]):
            rows = _Span(top, tile[0], height, radius)
            columns = _Span(left, tile[1], width, radius)
            part = network(
                *(m[..., rows.padded, columns.padded] for m in maps)
            )
            if result is None:
                shape = (*part.shape[:2], height, width)
                result = torch.empty(
                    shape,
                    dtype=part.dtype,
                    device=maps[0].device,
                    memory_format=fast_layout(part),
                )
            result[..., rows.own, columns.own] = part[
                ..., rows.core, columns.core
            ]
    return result


def _rounded_up(size: int, multiple: int) -> int:
    return -(-size // multiple) * multiple


class _Span:
    """One tile along one axis: its own pixels, and those with the margin."""

    def __init__(self, start: int, size: int, limit: int, margin: int):
        stop = min(start + size, limit)
        first = max(start - margin, 0)
        self.own = slice(start, stop)
        self.padded = slice(first, min(stop + margin, limit))
        self.core = slice(start - first, stop - first)

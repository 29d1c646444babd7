"""One picture in memory: pixels, and what else must survive."""

from dataclasses import dataclass, field
from typing import Dict, Optional, Tuple

import numpy as np

HDR_TRANSFERS = {16: 'PQ', 18: 'HLG'}  # ISO/IEC 23091-2


@dataclass
class Picture:
    """Pixels of a file and what else must survive.

    Attributes:
        rgb: (H, W, 3), uint8 or uint16, as stored in the file: not turned by
            the EXIF orientation (HEIC and AVIF, which are not written, are
            turned upright).
        alpha: (H, W), same type, or None.
        grey: Whether the file is grey; ``rgb`` then has three equal
            channels, and is written as its luma.
        icc_profile: As in the file, or None.
        exif: TIFF block with the prefix ``Exif``, as in the file but without
            its thumbnail, which would go on showing the old pixels; or None.
        xmp: XML packet, without the thumbnails in it, or None.
        dpi: Pixels an inch, horizontal and vertical, or None.
        text: Keyword -> text of a PNG; a comment of a JPEG is ``Comment``.
        colour_chunks: Name -> content of those of a PNG that say which
            colours its numbers are.
    """

    rgb: np.ndarray
    alpha: Optional[np.ndarray] = None
    grey: bool = False
    icc_profile: Optional[bytes] = None
    exif: Optional[bytes] = None
    xmp: Optional[bytes] = None
    dpi: Optional[Tuple[float, float]] = None
    text: Dict[str, str] = field(default_factory=dict)
    colour_chunks: Dict[bytes, bytes] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        """Bits of one channel of one pixel, 8 or 16."""
        return self.rgb.dtype.itemsize * 8


class UnsupportedPicture(ValueError):
    """A sound file of a kind that is not read; tells what is."""


def check_pixels(width: int, height: int, max_pixels: int) -> None:
    """Check a size from a header, before anything is decoded.

    Raises:
        UnsupportedPicture: There are more pixels than ``max_pixels``.
    """
    if width * height > max_pixels:
        raise UnsupportedPicture(
            f'{width}x{height} is {width * height:,} pixels, allowed: '
            f'max_pixels={max_pixels:,} (--max-pixels raises it)'
        )


def check_is_sdr(kind: str, transfer: Optional[int]) -> None:
    """Refuse what would be metered as if it were SDR.

    Args:
        kind: Format, for the message.
        transfer: Code of the transfer characteristics; None: not told.

    Raises:
        UnsupportedPicture: HDR.
    """
    if transfer in HDR_TRANSFERS:
        raise UnsupportedPicture(
            f'{kind} with {HDR_TRANSFERS[transfer]} brightness (HDR), '
            'allowed: standard dynamic range'
        )


def widen(values: np.ndarray, bits: int) -> np.ndarray:
    """Spread ``bits`` (8 to 16) of an unsigned integer over 16 bits.

    Args:
        values: uint16 in [0, 2 ** bits - 1].

    Returns:
        uint16 in [0, 65535]: 0 and white stay, the order stays.
    """
    return values << (16 - bits) | values >> (2 * bits - 16)


def split_alpha(
    pixels: np.ndarray,
) -> Tuple[np.ndarray, Optional[np.ndarray], bool]:
    """Take (H, W) or (H, W, 1 to 4) apart.

    An even number of channels has alpha as the last.

    Returns:
        RGB (H, W, 3), alpha (H, W) or None, whether it is grey.
    """
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    channels = pixels.shape[2]
    alpha = pixels[..., -1].copy() if channels % 2 == 0 else None
    if channels < 3:
        return np.repeat(pixels[..., :1], 3, -1), alpha, True
    return np.ascontiguousarray(pixels[..., :3]), alpha, False


def undo_premultiplication(
    pixels: np.ndarray, alpha: np.ndarray
) -> np.ndarray:
    """Colours of pixels that are stored times their alpha.

    Args:
        pixels: (H, W, C), uint8 or uint16.
        alpha: (H, W), same type. Where it is 0, pixels stay as they are.
    """
    peak = np.iinfo(pixels.dtype).max
    share = np.where(alpha > 0, alpha, peak)[..., None] / np.float64(peak)
    return (pixels / share).round().clip(0, peak).astype(pixels.dtype)


def turn_upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turn (H, W, ...) as the EXIF ``orientation`` (1 to 8) asks."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels

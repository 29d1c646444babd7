"""Read and write one picture as what it is: depth, alpha, EXIF, ICC."""

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Tuple, Union

import cv2
import numpy as np
from PIL import Image

from ruas_mm.files.atomic_write import atomic_write
from ruas_mm.files.tiff_file import (
    MIN_IS_WHITE,
    encode_tiff,
    read_tiff_exif,
    take_orientation,
)

FORMATS = {
    '.png': 'PNG',
    '.jpg': 'JPEG',
    '.jpeg': 'JPEG',
    '.webp': 'WEBP',
    '.bmp': 'BMP',
    '.tif': 'TIFF',
    '.tiff': 'TIFF',
}
"""Suffix of a file that can be written -> format."""

SAVE_OPTIONS = {
    # a lossless WebP cannot be told from a lossy one
    'WEBP': dict(lossless=True, exact=True),
    'JPEG': dict(quality=95, subsampling=0),
}
LUMA = np.float32([0.299, 0.587, 0.114])  # Rec. 601, as Pillow's


@dataclass
class Picture:
    """Pixels of a file and what else must survive.

    Attributes:
        rgb: (H, W, 3), uint8 or uint16, as stored in the file: not turned by
            the EXIF orientation.
        alpha: (H, W), same type, or None.
        grey: Whether the file is grey; ``rgb`` then has three equal
            channels, and is written as its luma.
        icc_profile: As in the file, or None.
        exif: TIFF block with the prefix ``Exif``, as in the file, or None.
    """

    rgb: np.ndarray
    alpha: Optional[np.ndarray] = None
    grey: bool = False
    icc_profile: Optional[bytes] = None
    exif: Optional[bytes] = None

    @property
    def depth(self) -> int:
        """Bits of one channel of one pixel, 8 or 16."""
        return self.rgb.dtype.itemsize * 8


def read_picture(path: Union[str, Path]) -> Picture:
    """Read a PNG, JPEG, WebP, BMP or TIFF file.

    A palette becomes RGB (with its transparency as alpha), CMYK becomes RGB.

    Raises:
        ValueError: The file cannot be read, is no picture, is truncated or
            broken, holds several frames, or has another depth than 8 or 16
            bits.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ValueError(
            f'{path}: cannot be read ({error.strerror})'
        ) from None
    try:
        return _decode(data)
    except _Unsupported as error:
        raise ValueError(f'{path}: {error}') from None
    except MemoryError:
        raise
    except Exception as error:  # a decoder raises anything on broken bytes
        raise ValueError(
            f'{path}: no picture, or a broken or truncated one ({error})'
        ) from None


def write_picture(path: Union[str, Path], picture: Picture) -> None:
    """Write ``picture`` in the format that the suffix of ``path`` names.

    An ICC profile that is not of the written colours (CMYK, or grey where
    grey becomes RGB) is left out. Grey becomes RGB in a WebP file, which has
    no grey, and in 16 bits with alpha, which few programs can read as grey.

    Raises:
        ValueError: The format is unknown or has no such depth or alpha.
        OSError: The file cannot be written; what was there stays.
    """
    path = Path(path)
    data = _encode(picture, check_target_format(path, picture))
    with atomic_write(path) as temporary:
        temporary.write_bytes(data)


def check_target_format(
    path: Union[str, Path], picture: Optional[Picture] = None
) -> str:
    """Format that ``path`` names; it must be able to hold ``picture``.

    Raises:
        ValueError: It is unknown or has no such depth or alpha.
    """
    kind = FORMATS.get(Path(path).suffix.lower())
    if kind is None:
        raise ValueError(f'{path}: allowed suffixes: {list(FORMATS)}')
    if picture is None:
        return kind
    if picture.depth == 16 and kind not in ('PNG', 'TIFF'):
        raise ValueError(
            f'{path}: {kind} cannot hold 16 bits a channel, allowed: PNG, TIFF'
        )
    if picture.alpha is not None and kind in ('JPEG', 'BMP'):
        raise ValueError(
            f'{path}: {kind} cannot hold transparency, allowed: PNG, TIFF, '
            'WebP'
        )
    return kind


class _Unsupported(ValueError):
    """A sound file of a kind that is not read."""


def _decode(data: bytes) -> Picture:
    data, orientation = take_orientation(data)
    with Image.open(io.BytesIO(data)) as image:
        _check_kind(image)
        image.load()  # notices a truncated file, which OpenCV does not
        exif = image.info.get('exif')
        if image.format == 'TIFF':
            exif = read_tiff_exif(image, orientation)
        if _depth(image, data) == 16:
            pixels = cv2.imdecode(
                np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED
            )
            if pixels is None or pixels.dtype != np.uint16:
                raise _Unsupported('16-bit picture of an unknown layout')
            rgb, alpha = _split_opencv(pixels)
            grey = image.mode.startswith('I') or _is_grey_png(data)
            if image.format == 'TIFF' and image.tag_v2[262] == MIN_IS_WHITE:
                rgb = ~rgb
        else:
            rgb, alpha, grey = _split_pillow(image)
        return Picture(rgb, alpha, grey, image.info.get('icc_profile'), exif)


def _check_kind(image: Image.Image) -> None:
    # MPO: a JPEG of a phone, with further views behind the picture
    if image.format != 'MPO' and getattr(image, 'n_frames', 1) > 1:
        raise _Unsupported(
            f'{image.format} with {image.n_frames} frames, allowed: one '
            '(save the first frame as a picture, or all of them as a video)'
        )
    if image.format not in {*FORMATS.values(), 'MPO'}:
        raise _Unsupported(
            f'{image.format}, allowed: {sorted(set(FORMATS.values()))}'
        )
    if image.mode in ('I', 'F') and image.format == 'TIFF':
        raise _Unsupported('32 bits a channel, allowed: 8 or 16')


def _depth(image: Image.Image, data: bytes) -> int:
    if image.format == 'PNG':
        return max(data[24], 8)  # IHDR
    if image.format == 'TIFF':
        return max(*image.tag_v2.get(258, (8,)), 8)  # BitsPerSample
    return 8


def _is_grey_png(data: bytes) -> bool:
    return data[1:4] == b'PNG' and data[25] in (0, 4)  # IHDR


def _split_opencv(
    pixels: np.ndarray,
) -> Tuple[np.ndarray, Optional[np.ndarray]]:
    if pixels.ndim == 2:
        return np.repeat(pixels[..., None], 3, -1), None
    rgb = np.ascontiguousarray(pixels[..., 2::-1])
    return rgb, pixels[..., 3].copy() if pixels.shape[2] == 4 else None


def _split_pillow(
    image: Image.Image,
) -> Tuple[np.ndarray, Optional[np.ndarray], bool]:
    grey = image.mode in ('1', 'L', 'LA', 'La')
    transparent = 'transparency' in image.info or image.mode in (
        'LA', 'La', 'PA', 'RGBA', 'RGBa',
    )  # fmt: skip
    if not transparent:
        return np.array(image.convert('RGB')), None, grey
    pixels = np.array(image.convert('RGBA'))
    return pixels[..., :3].copy(), pixels[..., 3].copy(), grey


def _encode(picture: Picture, kind: str) -> bytes:
    channels = [picture.rgb]
    if picture.grey:
        luma = picture.rgb.astype(np.float32) @ LUMA
        channels = [luma.round().astype(picture.rgb.dtype)]
    if picture.alpha is not None:
        channels.append(picture.alpha)
    pixels = np.dstack(channels)
    if kind == 'WEBP' or picture.depth == 16 and picture.alpha is not None:
        pixels = _spread_grey(pixels)
    profile = picture.icc_profile
    colours = b'GRAY' if pixels.shape[2] < 3 else b'RGB '
    if profile is not None and profile[16:20] != colours:
        profile = None
    if kind == 'TIFF':
        return encode_tiff(pixels, profile, picture.exif)
    if picture.depth == 8:
        return _encode_pillow(pixels, kind, profile, picture.exif)
    return _encode_png16(pixels, profile, picture.exif)


def _spread_grey(pixels: np.ndarray) -> np.ndarray:
    order = {1: [0, 0, 0], 2: [0, 0, 0, 1]}.get(pixels.shape[2])
    return pixels if order is None else pixels[..., order]


def _encode_pillow(
    pixels: np.ndarray,
    kind: str,
    profile: Optional[bytes],
    exif: Optional[bytes],
) -> bytes:
    options = dict(SAVE_OPTIONS.get(kind, {}))
    if profile:
        options['icc_profile'] = profile
    if exif:
        options['exif'] = exif
    file = io.BytesIO()
    pixels = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def _encode_png16(
    pixels: np.ndarray, profile: Optional[bytes], exif: Optional[bytes]
) -> bytes:
    order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[pixels.shape[2]]
    data = cv2.imencode('.png', pixels[..., order])[1].tobytes()
    chunks = b''
    if profile:
        chunks += _chunk(b'iCCP', b'ICC\0\0' + zlib.compress(profile))
    if exif:
        chunks += _chunk(b'eXIf', exif[6:])  # without the prefix
    end_of_header = 33  # signature, IHDR
    return data[:end_of_header] + chunks + data[end_of_header:]


def _chunk(name: bytes, content: bytes) -> bytes:
    """One chunk of a PNG file."""
    checksum = struct.pack('>I', zlib.crc32(name + content))
    return struct.pack('>I', len(content)) + name + content + checksum

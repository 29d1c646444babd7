"""Read and write one picture as what it is: depth, alpha, EXIF, ICC."""

import io
import struct
from pathlib import Path
from typing import Optional, Tuple, Union

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from ruas_mm.files.atomic_write import atomic_write
from ruas_mm.files.heif_file import container_kind, decode_avif, decode_heif
from ruas_mm.files.picture import (
    Picture,
    UnsupportedPicture,
    check_pixels,
    split_alpha,
)
from ruas_mm.files.picture_metadata import (
    png_chunks,
    read_colour_chunks,
    read_metadata,
    save_options,
)
from ruas_mm.files.pillow_image import open_image
from ruas_mm.files.tiff_file import decode_tiff, encode_tiff

FORMATS = {
    '.png': 'PNG',
    '.jpg': 'JPEG',
    '.jpeg': 'JPEG',
    '.jpe': 'JPEG',
    '.jfif': 'JPEG',
    '.webp': 'WEBP',
    '.bmp': 'BMP',
    '.tif': 'TIFF',
    '.tiff': 'TIFF',
}
"""Suffix of a file that can be written -> format."""

READABLE_SUFFIXES = (*FORMATS, '.heic', '.heif', '.hif', '.avif')
"""Suffixes of files that can be read."""

MAX_PIXELS = 200_000_000
"""Default limit: a phone's 200 megapixels; 0.6 GB as 8-bit RGB."""

MAX_SIDE = {'JPEG': 65500, 'WEBP': 16383}  # of what the libraries write

SAVE_OPTIONS = {
    # a lossless WebP cannot be told from a lossy one
    'WEBP': dict(lossless=True, exact=True),
    'JPEG': dict(quality=95, subsampling=0),
}
TIFF_STARTS = (b'II*\0', b'MM\0*', b'II+\0', b'MM\0+')  # classic, big
PNG_HEADER_END = 33  # signature, IHDR
SILENT_ERRORS = (
    UnidentifiedImageError,
    LookupError,
    ArithmeticError,
    TypeError,
    AttributeError,
    AssertionError,
    struct.error,
)
"""Of decoders; their text says nothing about the file."""

LUMA = np.float32([0.299, 0.587, 0.114])  # Rec. 601, as Pillow's


def read_picture(
    path: Union[str, Path], max_pixels: int = MAX_PIXELS
) -> Picture:
    """Read a PNG, JPEG, WebP, BMP, TIFF, HEIC or AVIF file.

    A palette becomes RGB (with its transparency as alpha), CMYK becomes RGB.
    10 and 12 bits become 16.

    Args:
        path: File; its content tells the format, not its suffix.
        max_pixels: A picture of more is refused by its header, before it
            takes memory.

    Raises:
        ValueError: The file cannot be read, is no picture, is truncated or
            broken, holds several frames, is too large, has another depth
            than 8 or 16 bits, or needs a library that is not installed.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ValueError(
            f'{path}: cannot be read ({error.strerror})'
        ) from None
    try:
        return _decode(data, max_pixels)
    except UnsupportedPicture as error:
        raise ValueError(f'{path}: {error}') from None
    except MemoryError:
        raise
    except Exception as error:  # a decoder raises anything on broken bytes
        reason = '' if isinstance(error, SILENT_ERRORS) else f' ({error})'
        reason = reason if data else ' (an empty file)'
        raise ValueError(
            f'{path}: no picture, or a broken or truncated one{reason}'
        ) from None


def write_picture(path: Union[str, Path], picture: Picture) -> None:
    """Write ``picture`` in the format that the suffix of ``path`` names.

    An ICC profile that is not of the written colours (CMYK, or grey where
    grey becomes RGB) is left out. Grey becomes RGB in a WebP file, which has
    no grey, and in 16 bits with alpha, which few programs can read as grey.
    EXIF, XMP, resolution and text are written where the format has a place.

    Raises:
        ValueError: The format is unknown, has no such depth, alpha or size,
            or no room for the EXIF data.
        OSError: The file cannot be written; what was there stays.
    """
    path = Path(path)
    kind = check_target_format(path, picture)
    try:
        data = _encode(picture, kind)
    except MemoryError:
        raise
    except Exception as error:  # such as metadata that are too long
        raise ValueError(
            f'{path}: cannot be written as {kind}: {error}'
        ) from None
    with atomic_write(path) as temporary:
        temporary.write_bytes(data)


def target_name(name: Union[str, Path]) -> Path:
    """Name of the file to write for the picture ``name``.

    A format that is read but not written (HEIC, AVIF) gets ``.png`` behind
    its name: PNG holds their depth, transparency and metadata.
    """
    name = Path(name)
    suffix = name.suffix.lower()
    if suffix in READABLE_SUFFIXES and suffix not in FORMATS:
        return name.with_name(f'{name.name}.png')
    return name


def check_target_format(
    path: Union[str, Path], picture: Optional[Picture] = None
) -> str:
    """Format that ``path`` names; it must be able to hold ``picture``.

    Raises:
        ValueError: It is unknown or has no such depth, alpha or size.
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
    height, width = picture.rgb.shape[:2]
    if max(height, width) > MAX_SIDE.get(kind, max(height, width)):
        raise ValueError(
            f'{path}: {kind} cannot hold {width}x{height} pixels, allowed: '
            f'{MAX_SIDE[kind]} a side, or PNG, TIFF'
        )
    return kind


def _decode(data: bytes, max_pixels: int) -> Picture:
    container = container_kind(data)
    if container == 'HEIF':
        return decode_heif(data, max_pixels)
    if container == 'AVIF':
        return decode_avif(data, max_pixels)
    if data[:4] in TIFF_STARTS:
        return decode_tiff(data, max_pixels)
    with open_image(data) as image:
        check_pixels(*image.size, max_pixels)
        _check_kind(image)
        image.load()  # notices a truncated file, which OpenCV does not
        chunks = read_colour_chunks(data) if image.format == 'PNG' else {}
        if image.format == 'PNG' and data[24] == 16:  # IHDR
            clear = image.info.get('transparency')
            rgb, alpha, grey = _decode_png16(data, clear)
        else:
            rgb, alpha, grey = _split_pillow(image)
        return Picture(
            rgb, alpha, grey, **read_metadata(image), colour_chunks=chunks
        )


def _check_kind(image: Image.Image) -> None:
    # MPO: a JPEG of a phone, with further views behind the picture
    if image.format != 'MPO' and getattr(image, 'n_frames', 1) > 1:
        raise UnsupportedPicture(
            f'{image.format} with {image.n_frames} frames, allowed: one '
            '(save the first frame as a picture, or all of them as a video)'
        )
    if image.format not in {*FORMATS.values(), 'MPO'}:
        raise UnsupportedPicture(
            f'{image.format}, allowed: '
            f'{sorted({*FORMATS.values(), "HEIC", "AVIF"})}'
        )


def _decode_png16(
    data: bytes, clear: Optional[Union[int, tuple]]
) -> Tuple[np.ndarray, Optional[np.ndarray], bool]:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint16:
        raise UnsupportedPicture('16-bit picture of an unknown layout')
    order = {3: [2, 1, 0], 4: [2, 1, 0, 3]}.get(pixels[0, 0].size)
    rgb, alpha, _ = split_alpha(
        pixels if order is None else pixels[..., order]
    )
    if alpha is None and clear is not None:  # OpenCV heeds it in RGB alone
        alpha = np.where(rgb[..., 0] == clear, 0, 65535).astype(np.uint16)
    return rgb, alpha, data[25] in (0, 4)  # IHDR: grey, with alpha


def _split_pillow(
    image: Image.Image,
) -> Tuple[np.ndarray, Optional[np.ndarray], bool]:
    grey = image.mode in ('1', 'L', 'LA', 'La')
    transparent = 'transparency' in image.info or image.mode in (
        'LA', 'La', 'PA', 'RGBA', 'RGBa',
    )  # fmt: skip
    pixels = np.asarray(image.convert('RGBA' if transparent else 'RGB'))
    rgb, alpha, _ = split_alpha(pixels)
    return rgb.copy(), alpha, grey


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
        return encode_tiff(pixels, picture, profile)
    options = save_options(picture, kind, profile)
    if picture.depth == 16:
        return _encode_png16(pixels, options)
    return _encode_pillow(pixels, kind, options)


def _spread_grey(pixels: np.ndarray) -> np.ndarray:
    order = {1: [0, 0, 0], 2: [0, 0, 0, 1]}.get(pixels.shape[2])
    return pixels if order is None else pixels[..., order]


def _encode_pillow(pixels: np.ndarray, kind: str, options: dict) -> bytes:
    file = io.BytesIO()
    pixels = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    options = {**SAVE_OPTIONS.get(kind, {}), **options}
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def _encode_png16(pixels: np.ndarray, options: dict) -> bytes:
    """OpenCV's pixels with what else Pillow writes into a PNG."""
    order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[pixels.shape[2]]
    data = cv2.imencode('.png', pixels[..., order])[1].tobytes()
    dot = np.zeros((1, 1, pixels.shape[2]), np.uint8)
    other = _encode_pillow(dot, 'PNG', options)
    *_, (_, _, stop) = png_chunks(other)
    chunks = other[PNG_HEADER_END : stop + 4]  # with the last check sum
    return data[:PNG_HEADER_END] + chunks + data[PNG_HEADER_END:]

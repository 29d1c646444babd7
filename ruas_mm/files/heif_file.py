"""Read HEIC and AVIF pictures, of phones and of the web, at full depth."""

import io
from typing import Optional

import numpy as np
from PIL import ImageOps, features
from PIL.ExifTags import Base

from ruas_mm.files.optional_library import need
from ruas_mm.files.picture import (
    Picture,
    UnsupportedPicture,
    check_is_sdr,
    check_pixels,
    split_alpha,
    turn_upright,
    undo_premultiplication,
    widen,
)
from ruas_mm.files.picture_metadata import clean_exif, clean_xmp, read_metadata
from ruas_mm.files.pillow_image import open_image

AVIF_BRANDS = {b'avif', b'avis'}
HEIC_BRANDS = {
    b'heic', b'heix', b'heim', b'heis', b'hevc', b'hevx', b'mif1', b'msf1',
}  # fmt: skip


def container_kind(data: bytes) -> Optional[str]:
    """``'HEIF'`` or ``'AVIF'`` by the brands of the file, else None."""
    if data[4:8] != b'ftyp':
        return None
    end = min(int.from_bytes(data[:4], 'big'), len(data), 256)
    brands = {data[8:12]}
    brands |= {data[i : i + 4] for i in range(16, end, 4)}
    if brands & AVIF_BRANDS:
        return 'AVIF'
    return 'HEIF' if brands & HEIC_BRANDS else None


def decode_heif(data: bytes, max_pixels: int) -> Picture:
    """The primary picture of a HEIC file, upright.

    The container's rotation is applied by the library; the orientation in
    the EXIF block only repeats it, and is set to 1. Depth map, gain map and
    further pictures are left out.

    Raises:
        UnsupportedPicture: Too many pixels, HDR, or pillow-heif is missing.
    """
    library = need('pillow_heif', 'pillow-heif', 'HEIC')
    file = library.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
    image = file[file.primary_index]
    check_pixels(*image.size, max_pixels)
    info = image.info
    library.set_orientation(info)
    transfer = info.get('nclx_profile', {}).get('transfer_characteristics')
    check_is_sdr('HEIC', transfer)
    pixels = np.array(image)  # a copy: its memory ends with the file
    if pixels.dtype == np.uint16:  # its upper bits
        bits = info['bit_depth']
        pixels = widen(pixels >> (16 - bits), bits)
    rgb, alpha, grey = split_alpha(pixels)
    if alpha is not None and image.premultiplied_alpha:
        rgb = undo_premultiplication(rgb, alpha)
    return Picture(
        rgb,
        alpha,
        grey,
        info.get('icc_profile'),
        clean_exif(info.get('exif')),
        clean_xmp(info.get('xmp')),
    )


def decode_avif(data: bytes, max_pixels: int) -> Picture:
    """The picture of an AVIF file, upright.

    Raises:
        UnsupportedPicture: Too many pixels, several frames, HDR; Pillow
            without AVIF, or imagecodecs missing above 8 bits.
    """
    if not features.check('avif'):
        raise UnsupportedPicture(
            "AVIF needs a newer Pillow: pip install 'pillow>=11.3'"
        )
    with open_image(data, formats=['AVIF']) as image:
        check_pixels(*image.size, max_pixels)
        if image.n_frames > 1:
            raise UnsupportedPicture(
                f'AVIF with {image.n_frames} frames, allowed: one (save the '
                'first frame as a picture, or all of them as a video)'
            )
        transfer = _avif_transfer(data)
        check_is_sdr('AVIF', transfer)
        orientation = image.getexif().get(Base.Orientation, 1)
        upright = ImageOps.exif_transpose(image)
    bits = _avif_bits(data)
    if bits == 8:
        pixels = np.asarray(upright)
    else:
        codecs = need('imagecodecs', 'imagecodecs', f'AVIF of {bits} bits')
        pixels = widen(codecs.avif_decode(data), bits)
        pixels = turn_upright(pixels, orientation)
    return Picture(*split_alpha(pixels), **read_metadata(upright))


def _avif_bits(data: bytes) -> int:
    """Bits a channel, from the flags of the configuration box (av1C)."""
    flags = data[data.index(b'av1C') + 6]
    if not flags & 0x40:
        return 8
    return 12 if flags & 0x20 else 10


def _avif_transfer(data: bytes) -> Optional[int]:
    """Transfer characteristics of the colour box, if it has one."""
    place = data.find(b'colrnclx')
    if place < 0:
        return None
    return int.from_bytes(data[place + 10 : place + 12], 'big')

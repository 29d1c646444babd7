"""What Pillow and OpenCV leave to do for TIFF files: 16 bits, orientation."""

import io
import struct
import zlib
from typing import Optional, Tuple

import numpy as np
from PIL import Image, TiffImagePlugin

ORIENTATION = 274
MIN_IS_WHITE, MIN_IS_BLACK, RGB = 0, 1, 2
ADOBE_DEFLATE = 8
UNASSOCIATED_ALPHA = 2
ICC_PROFILE = 34675
SUB_DIRECTORIES = (0x8769, 0x8825)  # EXIF, GPS
KEPT_TAGS = (
    270,  # description
    271,  # make
    272,  # model
    282,  # resolution
    283,
    296,
    305,  # software
    306,  # date
    315,  # artist
    33432,  # copyright
)


def take_orientation(data: bytes) -> Tuple[bytes, Optional[int]]:
    """Set the orientation of a TIFF file to 1, and tell what it was.

    Pillow turns the pixels of a TIFF file, OpenCV refuses those of 16 bits;
    with this both give them as they are stored.

    Args:
        data: Content of a file of any format.

    Returns:
        The changed content and the orientation; the content as it was and
        None where there is no orientation.
    """
    order = {b'II': '<', b'MM': '>'}.get(data[:2])
    if order is None or len(data) < 16:
        return data, None
    version = struct.unpack_from(f'{order}H', data, 2)[0]
    # where the first directory's place stands; types and sizes in it
    layouts = {42: (4, 'I', 'H', 12, 8), 43: (8, 'Q', 'Q', 20, 12)}
    if version not in layouts:
        return data, None
    start, pointer, counter, entry_size, value = layouts[version]
    directory = struct.unpack_from(order + pointer, data, start)[0]
    count = struct.unpack_from(order + counter, data, directory)[0]
    first = directory + struct.calcsize(order + counter)
    for entry in range(first, first + count * entry_size, entry_size):
        if struct.unpack_from(f'{order}H', data, entry)[0] == ORIENTATION:
            changed = bytearray(data)
            place = entry + value
            orientation = struct.unpack_from(f'{order}H', data, place)[0]
            struct.pack_into(f'{order}H', changed, place, 1)
            return bytes(changed), orientation
    return data, None


def read_tiff_exif(
    image: TiffImagePlugin.TiffImageFile, orientation: Optional[int]
) -> Optional[bytes]:
    """EXIF block of a TIFF file: what is not about its layout."""
    tags, exif = image.getexif(), Image.Exif()
    for tag in KEPT_TAGS:
        if tag in tags:
            exif[tag] = tags[tag]
    for tag in SUB_DIRECTORIES:
        if tags.get_ifd(tag):
            exif[tag] = tags.get_ifd(tag)
    if orientation is not None:
        exif[ORIENTATION] = orientation
    return exif.tobytes() if len(exif) else None


def encode_tiff(
    pixels: np.ndarray, profile: Optional[bytes], exif: Optional[bytes]
) -> bytes:
    """A TIFF file with one compressed strip.

    Args:
        pixels: (H, W, 1 to 4), uint8 or uint16; an even number of channels
            has alpha as the last.
        profile: ICC profile.
        exif: EXIF block with its prefix.
    """
    height, width, channels = pixels.shape
    little_endian = pixels.astype(pixels.dtype.newbyteorder('<'))
    strip = zlib.compress(little_endian.tobytes())
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    if exif:
        found = Image.Exif()
        found.load(exif)
        for tag in (*KEPT_TAGS, ORIENTATION):
            if tag in found:
                tags[tag] = found[tag]
        for tag in SUB_DIRECTORIES:
            if found.get_ifd(tag):
                tags[tag] = found.get_ifd(tag)
    tags[256], tags[257] = width, height
    tags[258] = (pixels.dtype.itemsize * 8,) * channels
    tags[259] = ADOBE_DEFLATE
    tags[262] = RGB if channels > 2 else MIN_IS_BLACK
    tags[273] = 0  # the strip follows the directory; moved when saved
    tags[277] = channels
    tags[278] = height
    tags[279] = len(strip)
    tags[284] = 1  # channels of a pixel together
    if channels % 2 == 0:
        tags[338] = UNASSOCIATED_ALPHA
    if profile:
        tags.tagtype[ICC_PROFILE] = 7  # undefined
        tags[ICC_PROFILE] = profile
    file = io.BytesIO()
    tags.save(file)
    return file.getvalue() + strip

"""What a picture file says besides its pixels, in each format's place."""

import re
import struct
from contextlib import suppress
from typing import Any, Dict, Iterator, Optional, Tuple

from PIL import Image, PngImagePlugin

from ruas_mm.files.picture import Picture, check_is_sdr

PNG_SIGNATURE = b'\x89PNG\r\n\x1a\n'
COLOUR_CHUNKS = (b'cICP', b'cHRM', b'gAMA', b'sRGB')
XMP_KEYWORD = 'XML:com.adobe.xmp'  # of a PNG's text
COMMENT = 'Comment'
X_RESOLUTION = 282
JPEG_XMP_BYTES = 65504  # 64 KiB less the name of the segment
COMPRESSED_TEXT = 1024  # bytes from which on a PNG's text is compressed
THUMBNAIL_PLACES = {0x111: 0x117, 0x201: 0x202}  # tags of offset and length
XMP_THUMBNAILS = re.compile(
    rb'<(xmp|xap):Thumbnails\b.*?(/>|</\1:Thumbnails>)', re.DOTALL
)


def read_metadata(image: Image.Image) -> Dict[str, Any]:
    """Fields of a :class:`Picture` from what Pillow has found.

    Args:
        image: Opened by Pillow, and loaded.
    """
    info = image.info
    exif = info.get('exif')
    text = {}
    if image.format == 'PNG':
        if 'Raw profile type exif' in info and not exif:  # ImageMagick's
            exif = image.getexif().tobytes()
        text = {
            key: value
            for key, value in image.text.items()
            if key != XMP_KEYWORD and not key.startswith('Raw profile type')
        }
    elif info.get('comment'):
        text = {COMMENT: _decode(info['comment'])}
    return dict(
        icc_profile=info.get('icc_profile'),
        exif=clean_exif(exif),
        xmp=clean_xmp(info.get('xmp')),
        dpi=_read_dpi(image),
        text=text,
    )


def save_options(
    picture: Picture, kind: str, profile: Optional[bytes]
) -> Dict[str, Any]:
    """Arguments of Pillow's ``save``: all that ``kind`` can hold.

    Args:
        picture: Its pixels are not looked at.
        kind: PNG, JPEG, WEBP or BMP.
        profile: ICC profile of the written colours.
    """
    options = dict(dpi=picture.dpi, exif=picture.exif, icc_profile=profile)
    xmp = picture.xmp
    if kind == 'BMP':
        options = dict(dpi=picture.dpi)
    elif kind == 'PNG':
        options['pnginfo'] = _png_chunks(picture)
    elif kind == 'WEBP' or xmp and len(xmp) <= JPEG_XMP_BYTES:
        options['xmp'] = xmp
    if kind == 'JPEG' and COMMENT in picture.text:
        options['comment'] = picture.text[COMMENT].encode()
    return {key: value for key, value in options.items() if value}


def clean_exif(exif: Optional[bytes]) -> Optional[bytes]:
    """The block with its prefix and without its thumbnail.

    Nothing else moves, so that a maker's note with offsets stays readable.
    """
    if not exif:
        return None
    block = bytearray(exif.removeprefix(b'Exif\0\0'))
    # a broken block has no thumbnail that anybody could show
    with suppress(struct.error):
        _drop_thumbnail(block)
    return b'Exif\0\0' + bytes(block)


def clean_xmp(xmp: Optional[bytes]) -> Optional[bytes]:
    """The packet without its thumbnails."""
    return XMP_THUMBNAILS.sub(b'', xmp) if xmp else None


def _drop_thumbnail(block: bytearray) -> None:
    order = '<' if block[:2] == b'II' else '>'

    def read(kind: str, place: int) -> int:
        return struct.unpack_from(order + kind, block, place)[0]

    first = read('I', 4)
    link = first + 2 + 12 * read('H', first)  # to the second directory
    second = read('I', link)
    if not second:
        return
    entries = range(second + 2, second + 2 + 12 * read('H', second), 12)
    values = {
        read('H', entry): read(
            'H' if read('H', entry + 2) == 3 else 'I', entry + 8
        )
        for entry in entries
    }
    struct.pack_into(order + 'I', block, link, 0)
    for offset, length in THUMBNAIL_PLACES.items():
        start, size = values.get(offset, 0), values.get(length, 0)
        if not 8 <= start <= start + size <= len(block):
            continue
        block[start : start + size] = bytes(size)
        if start + size >= len(block) - 4 and start > max(entries.stop, link):
            del block[start:]


def _read_dpi(image: Image.Image) -> Optional[Tuple[float, float]]:
    info = image.info
    # Pillow makes 72 up where neither JFIF nor EXIF tells
    told = info.get('jfif_unit') or X_RESOLUTION in image.getexif()
    if image.format in ('JPEG', 'MPO') and not told:
        return None
    dpi = info.get('dpi')
    # a PNG counts pixels a metre: 299.9994 is 300
    return dpi and tuple(round(float(value), 2) for value in dpi)


def png_chunks(data: bytes) -> Iterator[Tuple[bytes, int, int]]:
    """Name of each chunk before the pixels, and where its content is."""
    place = len(PNG_SIGNATURE)
    while place + 8 <= len(data):
        length, name = struct.unpack_from('>I4s', data, place)
        if name == b'IDAT':
            return
        yield name, place + 8, place + 8 + length
        place += 12 + length  # length, name, content, check sum


def read_colour_chunks(data: bytes) -> Dict[bytes, bytes]:
    """Name -> content of those that a PNG has.

    Raises:
        UnsupportedPicture: HDR.
    """
    chunks = {
        name: data[start:stop]
        for name, start, stop in png_chunks(data)
        if name in COLOUR_CHUNKS
    }
    if b'cICP' in chunks:
        check_is_sdr('PNG', chunks[b'cICP'][1])
    return chunks


def _png_chunks(picture: Picture) -> PngImagePlugin.PngInfo:
    chunks = PngImagePlugin.PngInfo()
    for name, content in picture.colour_chunks.items():
        chunks.add(name, content)
    for key, value in picture.text.items():
        chunks.add_text(key, value, zip=len(value) > COMPRESSED_TEXT)
    if picture.xmp:
        chunks.add_itxt(XMP_KEYWORD, picture.xmp)
    return chunks


def _decode(comment: bytes) -> str:
    comment = comment.rstrip(b'\0')
    try:
        return comment.decode()
    except UnicodeDecodeError:
        return comment.decode('latin-1')

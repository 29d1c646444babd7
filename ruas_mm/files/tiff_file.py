"""TIFF files of any layout: tifffile reads, libtiff must agree."""

import io
import logging
import zlib
from typing import Optional

import numpy as np
from PIL import Image, TiffImagePlugin
from PIL.ExifTags import Base

from ruas_mm.files.optional_library import need
from ruas_mm.files.picture import (
    Picture,
    UnsupportedPicture,
    check_pixels,
    split_alpha,
    turn_upright,
    undo_premultiplication,
)
from ruas_mm.files.picture_metadata import clean_xmp
from ruas_mm.files.pillow_image import open_image

MIN_IS_WHITE, MIN_IS_BLACK, RGB, PALETTE, CMYK, YCBCR = 0, 1, 2, 3, 5, 6
COLOURS = {MIN_IS_WHITE: 1, MIN_IS_BLACK: 1, RGB: 3, PALETTE: 1, CMYK: 4}
JPEG = 7  # compression
ADOBE_DEFLATE = 8
ASSOCIATED_ALPHA, UNASSOCIATED_ALPHA = 1, 2
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 282, 283, 296
NO_UNIT, INCH, CENTIMETRE = 1, 2, 3
DESCRIPTION = 270
XMP = 700
ICC_PROFILE = 34675
INTEROPERABILITY = 0xA005  # a place in the file that is read
SUB_DIRECTORIES = (0x8769, 0x8825)  # EXIF, GPS
KEPT_TAGS = (
    DESCRIPTION,
    271,  # make
    272,  # model
    X_RESOLUTION,
    Y_RESOLUTION,
    RESOLUTION_UNIT,
    305,  # software
    306,  # date
    315,  # artist
    33432,  # copyright
)

# what it notices is raised here, or confirmed by the second decoder
logging.getLogger('tifffile').addHandler(logging.NullHandler())


def decode_tiff(data: bytes, max_pixels: int) -> Picture:
    """Read one picture, pixels as stored.

    The samples are decoded twice, by tifffile and by libtiff, and must be
    equal: a layout that one of them gets wrong is refused. Further pages are
    allowed where they are smaller copies, which are left out.

    Raises:
        UnsupportedPicture: Too many pixels, several pages, a colour space,
            depth or layout that is not read; a library is missing.
    """
    tifffile = need('tifffile', 'tifffile', 'TIFF')
    need('imagecodecs', 'imagecodecs', 'TIFF')
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages.first
        check_pixels(page.imagewidth, page.imagelength, max_pixels)
        _check_pages(file)
        _check_layout(page)
        samples = _stored_samples(page)
        _check_against_libtiff(samples, page, data)
        rgb, alpha, grey = _to_picture(samples, page)
        tags = {code: page.tags[code].value for code in (ICC_PROFILE, XMP)
                if code in page.tags}  # fmt: skip
        exif = _read_exif(data)
        if page.is_shaped or page.is_imagej:  # tells a layout
            exif.pop(DESCRIPTION, None)
    return Picture(
        rgb,
        alpha,
        grey,
        tags.get(ICC_PROFILE),
        exif.tobytes() if len(exif) else None,
        clean_xmp(tags.get(XMP)),
        _read_dpi(exif),
    )


def _check_pages(file) -> None:
    """Only one picture: ImageJ puts many behind one directory."""
    pages = [page for page in file.pages if not page.is_reduced]
    first = file.pages.first
    if first.is_reduced:
        raise UnsupportedPicture('TIFF that begins with a thumbnail')
    frames = len(pages)
    if frames == 1 and (first.is_shaped or first.is_imagej):
        frames = max(file.series[0].size // max(first.size, 1), 1)
    if frames > 1 or first.imagedepth > 1:
        raise UnsupportedPicture(
            f'TIFF with {max(frames, first.imagedepth)} frames, allowed: one '
            '(save the first frame as a picture, or all of them as a video)'
        )


def _check_layout(page) -> None:
    if page.sampleformat != 1 or page.bitspersample not in (1, 2, 4, 8, 16):
        kind = {1: '', 2: ' (signed)', 3: ' (floating point)'}
        raise UnsupportedPicture(
            f'{page.bitspersample} bits a channel'
            f'{kind.get(page.sampleformat, "")}, allowed: 8 or 16, unsigned'
        )
    photometric, compression = int(page.photometric), int(page.compression)
    if photometric == YCBCR and compression != JPEG:
        raise UnsupportedPicture('YCbCr without JPEG compression')
    if photometric not in (*COLOURS, YCBCR):
        raise UnsupportedPicture(
            f'TIFF of colour space {_colours(page)}, allowed: grey, RGB, '
            'palette, CMYK, YCbCr'
        )
    extra = page.samplesperpixel - COLOURS.get(photometric, 3)
    allowed = (0, 1) if photometric < PALETTE else (0,)
    if extra not in allowed or (
        photometric == CMYK and page.bitspersample != 8
    ):
        raise UnsupportedPicture(
            f'TIFF of colour space {_colours(page)} with '
            f'{page.samplesperpixel} channels of {page.bitspersample} bits'
        )


def _colours(page) -> str:
    return getattr(page.photometric, 'name', str(page.photometric))


def _stored_samples(page) -> np.ndarray:
    """(H, W, C), uint8 or uint16, each in the full range of its type."""
    samples = page.asarray()
    samples = samples.reshape(
        (page.samplesperpixel, page.imagelength, page.imagewidth)
        if page.planarconfig == 2 and page.samplesperpixel > 1
        else (page.imagelength, page.imagewidth, page.samplesperpixel)
    )
    if page.planarconfig == 2 and page.samplesperpixel > 1:
        samples = np.moveaxis(samples, 0, -1)
    if page.bitspersample < 8:
        samples = samples.astype(np.uint8)
        if page.photometric != PALETTE:
            samples = samples * np.uint8(255 // (2**page.bitspersample - 1))
    return np.ascontiguousarray(
        samples.astype(samples.dtype.newbyteorder('='))
    )


def _check_against_libtiff(samples: np.ndarray, page, data: bytes) -> None:
    """Compare with a second decoder.

    Raises:
        UnsupportedPicture: It cannot read the file or reads other pixels.
    """
    by_pillow = (
        page.bitspersample < 8
        or page.photometric == CMYK
        or page.compression == JPEG
    )
    try:
        other = _by_pillow(data) if by_pillow else _by_imagecodecs(data)
    except MemoryError:
        raise
    except Exception as error:  # of a library, on bytes that it cannot read
        raise UnsupportedPicture(
            f'TIFF that libtiff cannot read, to confirm its pixels ({error})'
        ) from None
    mine = samples
    if by_pillow:  # turned, and black is 0
        mine = turn_upright(mine, _orientation(page))
        mine = ~mine if page.photometric == MIN_IS_WHITE else mine
    elif page.planarconfig == 2 and page.samplesperpixel > 1:
        mine = np.moveaxis(mine, -1, 0)
    if not np.array_equal(mine.squeeze(), other.squeeze()):
        raise UnsupportedPicture(
            'TIFF that two decoders read differently: a damaged file, or a '
            'layout that is not read'
        )


def _by_imagecodecs(data: bytes) -> np.ndarray:
    return need('imagecodecs', 'imagecodecs', 'TIFF').tiff_decode(data)


def _by_pillow(data: bytes) -> np.ndarray:
    with open_image(data, formats=['TIFF']) as image:
        pixels = np.array(image)
    return pixels * np.uint8(255) if pixels.dtype == bool else pixels


def _orientation(page) -> int:
    tag = page.tags.get(Base.Orientation)
    return 1 if tag is None else int(tag.value)


def _to_picture(samples: np.ndarray, page) -> tuple:
    """RGB, alpha and whether it is grey; see :class:`Picture`."""
    photometric = page.photometric
    if photometric == PALETTE:
        colours = (page.colormap >> 8).astype(np.uint8)
        return colours.T[samples[..., 0]], None, False
    if photometric == CMYK:
        image = Image.fromarray(samples, 'CMYK').convert('RGB')
        return np.array(image), None, False
    rgb, alpha, grey = split_alpha(samples)
    if alpha is not None and tuple(page.extrasamples) == (ASSOCIATED_ALPHA,):
        rgb = undo_premultiplication(rgb, alpha)
    return (~rgb if photometric == MIN_IS_WHITE else rgb), alpha, grey


def _read_directory(
    data: bytes, place: Optional[int] = None
) -> TiffImagePlugin.ImageFileDirectory_v2:
    """Tags of the directory at ``place``, of the first one without."""
    is_big = data[2:4] in (b'\x2b\0', b'\0\x2b')
    directory = TiffImagePlugin.ImageFileDirectory_v2(
        data[: 16 if is_big else 8]
    )
    file = io.BytesIO(data)
    file.seek(directory.next if place is None else place)
    directory.load(file)
    return directory


def _read_exif(data: bytes) -> Image.Exif:
    """What is not about the layout of the file."""
    tags, exif = _read_directory(data), Image.Exif()
    for tag in (*KEPT_TAGS, Base.Orientation):
        if tag in tags:
            exif[tag] = tags[tag]
    for tag in SUB_DIRECTORIES:
        if tag in tags:
            found = dict(_read_directory(data, tags[tag]))
            found.pop(INTEROPERABILITY, None)
            exif[tag] = found
    return exif


def _read_dpi(exif: Image.Exif) -> Optional[tuple]:
    factor = {INCH: 1, CENTIMETRE: 2.54}.get(exif.get(RESOLUTION_UNIT, INCH))
    if factor is None or X_RESOLUTION not in exif:
        return None
    x = exif[X_RESOLUTION]
    return tuple(
        round(float(value) * factor, 2)
        for value in (x, exif.get(Y_RESOLUTION, x))
    )


def encode_tiff(
    pixels: np.ndarray, picture: Picture, profile: Optional[bytes]
) -> bytes:
    """A TIFF file with one compressed strip.

    The directories are Pillow's, which alone writes those of EXIF and GPS.

    Args:
        pixels: (H, W, 1 to 4), uint8 or uint16; an even number of channels
            has alpha as the last.
        picture: What else is kept; its pixels are not looked at.
        profile: ICC profile of the written colours.
    """
    height, width, channels = pixels.shape
    little_endian = pixels.astype(pixels.dtype.newbyteorder('<'))
    strip = zlib.compress(little_endian.tobytes())
    tags = _kept_tags(picture)
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
    for tag, value, kind in (
        (ICC_PROFILE, profile, 7),  # undefined
        (XMP, picture.xmp, 1),  # bytes
    ):
        if value:
            tags.tagtype[tag] = kind
            tags[tag] = value
    file = io.BytesIO()
    tags.save(file)
    return file.getvalue() + strip


def _kept_tags(picture: Picture) -> TiffImagePlugin.ImageFileDirectory_v2:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    found = Image.Exif()
    if picture.exif:
        found.load(picture.exif)
    for tag in (*KEPT_TAGS, Base.Orientation):
        if tag in found:
            tags[tag] = found[tag]
    for tag in SUB_DIRECTORIES:
        if found.get_ifd(tag):
            tags[tag] = found.get_ifd(tag)
    unknown = X_RESOLUTION not in tags or tags.get(RESOLUTION_UNIT) == NO_UNIT
    if picture.dpi and unknown:
        tags[X_RESOLUTION], tags[Y_RESOLUTION] = picture.dpi
        tags[RESOLUTION_UNIT] = INCH
    return tags

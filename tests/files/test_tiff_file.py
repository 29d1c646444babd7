"""Any layout of a TIFF file gives its pixels, or an error; never others."""

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from ruas_mm.files import tiff_file
from ruas_mm.files.picture_file import read_picture, write_picture

HEIGHT, WIDTH = 37, 50  # no multiple of a strip or tile
LAYOUTS = {
    'plain': dict(),
    'big endian': dict(byteorder='>'),
    'BigTIFF': dict(bigtiff=True),
    'strips': dict(rowsperstrip=8),
    'tiles': dict(tile=(16, 16)),
    'LZW, predictor': dict(compression='lzw', predictor=True),
    'LZW tiles, big endian': dict(
        compression='lzw', predictor=True, tile=(16, 32), byteorder='>'
    ),
    'deflate, predictor': dict(compression='zlib', predictor=True),
    'zstd': dict(compression='zstd', rowsperstrip=10),
    'PackBits': dict(compression='packbits'),
}
RGB_ALPHA = dict(photometric='rgb', extrasamples=['unassalpha'])
KINDS = {
    'grey': (1, dict(photometric='minisblack')),
    'white is 0': (1, dict(photometric='miniswhite')),
    'grey, alpha': (
        2, dict(photometric='minisblack', extrasamples=['unassalpha'])
    ),
    'RGB': (3, dict(photometric='rgb')),
    'RGB, alpha': (4, RGB_ALPHA),
    'RGB, unnamed': (4, dict(photometric='rgb', extrasamples=[0])),
}  # fmt: skip


def random_pixels(channels, depth):
    return np.random.RandomState(depth + channels).randint(
        0, 2**depth, (HEIGHT, WIDTH, channels)
    ).astype(f'uint{depth}')  # fmt: skip


def write(path, pixels, planar=False, **options):
    channels = pixels.shape[-1]
    if planar:
        pixels = np.moveaxis(pixels, -1, 0)
        options['planarconfig'] = 'separate'
    elif channels == 1:
        pixels = pixels[..., 0]
    else:
        options['planarconfig'] = 'contig'
    options = {'metadata': None, **options}
    tifffile.imwrite(path, np.ascontiguousarray(pixels), **options)


def write_packed(path, values, bits, **options):
    """Several values a byte, which the writer does not do."""
    shifts = np.arange(bits)[::-1]
    digits = (values[..., None] >> shifts & 1).reshape(len(values), -1)
    packed = np.packbits(digits.astype(bool), axis=1)
    tifffile.imwrite(path, packed, metadata=None, **options)
    with tifffile.TiffFile(path, mode='r+b') as file:
        tags = file.pages.first.tags
        tags['ImageWidth'].overwrite(values.shape[1])
        tags['BitsPerSample'].overwrite(bits)


def assert_is(picture, rgb, alpha=None):
    np.testing.assert_array_equal(picture.rgb, rgb)
    assert picture.rgb.dtype == rgb.dtype
    if alpha is None:
        assert picture.alpha is None
    else:
        np.testing.assert_array_equal(picture.alpha, alpha)


@pytest.mark.parametrize('depth', [8, 16])
@pytest.mark.parametrize('planar', [False, True])
@pytest.mark.parametrize('kind', KINDS)
def test_layouts_give_the_pixels_that_were_written(
    tmp_path, kind, planar, depth
):
    channels, options = KINDS[kind]
    if planar and channels == 1:
        pytest.skip('one plane')
    pixels = random_pixels(channels, depth)
    colours = pixels[..., : channels - (channels % 2 == 0)]
    rgb = np.broadcast_to(colours, (HEIGHT, WIDTH, 3))
    rgb = ~rgb if kind == 'white is 0' else rgb
    alpha = pixels[..., -1] if channels % 2 == 0 else None
    path = tmp_path / 'a.tif'
    for layout in LAYOUTS.values():
        write(path, pixels, planar, **options, **layout)
        for _ in range(3):
            picture = read_picture(path)
            assert_is(picture, rgb, alpha)
            assert picture.grey == (channels < 3)
    write_picture(tmp_path / 'b.tif', picture)
    assert_is(read_picture(tmp_path / 'b.tif'), rgb, alpha)
    content = (tmp_path / 'b.tif').read_bytes()
    write_picture(tmp_path / 'b.tif', read_picture(path))
    assert content == (tmp_path / 'b.tif').read_bytes()


@pytest.mark.parametrize('depth', [8, 16])
def test_colours_that_are_stored_times_alpha(tmp_path, depth):
    peak = 2**depth - 1
    pixels = random_pixels(4, depth)
    pixels[..., 3] = peak // 3  # a third
    pixels[..., :3] //= 3
    pixels[:, 0, :] = 0
    write(
        tmp_path / 'a.tif', pixels, photometric='rgb',
        extrasamples=['assocalpha'],
    )  # fmt: skip
    picture = read_picture(tmp_path / 'a.tif')
    assert_is(picture, pixels[..., :3] * picture.rgb.dtype.type(3),
              pixels[..., 3])  # fmt: skip


@pytest.mark.parametrize('bits', [1, 4])
@pytest.mark.parametrize('zero_is_white', [False, True])
def test_few_bits_fill_the_range(tmp_path, bits, zero_is_white):
    values = random_pixels(1, 8)[..., 0] >> (8 - bits)
    write_packed(
        tmp_path / 'a.tif', values, bits,
        photometric='miniswhite' if zero_is_white else 'minisblack',
    )  # fmt: skip
    expected = values * np.uint8(255 // (2**bits - 1))
    expected = 255 - expected if zero_is_white else expected
    picture = read_picture(tmp_path / 'a.tif')
    assert_is(picture, np.dstack([expected] * 3))
    assert picture.grey


def test_palette(tmp_path):
    colours = np.random.RandomState(0).randint(0, 256, (3, 256)) * 257
    values = random_pixels(1, 8)[..., 0]
    tifffile.imwrite(
        tmp_path / 'a.tif', values, photometric='palette',
        colormap=colours.astype(np.uint16),
    )  # fmt: skip
    expected = (colours // 257).astype(np.uint8).T[values]
    assert_is(read_picture(tmp_path / 'a.tif'), expected)


@pytest.mark.parametrize('mode', ['L', 'RGB', 'CMYK', 'YCbCr'])
def test_jpeg_inside(tmp_path, mode):
    image = Image.linear_gradient('L').resize((WIDTH, HEIGHT)).convert(mode)
    image.save(tmp_path / 'a.tif', compression='jpeg', quality=95)
    picture = read_picture(tmp_path / 'a.tif')
    difference = picture.rgb - np.float32(image.convert('RGB'))
    assert np.abs(difference).max() < 8
    assert picture.grey == (mode == 'L')


@pytest.mark.parametrize('depth', [8, 16])
@pytest.mark.parametrize('orientation', range(1, 9))
def test_orientation_is_kept_and_not_applied(tmp_path, orientation, depth):
    pixels = random_pixels(3, depth)
    tag = (274, 'H', 1, orientation, True)
    write(tmp_path / 'a.tif', pixels, photometric='rgb', extratags=[tag])
    picture = read_picture(tmp_path / 'a.tif')
    assert_is(picture, pixels)
    exif = Image.Exif()
    exif.load(picture.exif)
    assert exif[274] == orientation


def several_pages(path):
    for seed in range(3):
        tifffile.imwrite(path, random_pixels(1, 8), append=seed > 0)


def written(pixels, **options):
    return lambda path: write(path, pixels, **options)


def lab(path):
    Image.fromarray(random_pixels(3, 8)).convert('LAB').save(path)


@pytest.mark.parametrize(
    'make, message',
    [
        (written(np.ones((4, 4, 1), np.float32)), '32 bits.*floating'),
        (written(np.ones((4, 4, 1), np.float16)), '16 bits.*floating'),
        (written(np.ones((4, 4, 1), np.uint32)), '32 bits a channel'),
        (written(np.ones((4, 4, 1), np.int16)), '16 bits.*signed'),
        (
            lambda path: write_packed(path, np.ones((4, 4), np.uint16), 12),
            '12 bits a channel',
        ),
        (
            written(random_pixels(5, 8), photometric='rgb'),
            'with 5 channels of 8 bits',
        ),
        (
            written(random_pixels(4, 16), photometric='separated'),
            'with 4 channels of 16 bits',
        ),
        (lab, 'colour space'),
        (several_pages, '3 frames'),
        (  # one directory, three pictures
            lambda path: tifffile.imwrite(
                path,
                np.zeros((5, 4, 4), np.uint8),
                imagej=True,
                photometric='minisblack',
                truncate=True,
            ),
            '5 frames',
        ),
    ],
)
def test_what_is_not_read_is_named(tmp_path, make, message):
    make(tmp_path / 'a.tif')
    with pytest.raises(ValueError, match=f'a.tif: .*{message}'):
        read_picture(tmp_path / 'a.tif')


def test_smaller_copy_behind_the_picture_is_left_out(tmp_path):
    pixels = random_pixels(3, 16)
    with tifffile.TiffWriter(tmp_path / 'a.tif') as file:
        file.write(pixels, photometric='rgb')
        file.write(pixels[::4, ::4], photometric='rgb', subfiletype=1)
    assert_is(read_picture(tmp_path / 'a.tif'), pixels)


@pytest.mark.parametrize('decoder', ['_by_imagecodecs', '_by_pillow'])
@pytest.mark.parametrize('answer', ['other pixels', 'an error'])
def test_second_decoder_must_agree(tmp_path, monkeypatch, decoder, answer):
    bits = dict(_by_imagecodecs=8, _by_pillow=1)[decoder]
    pixels = random_pixels(1, 8)
    write(tmp_path / 'a.tif', pixels.astype(bool) if bits == 1 else pixels)
    read_picture(tmp_path / 'a.tif')
    decode = getattr(tiff_file, decoder)

    def decode_wrongly(data):
        if answer == 'an error':
            raise RuntimeError('unknown')
        return decode(data)[::-1]

    monkeypatch.setattr(tiff_file, decoder, decode_wrongly)
    with pytest.raises(ValueError, match=r'a\.tif: TIFF that'):
        read_picture(tmp_path / 'a.tif')


@pytest.mark.parametrize('compression', [None, 'lzw', 'zlib', 'jpeg'])
def test_missing_strips_are_not_filled_up(tmp_path, compression):
    pixels = random_pixels(3, 8)
    write(
        tmp_path / 'a.tif', pixels, photometric='rgb',
        compression=compression, rowsperstrip=16,
    )  # fmt: skip
    with tifffile.TiffFile(tmp_path / 'a.tif') as file:
        end = file.pages.first.dataoffsets[-1]
    content = (tmp_path / 'a.tif').read_bytes()
    (tmp_path / 'a.tif').write_bytes(content[: end + 20])
    with pytest.raises(ValueError, match='a.tif'):
        read_picture(tmp_path / 'a.tif')


def test_other_libraries_read_the_profile_and_the_alpha(tmp_path):
    write(tmp_path / 'a.tif', random_pixels(4, 16), **RGB_ALPHA)
    picture = read_picture(tmp_path / 'a.tif')
    picture.xmp, picture.dpi = b'<x:xmpmeta/>', (300.0, 150.0)
    write_picture(tmp_path / 'b.tif', picture)
    pixels = cv2.imread(str(tmp_path / 'b.tif'), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(pixels[..., 2::-1], picture.rgb)
    with tifffile.TiffFile(tmp_path / 'b.tif') as file:
        page = file.pages.first
        assert page.extrasamples == (2,)
        assert page.tags[700].value == b'<x:xmpmeta/>'
        assert page.tags['XResolution'].value == (300, 1)
        assert page.tags['YResolution'].value == (150, 1)
        assert page.tags['ResolutionUnit'].value == 2

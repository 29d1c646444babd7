"""Pictures of phones: full depth, upright once, nothing lost silently."""

import sys

import numpy as np
import pytest
from PIL import Image, features

from ruas_mm.files.picture_file import (
    check_target_format,
    read_picture,
    target_name,
    write_picture,
)

pillow_heif = pytest.importorskip('pillow_heif')
imagecodecs = pytest.importorskip('imagecodecs')

HEIGHT, WIDTH = 48, 64


def ramp(channels, bits):
    """Brighter to the right and downwards: tells how it is turned."""
    across = np.linspace(0, 1, WIDTH)[None] * np.ones((HEIGHT, 1))
    down = np.linspace(0, 1, HEIGHT)[:, None] * np.ones((1, WIDTH))
    planes = [across, down, across * down, 0.2 + 0.8 * across][:channels]
    planes = planes if channels != 2 else [across, 0.2 + 0.8 * across]
    values = (np.dstack(planes) * (2**bits - 1)).round()
    return values.astype(np.uint8 if bits == 8 else np.uint16)


def xmp_packet(orientation):
    return f'<x:xmpmeta tiff:Orientation="{orientation}" a="b"/>'.encode()


def exif_block(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = 'a camera'
    return exif.tobytes()


def orientation_of(picture):
    exif = Image.Exif()
    exif.load(picture.exif)
    return exif.get(0x0112, 1)


def write_heic(path, mode, bits, orientation=1, **options):
    channels = len(mode)
    pixels = ramp(channels, bits)
    name = mode if bits == 8 else f'{mode};16'
    raw = pixels if bits == 8 else pixels << (16 - bits)
    file = pillow_heif.from_bytes(name, (WIDTH, HEIGHT), raw.tobytes())
    pillow_heif.options.SAVE_HDR_TO_12_BIT = bits == 12
    file.save(
        path, quality=-1, chroma=444, format='HEIF', **options,
        xmp=xmp_packet(orientation), exif=exif_block(orientation),
    )  # fmt: skip
    pillow_heif.options.SAVE_HDR_TO_12_BIT = False
    return pixels


def write_avif(path, mode, bits, orientation=1):
    pixels = ramp(len(mode), bits)
    if bits == 8:
        Image.fromarray(pixels.squeeze()).save(
            path, 'AVIF', quality=100, subsampling='4:4:4',
            xmp=xmp_packet(orientation), exif=exif_block(orientation),
        )  # fmt: skip
    else:
        path.write_bytes(
            imagecodecs.avif_encode(
                pixels.squeeze(), level=100, bitspersample=bits
            )
        )
    return pixels


@pytest.mark.parametrize('bits', [8, 10, 12])
@pytest.mark.parametrize('mode', ['L', 'RGB', 'RGBA'])
@pytest.mark.parametrize('write', [write_heic, write_avif])
def test_depth_and_alpha_are_read(tmp_path, write, mode, bits):
    path = tmp_path / 'a.bin'  # the content tells, not the name
    pixels = write(path, mode, bits)
    picture = read_picture(path)
    assert picture.depth == (8 if bits == 8 else 16)
    found = picture.rgb / np.float64(2**picture.depth - 1)
    expected = pixels / np.float64(2**bits - 1)
    colours = expected[..., : min(len(mode), 3)]
    # lossless, but for the way to YCbCr and back
    assert np.abs(found - colours).max() < 2.6 / 2**bits
    assert found.min() == 0 and found.max() == 1
    assert (picture.alpha is not None) == (mode == 'RGBA')
    if picture.alpha is not None:
        alpha = picture.alpha / np.float64(2**picture.depth - 1)
        assert np.abs(alpha - expected[..., 3]).max() < 1.5 / 2**bits
    # what the name of the result says can hold it, and the same bytes twice
    target = target_name(path.with_suffix('.heic'))
    check_target_format(target, picture)
    contents = []
    for _ in range(2):
        write_picture(target, read_picture(path))
        contents.append(target.read_bytes())
    assert contents[0] == contents[1]
    np.testing.assert_array_equal(read_picture(target).rgb, picture.rgb)


@pytest.mark.parametrize('orientation', range(1, 9))
@pytest.mark.parametrize('write', [write_heic, write_avif])
def test_upright_exactly_once(tmp_path, write, orientation):
    stored = write(tmp_path / 'a', 'RGB', 8, orientation)
    image = Image.fromarray(stored)
    image.getexif()[0x0112] = orientation
    turned = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }.get(orientation)
    expected = np.asarray(image if turned is None else image.transpose(turned))
    picture = read_picture(tmp_path / 'a')
    assert picture.rgb.shape == expected.shape
    assert np.abs(picture.rgb.astype(int) - expected).max() <= 3
    assert orientation_of(picture) == 1
    if orientation != 1:
        assert b'a camera' in picture.exif
        assert b'Orientation' not in picture.xmp and b'a="b"' in picture.xmp


def test_rotation_of_an_avif_of_10_bits(tmp_path):
    """The container's rotation without any EXIF block."""
    pixels = write_avif(tmp_path / 'a.avif', 'RGB', 10)
    content = (tmp_path / 'a.avif').read_bytes()
    quarter = b'\0\0\0\x09irot\1'  # anticlockwise
    content = insert_property(content, quarter)
    (tmp_path / 'a.avif').write_bytes(content)
    picture = read_picture(tmp_path / 'a.avif')
    expected = np.rot90(pixels) / 1023
    assert picture.rgb.shape == expected.shape
    assert np.abs(picture.rgb / 65535 - expected).max() < 0.003


def insert_property(content, box):
    """Add an item property to the one picture of an AVIF file."""
    place = content.index(b'ipma') - 4
    size = int.from_bytes(content[place : place + 4], 'big')
    ipma = bytearray(content[place : place + size])
    count = content[content.index(b'ipco') - 4 :]
    ipco_at = content.index(b'ipco') - 4
    ipco_size = int.from_bytes(count[:4], 'big')
    number, inner = 1, ipco_at + 8
    while inner < ipco_at + ipco_size:
        inner += int.from_bytes(content[inner : inner + 4], 'big')
        number += 1
    assert ipma[12:16] == bytes([0, 0, 0, 1])  # one item
    ipma[18] += 1
    ipma += bytes([0x80 | number])
    grown = bytearray(content)
    grown[place : place + size] = ipma
    grown[ipco_at + ipco_size : ipco_at + ipco_size] = box
    more = {b'ipma': 1, b'ipco': len(box), b'iprp': len(box) + 1,
            b'meta': len(box) + 1}  # fmt: skip
    for name, extra in more.items():
        at = grown.index(name) - 4
        new = int.from_bytes(grown[at : at + 4], 'big') + extra
        grown[at : at + 4] = new.to_bytes(4, 'big')
    at = grown.index(b'iloc') + 4
    offset_at = grown.index(content_offset(content), at)
    new = int.from_bytes(content_offset(content), 'big') + len(box) + 1
    grown[offset_at : offset_at + 4] = new.to_bytes(4, 'big')
    return bytes(grown)


def content_offset(content):
    return (content.index(b'mdat') + 4).to_bytes(4, 'big')


@pytest.mark.parametrize('number, name', [(16, 'PQ'), (18, 'HLG')])
def test_brightness_of_hdr_is_named(tmp_path, number, name):
    write_heic(
        tmp_path / 'a.heic', 'RGB', 10, color_primaries=9,
        transfer_characteristics=number, matrix_coefficients=9,
    )  # fmt: skip
    write_avif(tmp_path / 'a.avif', 'RGB', 10)
    content = bytearray((tmp_path / 'a.avif').read_bytes())
    place = content.index(b'colrnclx') + 10
    content[place : place + 2] = bytes([0, number])
    (tmp_path / 'a.avif').write_bytes(content)
    for suffix in ('heic', 'avif'):
        with pytest.raises(ValueError, match=rf'a\.{suffix}: .*{name}.*HDR'):
            read_picture(tmp_path / f'a.{suffix}')


def test_avif_with_several_frames_is_refused(tmp_path):
    frames = [Image.new('RGB', (16, 16), (i * 80, 0, 0)) for i in range(3)]
    frames[0].save(
        tmp_path / 'a.avif', save_all=True, append_images=frames[1:]
    )
    with pytest.raises(ValueError, match='AVIF with 3 frames'):
        read_picture(tmp_path / 'a.avif')


@pytest.mark.parametrize('write', [write_heic, write_avif])
def test_broken_files_are_value_errors(tmp_path, write):
    write(tmp_path / 'a.x', 'RGB', 8)
    content = (tmp_path / 'a.x').read_bytes()
    for length in (12, 100, len(content) // 2, len(content) * 9 // 10):
        (tmp_path / 'a.x').write_bytes(content[:length])
        with pytest.raises(ValueError, match=r'a\.x: '):
            read_picture(tmp_path / 'a.x')


@pytest.mark.parametrize(
    'suffix, missing, command',
    [
        ('heic', 'pillow_heif', 'pip install pillow-heif'),
        ('tif', 'tifffile', 'pip install tifffile'),
        ('tif', 'imagecodecs', 'pip install imagecodecs'),
        ('avif', 'imagecodecs', 'pip install imagecodecs'),
    ],
)
def test_missing_library_is_named(
    tmp_path, monkeypatch, suffix, missing, command
):
    path = tmp_path / f'a.{suffix}'
    if suffix == 'tif':
        Image.new('RGB', (4, 4)).save(path)
    elif suffix == 'heic':
        write_heic(path, 'RGB', 8)
    else:
        write_avif(path, 'RGB', 10)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ValueError, match=f'a.{suffix}: .*{command}'):
        read_picture(path)


def test_pillow_without_avif_is_named(tmp_path, monkeypatch):
    write_avif(tmp_path / 'a.avif', 'RGB', 8)
    monkeypatch.setattr(features, 'check', lambda name: False)
    with pytest.raises(ValueError, match='a.avif: .*pip install .pillow>='):
        read_picture(tmp_path / 'a.avif')


def test_real_phone_picture(shared):
    path = shared().parent / 'cases' / 'iphone.heic'
    if not path.exists():
        pytest.skip('no example')
    picture = read_picture(path)
    assert picture.rgb.shape == (96, 128, 3) and picture.rgb.std() > 1

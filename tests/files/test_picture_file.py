import io
import struct

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from ruas_mm.files.picture_file import (
    Picture,
    check_target_format,
    read_picture,
    write_picture,
)

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
GREY_PROFILE = SRGB[:16] + b'GRAY' + SRGB[20:]
SIZE = (6, 9)  # height, width


def exif_block(orientation=6):
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = 'a camera'
    exif[0x8769] = {0x829D: 2.8}
    return exif.tobytes()


def random_pixels(channels, depth, seed=0):
    return np.random.RandomState(seed).randint(
        0, 2**depth, (*SIZE, channels)
    ).astype(f'uint{depth}')  # fmt: skip


def make_picture(grey, alpha, depth):
    rgb = random_pixels(1 if grey else 3, depth)
    rgb = np.repeat(rgb, 3, -1) if grey else rgb
    return Picture(
        rgb,
        random_pixels(1, depth, seed=1)[..., 0] if alpha else None,
        grey,
        GREY_PROFILE if grey else SRGB,
        exif_block(),
    )


def orientation_of(exif):
    block = Image.Exif()
    block.load(exif)
    return block[0x0112]


@pytest.mark.parametrize('alpha', [False, True])
@pytest.mark.parametrize('grey', [False, True])
@pytest.mark.parametrize(
    'suffix, depth',
    [('.png', 8), ('.png', 16), ('.tif', 8), ('.tiff', 16), ('.webp', 8)],
)
def test_everything_survives(tmp_path, suffix, depth, grey, alpha):
    path = tmp_path / f'picture{suffix}'
    before = make_picture(grey, alpha, depth)
    write_picture(path, before)
    after = read_picture(path)
    assert after.depth == depth
    np.testing.assert_array_equal(after.rgb, before.rgb)
    if alpha:
        np.testing.assert_array_equal(after.alpha, before.alpha)
    else:
        assert after.alpha is None
    assert orientation_of(after.exif) == 6
    assert b'a camera' in after.exif
    if grey and (suffix == '.webp' or depth == 16 and alpha):
        assert not after.grey and after.icc_profile is None
    else:
        assert after.grey == grey
        assert after.icc_profile == before.icc_profile
    # a second pass changes nothing more
    write_picture(path, after)
    assert read_picture(path).exif == after.exif


@pytest.mark.parametrize('suffix', ['.png', '.tif'])
@pytest.mark.parametrize('channels', [1, 3, 4])
def test_other_libraries_read_what_we_write_in_16_bits(
    tmp_path, suffix, channels
):
    path = tmp_path / f'picture{suffix}'
    picture = make_picture(channels == 1, channels == 4, 16)
    picture.exif = exif_block(orientation=1)
    write_picture(path, picture)
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if channels == 1:
        np.testing.assert_array_equal(pixels, picture.rgb[..., 0])
        return
    np.testing.assert_array_equal(pixels[..., 2::-1], picture.rgb)
    if channels == 4:
        np.testing.assert_array_equal(pixels[..., 3], picture.alpha)
    with Image.open(path) as image:
        assert image.info['icc_profile'] == SRGB
        assert image.getexif()[0x0112] == 1
        assert image.getexif().get_ifd(0x8769)[0x829D] == 2.8


def test_jpeg_keeps_size_exif_and_profile(tmp_path):
    path = tmp_path / 'picture.JPG'
    before = make_picture(False, False, 8)
    before.rgb[:] = 60
    write_picture(path, before)
    after = read_picture(path)
    assert abs(after.rgb.astype(int) - 60).max() <= 1
    assert after.exif == before.exif and after.icc_profile == SRGB


@pytest.mark.parametrize('mode', ['1', 'L', 'P', 'RGB', 'CMYK'])
def test_modes_of_pillow(tmp_path, mode):
    path = tmp_path / ('a.tif' if mode == 'CMYK' else 'a.png')
    image = Image.fromarray(random_pixels(3, 8)).convert(mode)
    image.save(path, icc_profile=SRGB[:16] + b'CMYK' + SRGB[20:])
    picture = read_picture(path)
    np.testing.assert_array_equal(picture.rgb, image.convert('RGB'))
    assert picture.grey == (mode in ('1', 'L'))
    write_picture(tmp_path / 'b.png', picture)
    assert read_picture(tmp_path / 'b.png').icc_profile is None


def test_palette_with_transparency_becomes_rgba(tmp_path):
    image = Image.fromarray(random_pixels(3, 8)).convert('P', colors=4)
    image.save(tmp_path / 'a.png', transparency=bytes([0, 50, 255, 255]))
    picture = read_picture(tmp_path / 'a.png')
    assert set(np.unique(picture.alpha)) <= {0, 50, 255}
    write_picture(tmp_path / 'b.png', picture)
    with Image.open(tmp_path / 'b.png') as image:
        assert image.mode == 'RGBA'


def test_grey_is_written_as_luma(tmp_path):
    rgb = np.zeros((1, 1, 3), np.uint8)
    rgb[0, 0] = 10, 20, 30
    write_picture(tmp_path / 'a.png', Picture(rgb, grey=True))
    with Image.open(tmp_path / 'a.png') as image:
        assert image.mode == 'L' and image.getpixel((0, 0)) == 18


def big_tiff_with_orientation(path):
    pixels = random_pixels(3, 8)
    Image.fromarray(pixels).save(path, big_tiff=True, tiffinfo={274: 6})
    return pixels


def tiff16(order, photometric):
    return lambda path: write_grey_tiff16(path, order, photometric)


def write_grey_tiff16(path, order, photometric):
    """As other programs do: either byte order, black or white as 0."""
    pixels = random_pixels(1, 16)[..., 0]
    strip = pixels.astype(f'{order}u2').tobytes()
    entries = [
        (256, SIZE[1]), (257, SIZE[0]), (258, 16), (259, 1),
        (262, photometric),
        (273, 8), (274, 6), (277, 1), (278, SIZE[0]), (279, len(strip)),
    ]  # fmt: skip
    path.write_bytes(
        {'<': b'II', '>': b'MM'}[order]
        + struct.pack(f'{order}HI', 42, 8 + len(strip))
        + strip
        + struct.pack(f'{order}H', len(entries))
        + b''.join(
            struct.pack(f'{order}HHIHH', tag, 3, 1, value, 0)
            for tag, value in entries
        )
        + bytes(4)
    )
    pixels = np.repeat(pixels[..., None], 3, -1)
    return pixels if photometric else 65535 - pixels


@pytest.mark.parametrize(
    'make', [big_tiff_with_orientation, tiff16('<', 0), tiff16('>', 1)]
)
def test_tiff_pixels_stay_as_stored(tmp_path, make):
    path = tmp_path / 'a.tif'
    pixels = make(path)
    picture = read_picture(path)
    np.testing.assert_array_equal(picture.rgb, pixels)
    assert orientation_of(picture.exif) == 6
    write_picture(path, picture)
    np.testing.assert_array_equal(read_picture(path).rgb, pixels)


def test_phone_jpeg_with_a_second_view_is_one_picture(tmp_path):
    image = Image.fromarray(random_pixels(3, 8))
    image.save(tmp_path / 'a.jpg', 'MPO', save_all=True, append_images=[image])
    assert read_picture(tmp_path / 'a.jpg').rgb.shape == (*SIZE, 3)


@pytest.mark.parametrize('kind', ['GIF', 'PNG', 'WEBP', 'TIFF'])
def test_several_frames_are_refused(tmp_path, kind):
    frames = [Image.fromarray(random_pixels(3, 8, seed=i)) for i in range(3)]
    frames[0].save(
        tmp_path / 'a', kind, save_all=True, append_images=frames[1:]
    )
    with pytest.raises(ValueError, match=f'a: {kind} with 3 frames.*first'):
        read_picture(tmp_path / 'a')


def test_other_kinds_are_named(tmp_path):
    Image.new('RGB', (4, 4)).save(tmp_path / 'a.gif')
    with pytest.raises(ValueError, match='GIF, allowed.*PNG'):
        read_picture(tmp_path / 'a.gif')
    Image.new('F', (4, 4)).save(tmp_path / 'a.tif')
    with pytest.raises(ValueError, match='32 bits a channel'):
        read_picture(tmp_path / 'a.tif')
    with pytest.raises(ValueError, match='gone.png: cannot be read'):
        read_picture(tmp_path / 'gone.png')
    with pytest.raises(ValueError, match='allowed suffixes'):
        check_target_format('a.gif')


@pytest.mark.parametrize(
    'suffix, alpha, depth, message',
    [
        ('.jpg', False, 16, 'JPEG cannot hold 16 bits.*PNG, TIFF'),
        ('.webp', False, 16, 'WEBP cannot hold 16 bits'),
        ('.jpg', True, 8, 'JPEG cannot hold transparency'),
        ('.bmp', True, 8, 'BMP cannot hold transparency'),
    ],
)
def test_nothing_is_lost_silently(tmp_path, suffix, alpha, depth, message):
    with pytest.raises(ValueError, match=message):
        write_picture(
            tmp_path / f'a{suffix}', make_picture(False, alpha, depth)
        )
    assert not list(tmp_path.iterdir())


@pytest.mark.filterwarnings('ignore::UserWarning:PIL')
@pytest.mark.parametrize(
    'suffix, depth',
    [
        ('.png', 8), ('.png', 16), ('.tif', 8), ('.tif', 16), ('.webp', 8),
        ('.jpg', 8), ('.bmp', 8),
    ],
)  # fmt: skip
def test_broken_files_are_value_errors(tmp_path, suffix, depth):
    """Truncated anywhere: an error; a changed byte: an error or a picture."""
    path = tmp_path / f'a{suffix}'
    write_picture(path, make_picture(False, False, depth))
    data, state = path.read_bytes(), np.random.RandomState(0)
    for length in [0, 1, 20, len(data) // 2, len(data) * 9 // 10]:
        path.write_bytes(data[:length])
        with pytest.raises(ValueError, match='a\\.'):
            read_picture(path)
    for place in state.randint(0, len(data), 60):
        broken = bytearray(data)
        broken[place] = state.randint(256)
        path.write_bytes(broken)
        try:
            read_picture(path)
        except ValueError as error:
            assert str(path) in str(error)


def test_full_disk_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / 'a.png'
    path.write_bytes(b'before')

    def full_disk(self, data):
        with open(self, 'wb') as file:
            file.write(data[:10])
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(type(path), 'write_bytes', full_disk)
    with pytest.raises(OSError, match='No space'):
        write_picture(path, make_picture(False, False, 8))
    assert path.read_bytes() == b'before'
    assert list(tmp_path.iterdir()) == [path]


def test_real_photographs(shared):
    for path in sorted(shared('unlabelled', 'sice').rglob('*.*'))[:3]:
        picture = read_picture(path)
        with Image.open(io.BytesIO(path.read_bytes())) as image:
            assert picture.rgb.shape == (*image.size[::-1], 3)

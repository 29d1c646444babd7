"""What becomes of unusual image files: an error, or a documented result."""

import io

import cv2
import numpy as np
import pytest
from mmcv.transforms import LoadImageFromFile
from PIL import Image

from ruas_mm.datasets.image_files import (
    FileIndex,
    check_image_complete,
    read_image_size,
)
from ruas_mm.datasets.transforms.load_image_pair import read_bgr
from ruas_mm.registry import DATASETS

PICTURE = np.random.RandomState(0).randint(0, 255, (48, 64, 3), np.uint8)


def encode(suffix, picture=PICTURE):
    return cv2.imencode(suffix, picture)[1].tobytes()


def encode_by_pillow(kind, orientation=1, **options):
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(PICTURE).save(file, kind, exif=exif, **options)
    return file.getvalue()


def load(path):
    check_image_complete(str(path))
    return LoadImageFromFile()(dict(img_path=str(path)))['img']


@pytest.mark.parametrize(
    'names, found',
    [
        (['a.jpg'], 'a.jpg'),
        (['A.JPG'], 'A.JPG'),
        (['A.JPG', 'a.JPG', 'a.jpg'], 'a.jpg'),
        (['A.JPG', 'a.JPG'], None),
        (['b.jpg'], None),
    ],
)
def test_name_comes_before_its_other_cases(tmp_path, names, found):
    for name in names:
        (tmp_path / name).touch()
    index = FileIndex(str(tmp_path))
    if found is None:
        with pytest.raises(ValueError, match='a.jpg: missing file'):
            index.find('', 'a.jpg')
    else:
        assert index.find('', 'a.jpg') == str(tmp_path / found)


@pytest.mark.parametrize(
    'kind, options',
    [
        ('JPEG', dict()),
        ('PNG', dict()),
        ('WEBP', dict(lossless=True)),
        ('BMP', dict()),
        ('TIFF', dict()),
        ('TIFF', dict(compression='tiff_adobe_deflate')),
        ('TIFF', dict(compression='jpeg')),  # full of JPEG's end markers
    ],
)
@pytest.mark.parametrize('name', ['dark.jpg', 'dark.tif'])
@pytest.mark.parametrize('kept', [0, 0.1, 0.5, 0.9])
def test_truncated_image_is_an_error(tmp_path, kind, options, name, kept):
    content = encode_by_pillow(kind, **options)
    path = tmp_path / name
    path.write_bytes(content)
    assert load(path).shape == PICTURE.shape
    path.write_bytes(content[: int(kept * len(content))])
    for read in (load, read_bgr):
        with pytest.raises(ValueError, match=name):
            read(path)


@pytest.mark.parametrize(
    'kind, end', [('PNG', b'\xff\xd9'), ('JPEG', b'IEND')]
)
def test_end_marker_of_another_format_does_not_count(tmp_path, kind, end):
    content = encode_by_pillow(kind)
    path = tmp_path / 'dark.png'
    path.write_bytes(content[: len(content) // 2] + end)
    with pytest.raises(ValueError, match='dark.png.*truncated'):
        load(path)


def test_trailing_bytes_are_ignored(tmp_path):
    path = tmp_path / 'dark.jpg'
    path.write_bytes(encode('.jpg') + b'trailer' * 400)
    assert load(path).shape == PICTURE.shape


@pytest.mark.parametrize(
    'name, picture, expected',
    [
        ('grey', PICTURE[..., 0], PICTURE[..., :1].repeat(3, -1)),
        (
            'rgba',
            np.dstack([PICTURE, np.full((48, 64), 9, np.uint8)]),
            PICTURE,  # alpha is dropped
        ),
        ('16 bit', PICTURE.astype(np.uint16) * 256 + 7, PICTURE),
    ],
)
def test_unusual_formats_become_8_bit_bgr(tmp_path, name, picture, expected):
    path = tmp_path / f'{name}.png'
    path.write_bytes(encode('.png', picture))
    assert np.array_equal(load(path), expected)


@pytest.mark.parametrize('orientation', [1, 3, 6, 8])
@pytest.mark.parametrize(
    'kind', ['JPEG', 'MPO', 'PNG', 'WEBP', 'TIFF', 'BigTIFF', 'BMP']
)
def test_exif_orientation_turns_size_and_pixels_alike(
    tmp_path, kind, orientation
):
    path = tmp_path / 'turned.jpg'
    options = dict(big_tiff=True) if kind == 'BigTIFF' else {}
    kind = kind.removeprefix('Big')
    path.write_bytes(encode_by_pillow(kind, orientation, **options))
    width, height = read_image_size(str(path))
    assert load(path).shape[:2] == (height, width)
    assert read_bgr(str(path)).shape[:2] == (height, width)
    if orientation == 6 and kind == 'JPEG':
        assert (width, height) == (48, 64)


def test_exif_chunk_behind_the_pixels_of_a_png(tmp_path):
    content = encode_by_pillow('PNG', 6)
    start = content.index(b'eXIf') - 4
    size = 12 + int.from_bytes(content[start : start + 4], 'big')
    end = content.index(b'IEND') - 4
    (tmp_path / 'a.png').write_bytes(
        content[:start]
        + content[start + size : end]
        + content[start : start + size]
        + content[end:]
    )
    width, height = read_image_size(str(tmp_path / 'a.png'))
    assert load(tmp_path / 'a.png').shape[:2] == (height, width)


@pytest.mark.parametrize(
    'kind', ['GIF', 'AVIF', 'PCX', 'TGA', 'ICO', 'JPEG', 'PNG', 'WEBP', 'TIFF']
)
def test_what_cannot_be_loaded_is_named_by_its_header(tmp_path, kind):
    """Which formats these are depends on OpenCV's version."""
    path = tmp_path / 'dark.jpg'
    Image.fromarray(PICTURE).save(path, kind)
    if cv2.imread(str(path)) is not None:
        assert load(path).shape[1::-1] == read_image_size(str(path))
        assert kind not in ('PCX', 'ICO')
        return
    assert kind not in ('JPEG', 'PNG', 'WEBP', 'TIFF')
    with pytest.raises(ValueError, match=f'dark.jpg: holds a {kind} image'):
        read_image_size(str(path))


def test_data_set_refuses_a_truncated_image_when_it_is_loaded(exdark_root):
    path = exdark_root / 'ExDark/Bicycle/2015_00001.png'
    path.write_bytes(path.read_bytes()[:-200])
    dataset = DATASETS.build(
        dict(type='ruas_mm.ExDarkDataset', data_root=str(exdark_root))
    )
    assert dataset[1]['img_id'] == 1
    with pytest.raises(ValueError, match='2015_00001.png.*truncated'):
        dataset[0]

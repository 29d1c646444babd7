"""What becomes of unusual image files: an error, or a documented result."""

import cv2
import numpy as np
import pytest
from mmcv.transforms import LoadImageFromFile
from PIL import Image

from ruas_mm.datasets.image_files import check_image_complete, read_image_size
from ruas_mm.registry import DATASETS

PICTURE = np.random.RandomState(0).randint(0, 255, (48, 64, 3), np.uint8)


def encode(suffix, picture=PICTURE):
    return cv2.imencode(suffix, picture)[1].tobytes()


def load(path):
    check_image_complete(str(path))
    return LoadImageFromFile()(dict(img_path=str(path)))['img']


@pytest.mark.parametrize('suffix', ['.jpg', '.png'])
@pytest.mark.parametrize('kept', [0, 0.1, 0.5, 0.9])
def test_truncated_image_is_an_error(tmp_path, suffix, kept):
    content = encode(suffix)
    path = tmp_path / f'dark{suffix}'
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(ValueError, match=f'dark{suffix}'):
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


def test_exif_orientation_turns_size_and_pixels_alike(tmp_path):
    path = tmp_path / 'turned.jpg'
    picture = Image.fromarray(PICTURE)
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(path, exif=exif)
    assert read_image_size(str(path)) == (48, 64)
    assert load(path).shape[:2] == (64, 48)


def test_data_set_refuses_a_truncated_image_when_it_is_loaded(exdark_root):
    path = exdark_root / 'ExDark/Bicycle/2015_00001.png'
    path.write_bytes(path.read_bytes()[:-200])
    dataset = DATASETS.build(
        dict(type='ruas_mm.ExDarkDataset', data_root=str(exdark_root))
    )
    assert dataset[1]['img_id'] == 1
    with pytest.raises(ValueError, match='2015_00001.png.*truncated'):
        dataset[0]

"""From two files to what the enhancer takes, for pictures of all kinds."""

import cv2
import numpy as np
import pytest
import torch

from ruas_mm.registry import TRANSFORMS


def make(name, **kwargs):
    return TRANSFORMS.build(dict(type=f'ruas_mm.{name}', **kwargs))


def noise(*shape, dtype=np.uint8):
    limit = np.iinfo(dtype).max
    return np.random.randint(0, limit, shape).astype(dtype)


@pytest.fixture
def write(tmp_path):
    def save(name, picture):
        assert cv2.imwrite(str(tmp_path / name), picture)
        return str(tmp_path / name)

    return save


@pytest.mark.parametrize('suffix', ['png', 'tif'])
@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
@pytest.mark.parametrize('channels', [(), (3,), (4,)])
def test_channels_and_depth(suffix, dtype, channels, write):
    picture = noise(12, 17, *channels, dtype=dtype)
    results = make('LoadImagePair')(
        dict(img_path=write(f'a.{suffix}', picture))
    )
    expected = picture[..., :3] if channels else picture[..., None]
    assert results['img'].dtype == dtype
    assert results['img'].shape == (12, 17, 3)
    assert (results['img'] == expected).all()
    assert results['ori_shape'] == results['img_shape'] == (12, 17)
    assert 'gt' not in results


def test_pair_is_loaded(write):
    low, high = noise(5, 7, 3), noise(5, 7, 3)
    results = make('LoadImagePair')(
        dict(img_path=write('a.png', low), gt_path=write('b.png', high))
    )
    assert (results['img'] == low).all() and (results['gt'] == high).all()


def test_sizes_that_differ_are_refused(write):
    paths = dict(
        img_path=write('a.png', noise(5, 7, 3)),
        gt_path=write('b.png', noise(7, 5, 3)),
    )
    with pytest.raises(ValueError, match=r'a\.png is 7x5.*b\.png is 5x7'):
        make('LoadImagePair')(paths)


@pytest.mark.parametrize('suffix', ['png', 'jpg', 'tif', 'bmp'])
@pytest.mark.parametrize('part', [0, 0.2, 0.9])
def test_truncated_picture_is_refused(suffix, part, write, tmp_path):
    write(f'a.{suffix}', noise(200, 300, 3))
    path = tmp_path / f'a.{suffix}'
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(ValueError, match=f'a.{suffix}'):
        make('LoadImagePair')(dict(img_path=str(path)))


def test_no_picture_is_refused(tmp_path):
    with pytest.raises(ValueError, match='none.png'):
        make('LoadImagePair')(dict(img_path=str(tmp_path / 'none.png')))
    (tmp_path / 'text.png').write_text('no picture')
    with pytest.raises(ValueError, match='text.png'):
        make('LoadImagePair')(dict(img_path=str(tmp_path / 'text.png')))
    cv2.imwrite(str(tmp_path / 'f.tiff'), np.random.rand(9, 9, 3).astype('f4'))
    with pytest.raises(ValueError, match='float32 pixels, allowed: 8 or 16'):
        make('LoadImagePair')(dict(img_path=str(tmp_path / 'f.tiff')))


@pytest.mark.parametrize('size', [4, (4, 6)])
def test_crop_is_the_same_window(size):
    low = noise(9, 10, 3)
    crop = make('PairedRandomCrop', size=size)
    height, width = (size, size) if isinstance(size, int) else size
    windows = {
        (top, left): low[top : top + height, left : left + width]
        for top in range(9 - height + 1)
        for left in range(10 - width + 1)
    }
    seen = set()
    for _ in range(400):
        results = crop(dict(img=low, gt=255 - low, clean=low // 2))
        assert (results['gt'] == 255 - results['img']).all()
        assert (results['clean'] == results['img'] // 2).all()
        assert results['img_shape'] == results['img'].shape[:2]
        seen |= {
            k for k, w in windows.items() if np.array_equal(w, results['img'])
        }
    assert seen == set(windows)  # each window, the borders too


def test_smaller_picture_is_mirrored():
    low = noise(5, 3, 3)
    results = make('PairedRandomCrop', size=7)(dict(img=low, gt=255 - low))
    expected = np.pad(low, ((0, 2), (0, 4), (0, 0)), mode='reflect')
    assert (results['img'] == expected).all()
    assert (results['gt'] == 255 - expected).all()
    one = make('PairedRandomCrop', size=7)(dict(img=noise(1, 1, 3)))
    assert one['img'].shape == (7, 7, 3) and one['img'].std((0, 1)).max() == 0


def test_flips_are_the_same_and_all_eight():
    low = noise(4, 4, 3)
    seen = set()
    for _ in range(200):
        results = make('PairedRandomFlip')(
            dict(img=low, gt=255 - low, clean=low // 2)
        )
        assert (results['gt'] == 255 - results['img']).all()
        assert (results['clean'] == results['img'] // 2).all()
        seen.add(results['img'].tobytes())
    assert len(seen) == 8


@pytest.mark.parametrize(
    'flip, expected',
    [
        ('horizontal', lambda x: x[:, ::-1]),
        ('vertical', lambda x: x[::-1]),
        ('transpose', lambda x: x.transpose(1, 0, 2)),
    ],
)
def test_each_flip(flip, expected):
    odds = dict(dict(horizontal=0, vertical=0, transpose=0), **{flip: 1})
    low = noise(4, 6, 3)
    results = make('PairedRandomFlip', **odds)(dict(img=low))
    assert (results['img'] == expected(low)).all()
    assert results['img_shape'] == results['img'].shape[:2]


@pytest.mark.parametrize(
    'dtype, packed, scale',
    [(np.uint8, torch.uint8, 1), (np.uint16, torch.int32, 257)],
)
def test_pack(dtype, packed, scale):
    low = noise(4, 6, 3, dtype=dtype)
    high = noise(4, 6, 3, dtype=dtype)
    shapes = dict(ori_shape=(9, 9), img_shape=(4, 6))
    data = make('PackEnhancementInputs')(
        dict(img=low, gt=high, img_path='a.png', sample_idx=3, **shapes)
    )
    inputs, sample = data['inputs'], data['data_samples']
    assert inputs.dtype == packed and inputs.is_contiguous()
    assert (inputs.permute(1, 2, 0).numpy() == low).all()  # BGR
    assert sample.gt.dtype == torch.uint8 and sample.gt.is_contiguous()
    expected = np.round(high / scale)[..., ::-1]  # RGB
    assert (sample.gt.permute(1, 2, 0).numpy() == expected).all()
    assert sample.metainfo == dict(img_path='a.png', **shapes)


def test_pack_without_reference():
    data = make('PackEnhancementInputs')(dict(img=noise(4, 6, 3)))
    assert 'gt' not in data['data_samples']


def test_flipped_crop_is_packed():
    results = dict(img=noise(9, 9, 3), gt=noise(9, 9, 3))
    for name in ('PairedRandomFlip', 'PackEnhancementInputs'):
        kwargs = dict(horizontal=1, vertical=1) if 'Flip' in name else {}
        results = make(name, **kwargs)(results)
    assert results['inputs'].shape == (3, 9, 9)


@pytest.mark.parametrize('name, kwargs', [
    ('PairedRandomCrop', dict(size=0)),
    ('PairedRandomCrop', dict(size=(4, -1))),
    ('PairedRandomFlip', dict(vertical=1.5)),
])  # fmt: skip
def test_bad_argument_is_refused(name, kwargs):
    with pytest.raises(ValueError, match=f'{next(iter(kwargs))}=.*allowed'):
        make(name, **kwargs)

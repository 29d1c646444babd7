"""What the network saw, laid over the image file again."""

import cv2
import numpy as np
import pytest
from mmdet.structures import DetDataSample
from mmengine.dataset import Compose
from mmengine.structures import BaseDataElement, PixelData

from ruas_mm.visualization import fit_picture, scene_picture, shows_crop

HEIGHT, WIDTH = 60, 100
SQUARE = dict(type='Pad', pad_to_square=True, pad_val=dict(img=114))
RESIZE = dict(type='Resize', scale=(64, 64), keep_ratio=True)
PIPELINES = dict(
    plain=[],
    yolox=[RESIZE, SQUARE],
    rtmdet=[RESIZE, dict(type='Pad', size=(96, 96), pad_val=dict(img=114))],
    ssd=[dict(RESIZE, keep_ratio=False)],
    ssd_square=[dict(RESIZE, keep_ratio=False), SQUARE],
    faster_rcnn=[RESIZE, dict(type='Pad', size_divisor=32)],
    padded=[dict(type='Pad', size_divisor=32)],
    enlarged=[dict(RESIZE, scale=(333, 200)), SQUARE],
    centernet=[
        dict(
            type='RandomCenterCropPad',
            ratios=None,
            border=None,
            mean=[0, 0, 0],
            std=[1, 1, 1],
            to_rgb=False,
            test_mode=True,
            test_pad_mode=['logical_or', 31],
            test_pad_add_pix=1,
        )
    ],
    **{
        f'{direction}_flip': [
            RESIZE,
            dict(type='RandomFlip', prob=1.0, direction=direction),
            SQUARE,
        ]
        for direction in ('horizontal', 'vertical', 'diagonal')
    },
)
META = ('img_path', 'ori_shape', 'img_shape', 'scale_factor', 'flip',
        'flip_direction', 'border')  # fmt: skip


@pytest.fixture
def file(tmp_path):
    """A smooth picture: other at each place, the same at each size."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    bgr = np.stack([x * 2, y * 3, 200 - x - y], -1).astype(np.uint8)
    path = tmp_path / 'picture.png'
    cv2.imwrite(str(path), bgr)
    return path, bgr[..., ::-1] / 255


def sample_of(path, transforms, keys=META):
    """The data sample, and the picture that a preprocessor would get."""
    load = dict(type='LoadImageFromFile')
    if any(t['type'] == 'RandomCenterCropPad' for t in transforms):
        load['to_float32'] = True
    pack = dict(type='PackDetInputs', meta_keys=keys)
    data = Compose([load, *transforms, pack])(
        dict(img_path=str(path), instances=[])
    )
    sample = data['data_samples']
    rgb = data['inputs'].flip(0).float() / 255
    sample.set_field(PixelData(enhanced=rgb), 'scene', dtype=PixelData)
    return sample


@pytest.mark.parametrize('name', PIPELINES)
def test_lies_over_the_file(name, file, host):
    host('mmdet')
    path, rgb = file
    sample = sample_of(path, PIPELINES[name])
    assert not shows_crop(sample)
    picture = scene_picture(sample, 'enhanced', (HEIGHT, WIDTH))
    assert picture.shape == rgb.shape
    # the border's pixels and those of a halved picture are interpolated
    assert np.abs(picture - rgb).max() < 0.05


def test_letter_box_in_the_middle(file, host):
    host('mmdet')
    path, rgb = file
    sample = sample_of(path, [RESIZE])
    boxed = np.pad(sample.scene.enhanced, [(0, 0), (13, 13), (0, 0)])
    sample.scene = PixelData(enhanced=sample.scene.enhanced.new_tensor(boxed))
    sample.set_metainfo(dict(pad_param=np.array([13, 13, 0, 0.0])))
    picture = scene_picture(sample, 'enhanced', (HEIGHT, WIDTH))
    assert np.abs(picture - rgb).max() < 0.05


@pytest.mark.parametrize('transforms', [
    [dict(type='CenterCrop', crop_size=(40, 40))],
    [RESIZE, dict(type='CenterCrop', crop_size=(30, 30))],
], ids=['cropped', 'resized'])  # fmt: skip
def test_crop_keeps_its_proportions(transforms, file, host):
    host('mmdet')
    path, _ = file
    sample = sample_of(path, transforms)
    assert shows_crop(sample)
    picture = scene_picture(sample, 'enhanced', (HEIGHT, WIDTH))
    filled = picture.any(-1).any(0)
    assert filled[20:80].all() and filled.sum() == 60
    seen = sample.scene.enhanced.permute(1, 2, 0).numpy()
    expected = cv2.resize(seen, (60, 60))
    assert np.abs(picture[:, 20:80] - expected).max() < 1e-6


def test_a_crop_of_the_files_own_proportions_is_known(host, file):
    host('mmdet')
    path, _ = file
    crop = dict(type='CenterCrop', crop_size=(50, 30))
    assert shows_crop(sample_of(path, [RESIZE, crop]))


def test_as_the_network_saw_it(host, file):
    host('mmdet')
    sample = sample_of(file[0], PIPELINES['horizontal_flip'])
    picture = scene_picture(sample, 'enhanced')
    assert (picture == sample.scene.enhanced.permute(1, 2, 0).numpy()).all()


@pytest.mark.parametrize('kind', [BaseDataElement, DetDataSample])
def test_sample_without_scene(kind):
    with pytest.raises(ValueError, match='no field scene; .*attach_scene'):
        scene_picture(kind(), 'enhanced', (4, 4))


@pytest.mark.parametrize('shape', [(1, 500), (500, 1), (3, 4)])
@pytest.mark.parametrize('channels', [(), (3,)])
def test_fitted_picture_of_any_shape(shape, channels):
    fitted = fit_picture(np.ones((*shape, *channels)), 30, 40)
    assert fitted.shape == (30, 40, *channels)
    rows, columns = (fitted == 1).nonzero()[:2]
    assert max(np.ptp(rows) + 1 == 30, np.ptp(columns) + 1 == 40)

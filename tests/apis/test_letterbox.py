"""Test pipelines of mmdet as tensor operations, in ONNX too."""

import numpy as np
import pytest
import torch
from torch import nn

from ruas_mm.apis.letterbox import Letterbox, read_letterbox
from ruas_mm.apis.onnx_export import run_file, trace

SIZES = ((37, 53), (64, 20), (8, 8))
LOAD, PACK = dict(type='LoadImageFromFile'), dict(type='PackDetInputs')
YOLOX = [
    dict(type='Resize', scale=(40, 40), keep_ratio=True),
    dict(type='Pad', pad_to_square=True, pad_val=dict(img=(114, 115, 116))),
]
PIPELINES = {
    'ssd': ([dict(type='mmdet.Resize', scale=(40, 30))], True),
    'yolox': (YOLOX, True),
    'rtmdet': (
        [
            dict(type='Resize', scale=(32, 48), keep_ratio=True),
            dict(type='Pad', size=(48, 48), pad_val=dict(img=(1, 2, 3))),
        ],
        True,
    ),
    'retinanet': (
        [
            dict(type='Resize', scale=(50, 30), keep_ratio=True),
            dict(type='Pad', size_divisor=32),
        ],
        False,
    ),
    'too small a canvas': ([dict(type='Pad', size=(9, 9), pad_val=5)], False),
    'none': ([], False),
}


def picture(size):
    return np.random.RandomState(0).randint(0, 256, (*size, 3), np.uint8)


def loaded(pipeline, pixels):
    """By mmdet's own steps."""
    from mmcv.transforms import Compose

    found = dict(img=pixels, img_shape=pixels.shape[:2])
    found = Compose([dict(step) for step in pipeline])(found)
    x = torch.from_numpy(found['img']).permute(2, 0, 1)[None].float()
    return x, found.get('scale_factor', (1, 1))[::-1]


@pytest.mark.parametrize('name', PIPELINES)
def test_pixels_are_those_of_mmdet(name, host):
    pytest.importorskip('mmdet.datasets')
    host('mmdet')
    pipeline, fixed = PIPELINES[name]
    box = read_letterbox([LOAD, *pipeline, PACK])
    assert box.is_fixed == fixed
    for size in SIZES:
        pixels = picture(size)
        canvas = box.canvas(*size)
        x, factors = box.apply(torch.from_numpy(pixels), canvas)
        expected, scale_factor = loaded(pipeline, pixels)
        assert torch.equal(x, expected)
        np.testing.assert_allclose(factors, scale_factor, rtol=1e-12)


def test_one_file_takes_pictures_of_all_sizes(tmp_path):
    pytest.importorskip('onnxruntime')
    box = read_letterbox(YOLOX)

    class Loader(nn.Module):
        def forward(self, pixels):
            return box.apply(pixels, (40, 40))

    path = tmp_path / 'box.onnx'
    trace(
        Loader(),
        (torch.from_numpy(picture((20, 30))),),
        path,
        17,
        ignored='',
        input_names=['picture'],
        dynamic_axes=dict(picture={0: 'H', 1: 'W'}),
    )
    for size in ((427, 640), *SIZES):  # of 427 float32 takes other rows
        pixels = picture(size)
        x, factors = box.apply(torch.from_numpy(pixels), (40, 40))
        found = run_file(path, dict(picture=pixels))
        np.testing.assert_array_equal(found[0], x)
        np.testing.assert_array_equal(found[1], factors)


@pytest.mark.parametrize(
    'step, message',
    [
        (dict(type='RandomFlip', prob=1.0), "'RandomFlip'.*allowed: .*'Pad'"),
        (dict(type='Resize', scale_factor=2.0), r"because of \['scale_fac"),
        (
            dict(type='Resize', scale=(9, 9), interpolation='nearest'),
            r"because of \['interpolation'\], allowed",
        ),
        (dict(type='Pad', size=(9, 9), padding_mode='edge'), 'padding_mode'),
        (dict(type='LoadImageFromFile', to_float32=True), 'to_float32'),
    ],
)
def test_unknown_step_is_named(step, message):
    with pytest.raises(ValueError, match=message):
        read_letterbox([step])


@pytest.mark.parametrize('first', YOLOX)
def test_second_resize_is_refused(first):
    with pytest.raises(ValueError, match='one Resize with a scale before Pad'):
        read_letterbox([first, YOLOX[0]])


def test_settings_that_change_nothing_are_taken():
    box = read_letterbox([
        dict(type='LoadImageFromFile', to_float32=False, backend_args=None),
        dict(type='Resize', scale=9, backend='cv2', clip_object_border=False),
        dict(type='LoadAnnotations', with_bbox=True),
    ])  # fmt: skip
    assert box == Letterbox(scale=(9, 9))

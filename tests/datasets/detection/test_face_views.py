"""Sizes of the face detectors' tests."""

import numpy as np
import pytest
from mmdet.structures.bbox import HorizontalBoxes

from ruas_mm.registry import TRANSFORMS

HLA = (0.25, 0.75, 1.25, 1.5, 1.75, 2.25)


def results(shape=(24, 36)):
    return dict(
        img=np.random.randint(0, 60, (*shape, 3), np.uint8),
        img_shape=shape,
        ori_shape=shape,
        img_path='1.png',
        img_id=7,
        gt_bboxes=HorizontalBoxes([[4.0, 5, 20, 19]]),
        gt_bboxes_labels=np.array([0]),
        gt_ignore_flags=np.array([False]),
    )


@pytest.mark.parametrize(
    'settings, shape, scales',
    [
        # views at 1080x720 of the public tests
        (dict(area=1700 * 1200), (720, 1080), [1, 0.5, 1.62]),
        (dict(area=1700 * 1000), (720, 1080), [1, 0.5, 1.48]),
        (dict(area=1500 * 1000), (720, 1080), [1, 0.5, 1.39]),
        (dict(area=0x7FFFFFFF / 577), (720, 1080), [1, 0.5, 2, 2.19]),
        (
            dict(area=0x7FFFFFFF / 200, largest=3, scales=HLA),
            (720, 1080),
            [1, 0.25, 0.5, 0.75, 1.25, 1.5, 1.75, 2, 2.25, 3],
        ),
        # small pictures: doubled as often as the area allows
        (dict(area=90 * 90), (10, 10), [1, 0.5, 2, 4, 8, 9]),
        # large ones: nothing above the area, (.4 + .8) / 2
        (dict(area=80 * 80), (100, 100), [0.8, 0.5, 0.65]),
        (dict(area=50 * 50), (100, 100), [0.5, 0.25, 0.375]),
    ],
)
def test_scales_of_the_public_tests(settings, shape, scales):
    views = TRANSFORMS.build(dict(type='ruas_mm.FaceViews', **settings))
    assert views.scales_of(*shape) == pytest.approx(scales, abs=0.005)


def test_views_are_packed_with_what_they_are_asked_for():
    views = TRANSFORMS.build(dict(type='ruas_mm.FaceViews', area=4 * 24 * 36))
    before = results()
    packed = views(before)
    sizes = [tuple(x.shape) for x in packed['inputs']]
    assert sizes == [(3, 24, 36), (3, 24, 36), (3, 12, 18), (3, 48, 72)]
    plain, mirrored = packed['inputs'][:2]
    assert plain.flip(2).equal(mirrored)
    asked = [s.face_sizes for s in packed['data_samples']]
    assert asked == [(0, None), (0, None), (30, None), (0, 100)]
    assert [s.flip for s in packed['data_samples']] == [0, 1, 0, 0]
    for sample in packed['data_samples']:
        assert sample.ori_shape == (24, 36) and sample.img_id == 7
        assert sample.gt_instances.bboxes.tensor.tolist() == [[4, 5, 20, 19]]
    assert before['img'].shape == (24, 36, 3)


@pytest.mark.parametrize(
    'shape, expected',
    [((720, 1080), (1000, 1500)), ((2000, 3000), (1000, 1500)),
     ((300, 300), (1225, 1225)), ((100, 10), (3873, 387))],
)  # fmt: skip
def test_area_is_reached_from_either_side(shape, expected):
    resize = TRANSFORMS.build(
        dict(type='ruas_mm.ResizeToArea', area=1500 * 1000)
    )
    result = resize(results(shape))
    assert result['img_shape'] == result['img'].shape[:2] == expected
    factors = [new / old for new, old in zip(expected[::-1], shape[::-1])]
    assert list(result['scale_factor']) == pytest.approx(factors)
    assert result['gt_bboxes'].tensor[0].tolist() == pytest.approx(
        [4 * factors[0], 5 * factors[1], 20 * factors[0], 19 * factors[1]]
        if min(shape) > 20
        else [4 * factors[0], 5 * factors[1], 387, 19 * factors[1]]
    )

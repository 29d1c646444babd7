"""Training crops of the face detectors."""

import numpy as np
import pytest
import torch
from mmdet.structures.bbox import HorizontalBoxes

from ruas_mm.datasets.detection.face_crops import (
    INTERPOLATIONS,
    resampled_window,
)
from ruas_mm.registry import TRANSFORMS

SIZE = 64
ANCHORS = (4, 8, 16, 32)
SAMPLING = dict(type='ruas_mm.DataAnchorSampling', size=SIZE, anchors=ANCHORS)
SQUARE = dict(type='ruas_mm.SquareCrop')


def picture(boxes, shape=(90, 120)):
    """Black but for the faces, which are white."""
    img = np.zeros((*shape, 3), np.uint8)
    for left, top, right, bottom in boxes:
        img[top:bottom, left:right] = 255
    return dict(
        img=img,
        img_shape=shape,
        gt_bboxes=HorizontalBoxes(np.array(boxes, np.float32).reshape(-1, 4)),
        gt_bboxes_labels=np.arange(len(boxes)),
        gt_ignore_flags=np.zeros(len(boxes), bool),
    )


FACES = [(10, 12, 18, 22), (60, 50, 90, 85), (100, 5, 105, 11)]


@pytest.mark.parametrize('cfg', [SAMPLING, SQUARE])
@pytest.mark.parametrize('seed', range(8))
def test_faces_move_with_the_picture(cfg, seed):
    np.random.seed(seed)
    result = TRANSFORMS.build(cfg)(picture(FACES))
    img, boxes = result['img'], result['gt_bboxes'].tensor
    height, width = img.shape[:2]
    assert result['img_shape'] == (height, width)
    assert height == width
    assert len(boxes) == len(result['gt_bboxes_labels']) > 0
    assert len(result['gt_ignore_flags']) == len(boxes)
    assert (boxes >= 0).all() and (boxes <= width).all()
    assert boxes.dtype == torch.float32
    for left, top, right, bottom in boxes.round().int().tolist():
        inner = img[top + 1 : bottom - 1, left + 1 : right - 1]
        if inner.size and min(inner.shape[:2]) > 3:
            assert inner.mean() > 200


@pytest.mark.parametrize('seed', range(8))
def test_chosen_face_is_about_as_large_as_an_anchor(seed):
    np.random.seed(seed)
    sampling = TRANSFORMS.build(SAMPLING)
    result = sampling(picture(FACES[:1]))
    (box,) = result['gt_bboxes'].tensor
    sides = (box[2:] - box[:2]).prod().sqrt()
    allowed = ANCHORS[:3]  # the nearest to 9 is 8
    assert allowed[0] / 2 - 0.5 <= sides <= 2 * allowed[-1] + 0.5


def test_every_allowed_anchor_is_drawn():
    sampling = TRANSFORMS.build(SAMPLING)
    for side, allowed in ((3, 2), (9, 3), (30, 4), (500, 4)):
        drawn = np.array([sampling.choose_side(side) for _ in range(400)])
        for anchor in ANCHORS[:allowed]:
            near = np.abs(np.log2(drawn / anchor)) < 0.5
            assert near.mean() > 0.1
        assert drawn.min() >= 2 and drawn.max() <= 2 * ANCHORS[allowed - 1]


@pytest.mark.parametrize('cfg', [SAMPLING, SQUARE])
def test_pictures_without_faces_stay_as_they_are(cfg):
    before = picture([])
    result = TRANSFORMS.build(cfg)(dict(before))
    assert np.array_equal(result['img'], before['img'])
    assert len(result['gt_bboxes']) == 0


@pytest.mark.parametrize('cfg', [SAMPLING, SQUARE])
def test_face_larger_than_any_window(cfg):
    np.random.seed(0)
    crop = TRANSFORMS.build(cfg)
    whole = [(0, 0, 120, 90)]
    results = [crop(picture(whole)) for _ in range(20)]
    kept = [r for r in results if r is not None]
    assert kept
    for result in kept:
        assert result['gt_bboxes'].tensor.max() <= max(result['img_shape'])


def test_faces_whose_centre_is_cut_off_are_dropped():
    np.random.seed(1)
    crop = TRANSFORMS.build(SQUARE)
    for _ in range(20):
        result = crop(picture(FACES))
        # by the white in the middle of each box that is left
        for box in result['gt_bboxes'].tensor.tolist():
            x, y = int((box[0] + box[2]) / 2), int((box[1] + box[3]) / 2)
            assert result['img'][y, x].min() == 255


@pytest.mark.parametrize('interpolation', INTERPOLATIONS)
@pytest.mark.parametrize('factor', [0.5, 1, 3])
def test_window_of_the_resized_picture(interpolation, factor):
    """A bright square lands where its corners, scaled, are."""
    img = np.zeros((40, 60, 3), np.float32)
    img[10:20, 30:40] = 1
    seen = resampled_window(
        img, factor, (-20, 4), 150, interpolation, (0, 0, 0)
    )[..., 0]
    rows, columns = np.mgrid[:150, :150]
    centre = [
        (grid * seen).sum() / seen.sum() + 0.5 for grid in (columns, rows)
    ]
    assert centre == pytest.approx(
        [35 * factor + 20, 15 * factor - 4], abs=0.51
    )
    filled = resampled_window(
        img, factor, (-20, 4), 150, interpolation, (9, 9, 9)
    )
    assert (filled[:, :4] == 9).all()  # beyond the left border
    assert (filled[int(40 * factor) + 10 :] == 9).all()


@pytest.mark.parametrize(
    'settings',
    [
        dict(SAMPLING, size=0),
        dict(SAMPLING, tries=0),
        dict(SQUARE, smallest=0),
        dict(SQUARE, tries=0.5),
        dict(type='ruas_mm.ResizeToArea', area=0),
        dict(type='ruas_mm.FaceViews', area=0),
        dict(type='ruas_mm.FaceViews', area=100, scales=(0.5, -1)),
        dict(type='ruas_mm.FaceViews', area=100, largest=-3),
    ],
)
def test_wrong_settings_are_refused(settings):
    with pytest.raises(ValueError, match='allowed'):
        TRANSFORMS.build(settings)

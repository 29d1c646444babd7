"""Public face detectors' checkpoints against our networks."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from ruas_mm.apis.layouts.layout import renamed
from ruas_mm.apis.layouts.public_face_detectors import (
    dsfd,
    pyramidbox,
    reduced_vgg,
    s3fd,
)
from ruas_mm.apis.layouts.released_face_detector import released_face_detector
from ruas_mm.registry import MODELS

CONFIGS = Path(__file__).parents[2] / 'configs' / 'detection'
LAYOUTS = {
    # our config: layout, tensors
    'ruas_s3fd_darkface': (released_face_detector, 107)
}


@pytest.mark.parametrize('stem', LAYOUTS)
def test_every_tensor_has_its_place(stem, host):
    host('mmdet')
    make, count = LAYOUTS[stem]
    layout = make()
    cfg = Config.fromfile(CONFIGS / f'{stem}.py').model
    with torch.device('meta'):
        ours = MODELS.build(cfg).state_dict()
    assert len(layout) == count
    with torch.device('meta'):
        state = {key: torch.empty(shape) for key, (_, shape) in layout.items()}
    shapes = {k: v.shape for k, v in renamed(state, layout).items()}
    assert shapes == {k: v.shape for k, v in ours.items()}


def numbered_rows(layout):
    """What becomes of tensors whose rows hold their number."""
    state = {}
    for key, (_, shape) in layout.items():
        rows = torch.arange(float(*shape[:1] or [1]))
        rows = rows.reshape([*shape[:1], *[1] * (len(shape) - 1)])
        state[key] = rows.expand(shape)
    return renamed(state, layout)


def test_class_rows_of_the_released_detector_change_places():
    found = numbered_rows(released_face_detector())
    for level in range(6):
        scores = found[f'bbox_head.cls_convs.{level}.0.weight']
        assert (scores[0] == 1).all() and (scores[1] == 0).all()
        bias = found[f'bbox_head.cls_convs.{level}.0.bias']
        assert bias.tolist() == [1, 0]
        boxes = found[f'bbox_head.reg_convs.{level}.0.bias']
        assert boxes.tolist() == [0, 1, 2, 3]


def rows_of(found, branch):
    """(boxes, scores) of level 0 and of the others."""
    return [
        tuple(
            found[f'{branch}.{kind}_convs.{level}.0.bias'].int().tolist()
            for kind in ('reg', 'cls')
        )
        for level in (0, 5)
    ]


def test_rows_of_the_public_ports():
    first, second = [0, 1, 2, 3], [4, 5, 6, 7]
    assert rows_of(numbered_rows(s3fd()), 'bbox_head') == [
        (first, [3, 0, 1, 2]),
        (first, [1, 0]),
    ]
    found = numbered_rows(pyramidbox())
    assert rows_of(found, 'bbox_head.branches.face') == [
        (first, [3, 0, 1, 2]),
        (first, [1, 2, 3, 0]),
    ]
    assert rows_of(found, 'bbox_head.branches.head') == [
        (second, [7, 4, 5, 6]),
        (second, [5, 4]),
    ]
    found = numbered_rows(dsfd())
    for branch in ('first', 'second'):
        rows = rows_of(found, f'bbox_head.branches.{branch}')
        assert rows == [(first, [1, 0])] * 2


def test_trunk_alone_is_that_of_the_detectors():
    trunk = renamed(
        dict.fromkeys(reduced_vgg(), torch.zeros(1)), reduced_vgg()
    )
    whole = {
        target for target, _ in s3fd().values() if isinstance(target, str)
    }
    assert len(trunk) == 30 and trunk.keys() < whole

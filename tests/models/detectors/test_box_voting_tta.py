"""Boxes of several views vote."""

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

from ruas_mm.models.detectors.box_voting_tta import vote
from ruas_mm.registry import MODELS


def found(boxes, scores, labels=None):
    return InstanceData(
        bboxes=torch.tensor(boxes).reshape(-1, 4),
        scores=torch.tensor(scores),
        labels=torch.tensor(labels or [0] * len(scores)),
    )


def test_overlapping_boxes_become_their_weighted_mean():
    merged = vote(
        found(
            [[0.0, 0, 10, 10], [50, 50, 60, 60], [2, 0, 12, 10],
             [50, 50, 60, 60]],
            [0.6, 0.5, 0.2, 0.5],
        ),
        0.3,
        keep_singletons=False,
    )  # fmt: skip
    assert merged.bboxes.tolist() == [
        pytest.approx([0.5, 0, 10.5, 10]),
        [50, 50, 60, 60],
    ]
    assert merged.scores.tolist() == pytest.approx([0.6, 0.5])


def test_overlap_counts_sides_with_one_pixel_more():
    """A 4x4 and a 2x2 in its corner: 9 / 25 with, 4 / 16 without."""
    boxes = found([[0.0, 0, 4, 4], [0, 0, 2, 2]], [0.9, 0.8])
    assert len(vote(boxes, 0.36, False)) == 1
    assert len(vote(boxes, 0.37, False)) == 0


@pytest.mark.parametrize('keep_singletons', [False, True])
def test_lone_boxes(keep_singletons):
    boxes = found(
        [[0.0, 0, 9, 9], [40, 40, 50, 50], [40, 40, 50, 50]], [0.9, 0.8, 0.8]
    )
    merged = vote(boxes, 0.3, keep_singletons)
    assert len(merged) == 1 + keep_singletons
    assert merged.scores.max() == pytest.approx(
        0.9 if keep_singletons else 0.8
    )
    assert len(vote(boxes[:0], 0.3, keep_singletons)) == 0


def test_other_classes_do_not_vote():
    boxes = found([[0.0, 0, 9, 9]] * 3, [0.9, 0.8, 0.7], [0, 1, 1])
    merged = vote(boxes, 0.3, False)
    assert merged.labels.tolist() == [1]
    assert merged.scores.tolist() == pytest.approx([0.8])


class Detector(torch.nn.Module):
    """Finds what it is told, one view after the other."""

    def __init__(self, *views):
        super().__init__()
        self.views = list(views)

    def test_step(self, data):
        (sample,) = data['data_samples']
        sample.pred_instances = self.views.pop(0)
        return [sample]


def tta(*views, **settings):
    return MODELS.build(
        dict(type='ruas_mm.BoxVotingTTA', module=Detector(*views), **settings)
    )


def views_of(*asked, flips=()):
    samples = [
        DetDataSample(
            metainfo=dict(
                ori_shape=(200, 300),
                flip=k in flips,
                flip_direction='horizontal',
                face_sizes=sizes,
            )
        )
        for k, sizes in enumerate(asked)
    ]
    return dict(inputs=[[0]] * len(asked), data_samples=[[s] for s in samples])


def test_mirrored_boxes_are_turned_back():
    model = tta(
        found([[10.0, 20, 30, 40]], [0.5]),
        found([[270.0, 20, 290, 40]], [0.5]),
    )
    data = views_of((0, None), (0, None), flips=[1])
    (result,) = model.test_step(data)
    assert result.pred_instances.bboxes.tolist() == [[10, 20, 30, 40]]


def test_views_count_for_the_sizes_that_they_are_asked_for():
    """Sides 20, 60 and 120; each needs two views."""
    every = found(
        [[0.0, 0, 20, 20], [30, 30, 90, 90], [100, 50, 220, 170]],
        [0.9, 0.8, 0.7],
    )
    plain, shrunk, enlarged = (0, None), (30, None), (0, 100)
    for asked, sides in (
        ([plain, plain], [20, 60, 120]),
        ([plain, shrunk], [60, 120]),
        ([plain, enlarged], [20, 60]),
        ([shrunk, enlarged], [60]),
    ):
        model = tta(*[every[:] for _ in asked])
        (result,) = model.test_step(views_of(*asked))
        boxes = result.pred_instances.bboxes
        assert (boxes[:, 2] - boxes[:, 0]).tolist() == pytest.approx(sides)
    # sides are counted with one pixel more: 29 + 1 is not above 30
    edge = found([[0.0, 0, 29, 9], [50, 0, 80, 9]], [0.9, 0.8])
    (result,) = tta(edge, edge[:]).test_step(views_of(shrunk, plain))
    assert result.pred_instances.bboxes[:, 0].tolist() == [50]


def test_no_more_boxes_than_allowed_and_none_at_all():
    many = found([[30.0 * k, 0, 30 * k + 20, 20] for k in range(5)],
                 [0.5, 0.6, 0.7, 0.8, 0.9])  # fmt: skip
    views = [many, many[:]]
    (result,) = tta(*views, max_per_img=2).test_step(
        views_of((0, None), (0, None))
    )
    assert result.pred_instances.scores.tolist() == pytest.approx([0.9, 0.8])
    (result,) = tta(many[:0], many[:0]).test_step(
        views_of((0, None), (0, None))
    )
    assert result.pred_instances.bboxes.shape == (0, 4)


@pytest.mark.parametrize(
    'settings',
    [dict(iou_threshold=1.5), dict(iou_threshold=0), dict(max_per_img=0)],
)
def test_wrong_settings_are_refused(settings):
    with pytest.raises(ValueError, match='allowed'):
        tta(**settings)

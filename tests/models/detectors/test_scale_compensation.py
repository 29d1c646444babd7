"""Which priors scale compensation gives to a face."""

import pytest
import torch

from ruas_mm.registry import TASK_UTILS


@pytest.fixture(autouse=True)
def _mmdet(host):
    host('mmdet')


def assign(overlaps, **settings):
    assigner = TASK_UTILS.build(
        dict(type='ruas_mm.ScaleCompensationAssigner', **settings)
    )
    overlaps = torch.tensor(overlaps)
    labels = torch.zeros(len(overlaps), dtype=torch.long)
    result = assigner.assign_wrt_overlaps(overlaps, labels)
    assert result.labels.eq(0).equal(result.gt_inds > 0)
    return result.gt_inds.tolist()


LOW = [0.30, 0.29, 0.28, 0.27, 0.26, 0.25, 0.24, 0.23, 0.22, 0.05]


@pytest.mark.parametrize(
    'overlaps, settings, expected',
    [
        # one face below the threshold gains nothing but its best prior
        ([LOW + [0.0]], dict(), [1] + [0] * 10),
        # a second one at .6: N = (1 + 1) // 2
        ([LOW + [0.0], [0.0] * 10 + [0.6]], dict(), [1, 1] + [0] * 8 + [2]),
        # per face: the first has 1 and the second 3, so N = 2
        (
            [LOW + [0.0] * 3, [0.0] * 10 + [0.6, 0.5, 0.4]],
            dict(mode='face'),
            [1, 1] + [0] * 8 + [2, 2, 2],
        ),
        # nothing above the lower IoU is left
        (
            [[0.3, 0.1, 0.1, 0.0, 0.0], [0.0, 0.0, 0.0, 0.6, 0.6]],
            dict(mode='face'),
            [1, 0, 0, 2, 2],
        ),
        ([[0.3, 0.1, 0.1], [0.0, 0.0, 0.6]], dict(), [1, 0, 2]),
    ],
)
def test_scale_compensation(overlaps, settings, expected):
    assert assign(overlaps, **settings) == expected


def test_scale_compensation_without_faces():
    assigner = TASK_UTILS.build(dict(type='ruas_mm.ScaleCompensationAssigner'))
    result = assigner.assign_wrt_overlaps(
        torch.zeros(0, 5), torch.zeros(0, dtype=torch.long)
    )
    assert result.gt_inds.tolist() == [0] * 5


@pytest.mark.parametrize(
    'settings', [dict(mode='batch'), dict(low_iou=0.4), dict(high_iou=0.2)]
)
def test_wrong_scale_compensation_is_refused(settings):
    with pytest.raises(ValueError, match='allowed'):
        TASK_UTILS.build(
            dict(type='ruas_mm.ScaleCompensationAssigner', **settings)
        )

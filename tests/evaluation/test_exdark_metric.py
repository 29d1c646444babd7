"""ExDarkMetric against AP worked out by hand."""

import math

import pytest
import torch
from mmengine.logging import MMLogger

from ruas_mm.datasets.exdark_files import CLASSES
from ruas_mm.registry import METRICS

BUS, CAR, CUP = (CLASSES.index(name) for name in ('Bus', 'Car', 'Cup'))
BOX = [10.0, 10.0, 60.0, 50.0]
OTHER = [100.0, 100.0, 160.0, 150.0]
WRONG = [200.0, 10.0, 240.0, 40.0]


def sample(img_id, truth, predictions):
    def tensor(rows, width):
        return torch.tensor(rows, dtype=torch.float).reshape(-1, width)

    return dict(
        img_id=img_id,
        split_name='x',
        ori_shape=(200, 300),
        gt_instances=dict(
            labels=torch.tensor([label for label, _ in truth]).long(),
            bboxes=tensor([box for _, box in truth], 4),
        ),
        pred_instances=dict(
            labels=torch.tensor([p[0] for p in predictions]).long(),
            bboxes=tensor([p[1] for p in predictions], 4),
            scores=torch.tensor([p[2] for p in predictions]),
        ),
    )


def evaluate(*samples, rounds=1, **meta):
    metric = METRICS.build(dict(type='ruas_mm.ExDarkMetric'))
    metric.dataset_meta = dict(classes=CLASSES, dataset_name='ExDark', **meta)
    for _ in range(rounds):  # validation runs again and again
        metric.process({}, list(samples))
        result = metric.evaluate(len(samples))
    return result


def test_perfect_detections_score_one():
    result = evaluate(
        sample(0, [(BUS, BOX), (CAR, OTHER)], [(BUS, BOX, .9), (CAR, OTHER, .8)]),  # noqa: E501
        sample(1, [(CUP, BOX)], [(CUP, BOX, .7)]),
        rounds=2,
    )  # fmt: skip
    assert result['exdark/AP50'] == 1
    assert result['exdark/bbox_mAP'] == 1
    assert result['exdark/Cup_AP50'] == 1
    assert 'exdark/Boat_AP50' not in result  # no box of it


def test_area_under_the_curve_by_hand():
    # scores .9 right, .8 wrong, .7 right: precision 1, 1/2, 2/3 at recall
    # 1/2, 1/2, 1; area under the monotone envelope: .5 * 1 + .5 * 2/3
    result = evaluate(
        sample(0, [(BUS, BOX)], [(BUS, BOX, 0.9), (BUS, WRONG, 0.8)]),
        sample(1, [(BUS, OTHER)], [(BUS, OTHER, 0.7)]),
    )
    assert result['exdark/Bus_AP50'] == pytest.approx(0.5 + 1 / 3, abs=1e-4)
    assert result['exdark/AP50'] == result['exdark/Bus_AP50']


def test_duplicate_is_a_false_positive_and_class_matters():
    truth = [(BUS, BOX)]
    twice = [(BUS, BOX, 0.9), (BUS, BOX, 0.95)]
    assert evaluate(sample(0, truth, twice))['exdark/AP50'] == 1
    confused = [(CAR, BOX, 0.9)]
    assert evaluate(sample(0, truth, confused))['exdark/AP50'] == 0


@pytest.mark.parametrize('iou, right', [(0.45, False), (0.6, True)])
def test_iou_threshold(iou, right):
    shifted = [BOX[0], BOX[1], BOX[0] + 50 * iou, BOX[3]]
    result = evaluate(sample(0, [(BUS, BOX)], [(BUS, shifted, 0.9)]))
    assert result['exdark/AP50'] == float(right)


def test_no_detections_is_zero():
    result = evaluate(sample(0, [(BUS, BOX)], []))
    assert result['exdark/AP50'] == 0 and result['exdark/bbox_mAP'] == 0


def test_no_ground_truth_is_not_a_number():
    result = evaluate(sample(0, [], [(BUS, BOX, 0.9)]))
    assert math.isnan(result['exdark/AP50'])


@pytest.mark.parametrize(
    'found', [(BUS, BOX, math.nan), (BUS, [1.0, 2, math.inf, 4], 0.9)]
)
def test_output_that_is_not_finite_is_named(found):
    broken = dict(sample(7, [(BUS, BOX)], [found]), img_path='bus/7.jpg')
    with pytest.raises(ValueError, match='bus/7.jpg: .*not finite, allowed'):
        evaluate(sample(1, [(BUS, BOX)], []), broken)


def test_sample_without_boxes_is_named():
    lacking = sample(1, [], [])
    del lacking['gt_instances']
    with pytest.raises(ValueError, match='with LoadAnnotations'):
        evaluate(lacking)


def test_table_names_the_split(monkeypatch):
    messages = []
    logger = MMLogger.get_current_instance()
    monkeypatch.setattr(logger, 'info', messages.append)
    evaluate(sample(0, [(BUS, BOX)], [(BUS, BOX, 0.9)]))
    assert 'ExDark, split x, 1 images' in messages[-1]
    assert 'COCO mAP 1.000' in messages[-1]


@pytest.mark.parametrize('iou_thr', [0, 1.1, -1])
def test_bad_threshold_is_refused(iou_thr):
    with pytest.raises(ValueError, match='iou_thr'):
        METRICS.build(dict(type='ruas_mm.ExDarkMetric', iou_thr=iou_thr))

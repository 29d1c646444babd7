"""Means over named sets of classes, against figures worked out by hand."""

import math

import cv2
import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger

from ruas_mm.registry import METRICS

pytest.importorskip('mmseg')
CLASSES = ('road', 'truck', 'bus', 'car')


def build(classes=CLASSES, **kwargs):
    metric = METRICS.build(dict(type='ruas_mm.NamedIoUMetric', **kwargs))
    metric.dataset_meta = dict(classes=classes, dataset_name='ACDC')
    return metric


def sample(truth, prediction, split='night/val', **kwargs):
    def field(labels):
        return dict(data=torch.tensor([[labels]]))

    fields = dict(gt_sem_seg=field(truth), pred_sem_seg=field(prediction))
    return dict(fields, split_name=split, img_path='a/b_rgb_anon.png')


@pytest.fixture
def told(monkeypatch):
    lines = []
    logger = MMLogger.get_current_instance()
    monkeypatch.setattr(logger, 'info', lines.append)
    return lines


def test_each_mean_is_over_the_classes_it_names(host, told):
    metric = build(without=[('truck', 'bus'), ['car']])
    # road 2/3, truck 1/2, bus 0/1, car 2/3; 255 is ignored
    metric.process({}, [sample([0, 0, 0, 1, 1], [0, 0, 3, 1, 2])])
    metric.process({}, [sample([3, 3, 255], [3, 3, 0], split='fog/val')])
    found = metric.evaluate(2)
    iou = dict(road=2 / 3, truck=1 / 2, bus=0, car=2 / 3)
    for name, value in iou.items():
        assert found[f'IoU_{name}'] == pytest.approx(100 * value, abs=0.01)
    means = dict(
        mIoU=sum(iou.values()) / 4,
        mIoU_4=sum(iou.values()) / 4,
        mIoU_2=(iou['road'] + iou['car']) / 2,
        mIoU_3=(iou['road'] + iou['truck'] + iou['bus']) / 3,
    )
    for name, value in means.items():
        assert found[name] == pytest.approx(100 * value, abs=0.01)
    assert 'ACDC, split night/val + fog/val, 2 images' in told[-1]
    assert '2 classes, without truck, bus | 2            | 66.67' in told[-1]


def test_absent_classes_are_passed_over_and_counted(told):
    metric = build(without=[('truck', 'bus')])
    metric.process({}, [sample([0, 0], [0, 0])])
    found = metric.evaluate(1)
    assert found['mIoU_4'] == found['mIoU'] == found['mIoU_2'] == 100
    assert math.isnan(found['IoU_car'])
    assert '4 classes                     | 1            | 100.00' in told[-1]


def test_table_11_has_17_of_the_19_classes():
    from mmseg.datasets import CityscapesDataset

    classes = CityscapesDataset.METAINFO['classes']
    metric = build(classes, without=[('truck', 'bus')])
    metric.process({}, [sample(list(range(19)), [0] * 19)])
    found = metric.evaluate(1)
    assert {'mIoU_19', 'mIoU_17'} < set(found)
    assert found['mIoU_17'] == pytest.approx(100 / 19 / 17, abs=0.01)


@pytest.mark.parametrize(
    'without', [[()], [('car',), ('bus',)], [('car', 'car'), ('bus',)]]
)
def test_means_that_no_number_would_name_are_refused(without):
    with pytest.raises(ValueError, match='each of another size'):
        build(without=without)


@pytest.mark.parametrize('without', [('lorry',), CLASSES])
def test_sets_that_do_not_fit_the_classes_are_refused(without):
    metric = build(without=[without])
    metric.process({}, [sample([0], [0])])
    with pytest.raises(ValueError, match='without=.*allowed: some but'):
        metric.evaluate(1)


def test_parts_of_other_classes_are_refused():
    metric = build()
    metric.process({}, [sample([0], [0])])
    metric.dataset_meta = [metric.dataset_meta, dict(classes=CLASSES[::-1])]
    with pytest.raises(ValueError, match='same classes in the same order'):
        metric.compute_metrics(metric.results)


def test_files_for_the_benchmark(tmp_path):
    metric = build(format_only=True, output_dir=str(tmp_path))
    unlabelled = sample([0], [1, 3])
    del unlabelled['gt_sem_seg']
    unlabelled['pred_sem_seg']['data'] = torch.tensor([[[1, 3], [0, 0]]])
    metric.process({}, [unlabelled])
    assert metric.evaluate(1) == {}
    written = cv2.imread(str(tmp_path / 'b_rgb_anon.png'), -1)
    assert np.array_equal(written, [[1, 3], [0, 0]])
    with pytest.raises(ValueError, match='b_rgb_anon.png has no labels'):
        build().process({}, [unlabelled])

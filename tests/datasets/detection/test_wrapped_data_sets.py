"""Data sets in the hosts' wrappers, in every order."""

from collections import Counter
from functools import reduce
from itertools import permutations

import cv2
import numpy as np
import pytest
from mmdet.datasets import ConcatDataset as MMDetConcatDataset
from mmdet.evaluation import CocoMetric, VOCMetric
from mmengine.logging import MMLogger
from mmengine.structures import InstanceData

from ruas_mm.datasets import half_dataset
from ruas_mm.evaluation.exdark_metric import ExDarkMetric
from ruas_mm.registry import DATASETS

CLASSES = ('People', 'Bus')
TRAIN = ['Bus', 'People', 'People', 'People', 'Bus']  # one box each
TEST = ['People', 'Bus', 'People']
PACK = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'instances'),
    ),
]


@pytest.fixture
def parts(tmp_path, host):
    """Configs of two subsets of different length, of the same classes."""
    host('mmdet')
    rows = ['Name | Class | Light | In/Out | Train/Val/Test']
    for folder in ('ExDark/Bus', 'ExDark_Annno/Bus'):
        (tmp_path / folder).mkdir(parents=True)
    for number, name in enumerate(TRAIN + TEST):
        picture = np.random.randint(0, 60, (32, 40, 3), dtype=np.uint8)
        cv2.imwrite(str(tmp_path / f'ExDark/Bus/{number}.png'), picture)
        text = f'% bbGt version=3\n{name} {number} 2 20 20 0 0 0 0 0 0 0\n'
        (tmp_path / f'ExDark_Annno/Bus/{number}.png.txt').write_text(text)
        subset = 1 if number < len(TRAIN) else 3
        rows.append(f'{number}.png 4 1 2 {subset}')
    (tmp_path / 'imageclasslist.txt').write_text('\n'.join(rows))
    return [
        dict(
            type='ruas_mm.ExDarkDataset',
            data_root=str(tmp_path),
            subset=subset,
            metainfo=dict(classes=list(CLASSES)),
            pipeline=PACK,
        )
        for subset in ('train', 'test')
    ]


def concat(parts, **kwargs):
    return [dict(type='ConcatDataset', datasets=parts, **kwargs)]


def each(**wrapper):
    return lambda parts: [dict(wrapper, dataset=part) for part in parts]


WRAPPERS = dict(
    concat=concat,
    balanced=each(type='ruas_mm.ClassBalancedDataset', oversample_thr=1e-3),
    repeat=each(type='RepeatDataset', times=2),
    half=each(type='ruas_mm.HalfDataset', half='even'),
)


def wrap(parts, order):
    """The parts in the wrappers, of which the last is outermost."""
    inner = [dict(part) for part in parts]
    (cfg,) = reduce(lambda inner, name: WRAPPERS[name](inner), order, inner)
    return cfg


def check_samples(dataset):
    """Each sample's object has the class that its file says."""
    for index in range(len(dataset)):
        sample = dataset[index]['data_samples']
        (label,) = sample.gt_instances.labels
        number = int(sample.img_path.split('/')[-1][:-4])
        assert CLASSES[label] == (TRAIN + TEST)[number]
        part = 'train' if number < len(TRAIN) else 'test'
        assert sample.split_name == f'official/{part}'


def numbers(dataset):
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    return Counter(int(i['img_path'].split('/')[-1][:-4]) for i in infos)


@pytest.mark.parametrize('order', permutations(WRAPPERS), ids='-'.join)
def test_every_order(parts, order):
    dataset = DATASETS.build(wrap(parts, order))
    assert numbers(dataset) == dict.fromkeys([0, 2, 4, 5, 7], 2)
    assert dataset.metainfo['classes'] == CLASSES
    check_samples(dataset)


@pytest.mark.parametrize('scope', ['mmdet', 'mmseg'])  # mmseg: MMEngine's
@pytest.mark.parametrize('lazy_init', [True, False])
def test_concatenation_of_either_host(parts, scope, lazy_init, host):
    host(scope)
    (cfg,) = concat([dict(p, pipeline=[]) for p in parts], lazy_init=lazy_init)
    dataset = DATASETS.build(cfg)
    assert isinstance(dataset, MMDetConcatDataset) == (scope == 'mmdet')
    assert dataset.metainfo['classes'] == CLASSES
    assert numbers(dataset) == dict.fromkeys(range(8), 1)


@pytest.mark.parametrize(
    'wrapper',
    [{}, dict(type='ConcatDataset'), dict(type='RepeatDataset', times=1)],
)
def test_meta_information_reads_no_file(parts, wrapper, monkeypatch):
    monkeypatch.setattr(
        'ruas_mm.datasets.detection.ExDarkDataset.load_data_list', None
    )
    lazy = dict(parts[0], lazy_init=True)
    held = dict(
        ConcatDataset=dict(datasets=[lazy, lazy]),
        RepeatDataset=dict(dataset=lazy),
    ).get(wrapper.get('type'), lazy)
    dataset = DATASETS.build({**held, **wrapper, 'lazy_init': True})
    assert dataset.metainfo['classes'] == CLASSES


def test_nested_concatenations_with_ignored_keys(parts):
    inner = dict(type='ConcatDataset', datasets=parts)
    dataset = DATASETS.build(
        dict(
            type='ConcatDataset',
            datasets=[inner, parts[1]],
            ignore_keys='cumulative_sizes',
        )
    )
    assert dataset.metainfo['classes'] == CLASSES
    assert len(dataset) == 11


@pytest.mark.parametrize('inside', ['concat', 'repeat'])
def test_class_balance_over_all_parts(parts, inside):
    # buses are in 3 of 8 images: rarer than .54, whose factor is sqrt(1.44)
    if inside == 'repeat':
        parts = [dict(type='RepeatDataset', dataset=parts[0], times=2)]
        rare, common = 2 * TRAIN.count('Bus'), 2 * TRAIN.count('People')
    else:
        rare, common = (TRAIN + TEST).count('Bus'), 5
        parts = concat(parts)
    dataset = DATASETS.build(
        dict(
            type='ruas_mm.ClassBalancedDataset',
            dataset=parts[0],
            oversample_thr=0.54,
        )
    )
    found = Counter(dataset.get_cat_ids(i)[0] for i in range(len(dataset)))
    assert found == {CLASSES.index('Bus'): 2 * rare, 0: common}
    check_samples(dataset)


@pytest.mark.parametrize('outer', ['even', 'odd'])
@pytest.mark.parametrize('inner', ['even', 'odd'])
def test_half_of_a_half(parts, outer, inner):
    def half(dataset):
        inside = dict(type='ruas_mm.HalfDataset', half=inner, dataset=dataset)
        return numbers(half_dataset(inside, outer))

    plain = list(range(5))[inner == 'odd' :: 2][outer == 'odd' :: 2]
    other = list(range(5, 8))[inner == 'odd' :: 2][outer == 'odd' :: 2]
    assert half(parts[0]) == dict.fromkeys(plain, 1)
    assert half(concat(parts)[0]) == dict.fromkeys(plain + other, 1)


@pytest.mark.parametrize('order', [
    ['mix'], ['half', 'mix'], ['mix', 'half'], ['concat', 'mix'],
    ['repeat', 'mix'], ['mix', 'repeat'], ['balanced', 'mix'],
    ['concat', 'balanced', 'repeat', 'mix', 'half'],
], ids='-'.join)  # fmt: skip
def test_mosaics(parts, order, monkeypatch):
    mosaic = [
        dict(type='Mosaic', img_scale=(32, 40), pad_val=114),
        dict(type='PackDetInputs', meta_keys=('img_path',)),
    ]
    mix = each(type='MultiImageMixDataset', pipeline=mosaic)
    monkeypatch.setitem(WRAPPERS, 'mix', mix)
    if 'concat' not in order:
        parts = parts[:1]
    dataset = DATASETS.build(
        wrap([dict(part, pipeline=PACK[:2]) for part in parts], order)
    )
    assert dataset.metainfo['classes'] == CLASSES
    kept = [0, 2, 4, 5, 7] if 'half' in order else list(range(8))
    kept = [n for n in kept if len(parts) == 2 or n < len(TRAIN)]
    assert numbers(dataset) == dict.fromkeys(kept, 1 + ('repeat' in order))
    sample = dataset[0]['data_samples']
    assert sample.gt_instances.labels.max() < len(CLASSES)
    assert dataset[0]['inputs'].shape == (3, 80, 64)


def perfect(dataset):
    for index in range(len(dataset)):
        sample = dataset[index]['data_samples']
        truth = sample.gt_instances
        sample.pred_instances = InstanceData(
            bboxes=truth.bboxes.tensor,
            labels=truth.labels,
            scores=truth.labels * 0 + 0.9,
        )
        yield sample.to_dict()


@pytest.mark.parametrize('kwargs', [
    dict(), dict(lazy_init=True), dict(ignore_keys='dataset_name'),
], ids=str)  # fmt: skip
@pytest.mark.parametrize('metric, figure', [
    (ExDarkMetric, 'exdark/bbox_mAP'), (ExDarkMetric, 'exdark/Bus_AP50'),
    (VOCMetric, 'pascal_voc/mAP'), (CocoMetric, 'coco/bbox_mAP'),
])  # fmt: skip
def test_evaluation_of_subsets_together(parts, kwargs, metric, figure):
    dataset = DATASETS.build(concat(parts, **kwargs)[0])
    evaluator = metric()
    evaluator.dataset_meta = dataset.metainfo
    samples = list(perfect(dataset))
    evaluator.process({}, samples)
    assert evaluator.evaluate(len(samples))[figure] == pytest.approx(1)


def test_same_images_twice_and_the_title(parts, monkeypatch):
    told = []
    logger = MMLogger.get_current_instance()
    monkeypatch.setattr(logger, 'info', told.append)
    twice = [parts[0], parts[0], parts[1]]
    dataset = DATASETS.build(concat(twice)[0])
    metric = ExDarkMetric()
    metric.dataset_meta = dataset.metainfo
    metric.process({}, list(perfect(dataset)))
    assert metric.evaluate(len(dataset))['exdark/bbox_mAP'] == 1
    title = 'ExDark, split official/train + official/test, 13 images'
    assert title in ' '.join(told[-1].split())


def test_parts_of_other_classes_are_refused(parts):
    parts[1]['metainfo'] = dict(classes=CLASSES[::-1])
    dataset = DATASETS.build(concat(parts)[0])
    metric = ExDarkMetric()
    metric.dataset_meta = dataset.metainfo
    metric.process({}, list(perfect(dataset)))
    message = r"\('People', 'Bus'\), \('Bus', 'People'\).*same order"
    with pytest.raises(ValueError, match=message):
        metric.evaluate(len(dataset))

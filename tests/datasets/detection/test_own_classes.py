"""Classes that a config chooses: by name, in its order, in every metric."""

import json

import cv2
import numpy as np
import pytest
import torch
from mmdet.evaluation import CocoMetric, VOCMetric
from mmengine.structures import InstanceData

from ruas_mm.datasets.detection import DarkFaceDataset, ExDarkDataset
from ruas_mm.evaluation.exdark_metric import ExDarkMetric
from ruas_mm.registry import DATASETS

OBJECTS = [  # of each image, in ExDark's own order of classes
    [('Bus', 4), ('People', 40)],
    [('People', 20)],
    [('Cup', 8)],
    [('Bus', 30), ('Bus', 60), ('Cup', 90)],
]
CHOICES = [('People', 'Bus'), ('Cup', 'People', 'Bus'), ('Cup',)]


@pytest.fixture
def root(tmp_path):
    """Two training and two test images with boxes of 20x20 pixels."""
    rows = ['Name | Class | Light | In/Out | Train/Val/Test']
    for folder in ('ExDark/Bus', 'ExDark_Annno/Bus'):
        (tmp_path / folder).mkdir(parents=True)
    for number, objects in enumerate(OBJECTS):
        picture = np.random.randint(0, 60, (64, 128, 3), dtype=np.uint8)
        name = f'2015_{number:05}.png'
        cv2.imwrite(str(tmp_path / 'ExDark/Bus' / name), picture)
        boxes = [f'{c} {left} 9 20 20 0 0 0 0 0 0 0' for c, left in objects]
        text = '\n'.join(['% bbGt version=3', *boxes])
        (tmp_path / 'ExDark_Annno/Bus' / f'{name}.txt').write_text(text)
        rows.append(f'{name} 4 1 2 {1 if number < 2 else 3}')
    (tmp_path / 'imageclasslist.txt').write_text('\n'.join(rows))
    return tmp_path


def build(root, **kwargs):
    kwargs = {'subset': 'all', **kwargs}
    return DATASETS.build(
        dict(type='ruas_mm.ExDarkDataset', data_root=str(root), **kwargs)
    )


def objects_of(dataset):
    """Class names and left sides of each image."""
    names = dataset.metainfo['classes']
    return [
        [
            (names[i['bbox_label']], i['bbox'][0])
            for i in dataset.get_data_info(index)['instances']
        ]
        for index in range(len(dataset))
    ]


def chosen(classes):
    return [[o for o in each if o[0] in classes] for each in OBJECTS]


@pytest.mark.parametrize(
    'classes', [*CHOICES, ExDarkDataset.METAINFO['classes'][::-1]]
)
def test_objects_keep_their_names(root, classes):
    dataset = build(root, metainfo=dict(classes=list(classes)))
    assert dataset.metainfo['classes'] == classes
    assert objects_of(dataset) == chosen(classes)


def test_colours_stay_with_their_classes_unless_given(root):
    whole = build(root).metainfo
    colours = dict(zip(whole['classes'], whole['palette']))
    classes = ('People', 'Bus')
    meta = build(root, metainfo=dict(classes=classes)).metainfo
    assert meta['palette'] == [colours[name] for name in classes]
    given = dict(classes=classes, palette=[(1, 2, 3), (4, 5, 6)], note='mine')
    meta = build(root, metainfo=given).metainfo
    assert meta == {**given, 'dataset_name': 'ExDark'}


def test_other_entries_alone_change_no_class(root):
    meta = build(root, metainfo=dict(palette=[(1, 2, 3)] * 12)).metainfo
    assert meta['classes'] == ExDarkDataset.METAINFO['classes']
    assert meta['palette'] == [(1, 2, 3)] * 12


def test_classes_from_a_file_and_one_by_name(root):
    path = root / 'classes.txt'
    path.write_text('People\nBus\n')
    dataset = build(root, metainfo=dict(classes=str(path)))
    assert dataset.metainfo['classes'] == ('People', 'Bus')
    assert objects_of(build(root, metainfo=dict(classes='Cup'))) == (
        chosen(['Cup'])
    )


@pytest.mark.parametrize(
    'classes, message',
    [
        (('Car', 'Lorry'), r"'Lorry'\), unknown: \['Lorry'\], allowed: .*Bus"),
        (('car',), r"unknown: \['car'\], allowed"),
        (('Car', 'Car'), r"'Car', 'Car'\), allowed: .* each once"),
        ((), r"\['classes'\]=\(\), allowed: one or more"),
        (None, r"\['classes'\]=\(\), allowed: one or more"),
        ('no_such_file.txt', r"unknown: \['no_such_file.txt'\]"),
    ],
)
@pytest.mark.parametrize('lazy_init', [True, False])
def test_classes_that_are_not_the_data_sets(root, classes, message, lazy_init):
    with pytest.raises(ValueError, match=message):
        build(root, metainfo=dict(classes=classes), lazy_init=lazy_init)


def test_faces_are_the_one_class_of_dark_face(tmp_path):
    for folder in ('image', 'label'):
        (tmp_path / folder).mkdir()
    (tmp_path / 'label/1.txt').write_text('1\n1 1 9 9\n')
    cv2.imwrite(str(tmp_path / 'image/1.png'), np.zeros((16, 16, 3), np.uint8))
    kwargs = dict(data_root=str(tmp_path), subset='all')
    meta = dict(classes=['face'], palette=[(1, 2, 3)])
    dataset = DarkFaceDataset(metainfo=meta, **kwargs)
    assert dataset.metainfo['palette'] == [(1, 2, 3)]
    assert dataset.get_data_info(0)['instances'][0]['bbox_label'] == 0
    message = r"unknown: \['person'\], allowed: .*'face'"
    with pytest.raises(ValueError, match=message):
        DarkFaceDataset(metainfo=dict(classes=('face', 'person')), **kwargs)


def test_images_left_without_objects(root):
    def names(**kwargs):
        dataset = build(root, metainfo=dict(classes=('Cup',)), **kwargs)
        return [
            dataset.get_data_info(i)['img_path'][-5]
            for i in range(len(dataset))
        ]

    assert names() == ['0', '1', '2', '3']
    empty_out = dict(filter_empty_gt=True)
    assert names(filter_cfg=empty_out) == ['2', '3']
    assert names(filter_cfg=empty_out, test_mode=True) == ['0', '1', '2', '3']


def seen(dataset, blind_to):
    """What a model returns that sees every object but those of one class."""
    classes = dataset.metainfo['classes']
    for index, objects in enumerate(OBJECTS):
        found = [o for o in objects if o[0] in classes and o[0] != blind_to]
        boxes = [[left, 9, left + 20, 29] for _, left in found]
        sample = dataset[index]['data_samples']
        sample.pred_instances = InstanceData(
            bboxes=torch.tensor(boxes).float().reshape(-1, 4),
            labels=torch.tensor([classes.index(n) for n, _ in found]).long(),
            scores=torch.full((len(found),), 0.9),
        )
        yield sample.to_dict()


PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'instances'),
    ),
]
METRICS = dict(
    exdark=(ExDarkMetric, {}, 'exdark/{}_AP50', 'exdark/AP50'),
    voc=(VOCMetric, {}, None, 'pascal_voc/mAP'),
    coco=(
        CocoMetric,
        dict(classwise=True),
        'coco/{}_precision',
        'coco/bbox_mAP',
    ),
)


@pytest.mark.parametrize('metric', METRICS)
@pytest.mark.parametrize('classes', CHOICES)
def test_metrics_of_the_chosen_classes(root, classes, metric, host):
    host('mmdet')
    dataset = build(root, metainfo=dict(classes=classes), pipeline=PIPELINE)
    kind, kwargs, of_class, of_all = METRICS[metric]
    evaluator = kind(**kwargs)
    evaluator.dataset_meta = dataset.metainfo
    blind_to = classes[0] if len(classes) > 1 else None
    samples = list(seen(dataset, blind_to))
    evaluator.process({}, samples)
    figures = evaluator.evaluate(len(samples))
    expected = {name: float(name != blind_to) for name in classes}
    mean = sum(expected.values()) / len(classes)
    assert figures[of_all] == pytest.approx(mean, abs=1e-3)
    if of_class:
        assert {c: figures[of_class.format(c)] for c in classes} == expected


TOOL_OPTIONS = [
    "train_dataloader.dataset.dataset.metainfo.classes=('People','Bus')",
    'train_dataloader.dataset.times=1',
    'train_dataloader.batch_size=2',
    'train_dataloader.drop_last=True',
    "val_dataloader.dataset.metainfo.classes=('People','Bus')",
    "test_dataloader.dataset.metainfo.classes=('People','Bus')",
    'model.bbox_head.num_classes=2',
    'train_cfg.max_epochs=1',
    'train_cfg.val_interval=2',
    'default_hooks.checkpoint.interval=1',
    'default_hooks.checkpoint.save_best=None',
    'default_hooks.checkpoint.save_optimizer=False',
]


def test_training_and_test_tool_with_two_classes(root, tmp_path, call_tool):
    def call(name, *arguments):
        call_tool(
            name, 'configs/detection/ruas_ssdlite_exdark_overfit.py',
            *arguments, '--work-dir', tmp_path / 'run', '--cfg-options',
            *TOOL_OPTIONS, EXDARK_ROOT=root,
        )  # fmt: skip

    call('train')
    checkpoint = tmp_path / 'run' / 'epoch_1.pth'
    meta = torch.load(checkpoint, weights_only=False)['meta']['dataset_meta']
    assert meta['classes'] == ('People', 'Bus')
    call('test', checkpoint)
    (path,) = (tmp_path / 'run').glob('*/*.json')
    figures = json.loads(path.read_text())
    assert {'exdark/People_AP50', 'exdark/Bus_AP50'} < set(figures)
    assert 'exdark/Cup_AP50' not in figures

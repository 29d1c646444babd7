"""DarkFaceMetric in the hosts' loop; its figures are tested elsewhere."""

import importlib.util
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from darkface_samples import FACE, OTHER, build, random_samples, sample
from mmengine.logging import MMLogger
from tiny_hosts import model_config
from tool_process import ROOT, finish, start
from two_processes import run_two

from ruas_mm.evaluation import evaluate_files
from ruas_mm.evaluation.face_average_precision import Curve
from ruas_mm.evaluation.face_evaluation import read_curve
from ruas_mm.registry import MODELS


def evaluate(*samples, rounds=1, **kwargs):
    metric = build(**kwargs)
    for _ in range(rounds):  # validation runs again and again
        metric.process({}, list(samples))
        result = metric.evaluate(len(samples))
    return result


def test_both_figures_have_their_names():
    one = sample(1, [FACE], [[*FACE, 0.8]])
    empty = sample(2, [], [[*FACE, 0.9]])  # VOC alone counts it
    assert evaluate(one, empty, rounds=2) == {
        'darkface/official_AP': 1,
        'darkface/VOC_AP50': 0.5,
    }


def test_other_classes_are_no_faces():
    stranger = sample(2, [OTHER], [[*OTHER, 0.9]], labels=1)
    found = sample(1, [FACE], [[*FACE, 0.8]])
    assert set(evaluate(found, stranger).values()) == {1}
    assert all(math.isnan(ap) for ap in evaluate(stranger).values())


def test_ignored_faces_are_vocs_alone():
    missed = sample(1, [FACE], [[*FACE, 0.8]], ignored=[OTHER])
    assert list(evaluate(missed).values()) == [0.5, 1]


def test_files_give_the_figures_of_the_run(tmp_path):
    samples = random_samples(np.random.RandomState(0))
    curve_file = tmp_path / 'curves' / 'ours.json'
    result = evaluate(
        *samples,
        prediction_folder=str(tmp_path / 'found'),
        curve_file=str(curve_file),
    )
    labels = tmp_path / 'label'
    labels.mkdir()
    for i, each in enumerate(samples):
        rows = each['gt_instances']['bboxes'].int().tolist()
        lines = [str(len(rows)), *(' '.join(map(str, row)) for row in rows)]
        (labels / f'{i}.txt').write_text('\n'.join(lines))
    again = evaluate_files(tmp_path / 'found', labels)
    assert 0.1 < result['darkface/official_AP'] < 0.9
    assert list(again.figures.values()) == list(result.values())
    curve = read_curve(curve_file)
    np.testing.assert_array_equal(curve.precision, again.official.precision)
    np.testing.assert_array_equal(curve.recall, again.official.recall)
    assert curve.average_precision == result['darkface/official_AP']
    content = json.loads(curve_file.read_text())
    assert content['title'] == 'DARK FACE, split x, 9 images'
    assert (content['pictures'], content['faces']) == (9, 36)
    # some of the pictures alone
    some = evaluate_files(tmp_path / 'found', labels, list('876543210'))
    assert some.figures == again.figures


@pytest.mark.parametrize(
    'name, row, message',
    [
        (None, '', r'predictions=.*found holds no N\.txt, allowed: one for'),
        (
            '1.json',
            '',
            r'predictions=.*found holds no N\.txt, allowed: one for',
        ),
        ('9.txt', '', r'9\.txt: not one of the 1 pictures.*allowed: files of'),
        ('1.txt', '1 2 3 4', r"1\.txt, line 2: '1 2 3 4', allowed: x1 y1 x2"),
        (
            '1.txt',
            '1 2 3 4 nan',
            r"1\.txt, line 2: '1 2 3 4 nan', allowed: x1",
        ),
    ],
)
def test_folder_that_cannot_be_evaluated_is_named(
    tmp_path, name, row, message
):
    for folder in ('found', 'label'):
        (tmp_path / folder).mkdir()
    (tmp_path / 'label/1.txt').write_text('1\n1 2 3 4\n')
    if name:
        (tmp_path / 'found' / name).write_text(f'5 6 7 8 .75\n{row}')
    with pytest.raises(ValueError, match=message):
        evaluate_files(tmp_path / 'found', tmp_path / 'label')


def test_predictions_do_not_replace_labels(tmp_path):
    evaluate(sample(1, [], []), prediction_folder=str(tmp_path))
    evaluate(sample(1, [], []), prediction_folder=str(tmp_path))  # its own
    (tmp_path / '2.txt').write_text('\ufeff1\r\n3 4 5 6\r\n')
    with pytest.raises(ValueError, match='holds 2.txt, which is a label'):
        build(prediction_folder=str(tmp_path))


def test_curve_without_faces_is_kept(tmp_path):
    path = tmp_path / 'none.json'
    evaluate(sample(1, [], []), curve_file=str(path))
    curve = read_curve(path)
    assert np.isnan(curve.precision).all() and np.isnan(curve.recall).all()
    assert math.isnan(curve.average_precision)


def test_table_names_figures_rules_and_split(monkeypatch):
    messages = []
    logger = MMLogger.get_current_instance()
    monkeypatch.setattr(logger, 'info', messages.append)
    evaluate(
        sample(1, [FACE, OTHER], [[*FACE, 0.8]]), sample(2, [], [[*FACE, 0.9]])
    )
    table = ' '.join(messages[-1].split())
    assert 'DARK FACE, split x, 2 images' in table
    assert 'official_AP │ official tool │ 1,000 │ 0.5000' in table
    assert 'VOC_AP50 │ VOC, IoU 0.5 │ every detection │ 0.2500' in table
    assert '2 pictures, 2 faces, 2 detections, recall 0.500' in table


def without(key):
    broken = sample(1, [FACE], [[*FACE, 0.8]])
    del broken[key]
    return broken


@pytest.mark.parametrize(
    'samples, message',
    [
        ([without('img_path')], "without 'img_path'.*meta_keys"),
        ([without('gt_instances')], "without 'gt_instances'.*LoadAnno"),
        ([sample(7, [FACE], [[*FACE, math.nan]])], '7.png: .*not finite'),
        ([sample(7, [], [[1, 2, math.inf, 4, 1]])], '7.png: .*not finite'),
        ([sample(7, [FACE], []), sample(7, [], [])], r"\['7'\] are twice"),
    ],
)
def test_what_cannot_be_evaluated_is_named(samples, message):
    with pytest.raises(ValueError, match=message):
        evaluate(*samples)


@pytest.mark.parametrize(
    'text, message',
    [
        ('no JSON', 'not a curve'),
        ('[]', 'not a curve'),
        ('{"precision": [1], "faces": 1}', "not a curve.*'recall'"),
        ('{"precision": ["a"], "recall": [1], "faces": 1}', 'not a curve'),
        ('{"precision": [1, 1], "recall": [1], "faces": 1}', 'one length'),
        ('{"precision": [1], "recall": [1.5], "faces": 1}', 'from 0 to 1'),
        ('{"precision": 1, "recall": 1, "faces": 1}', 'two lists'),
        ('{"precision": [1], "recall": [1], "faces": -1}', '0 faces or more'),
        ('{"precision": [1], "recall": [1], "faces": 1e999}', 'not a curve'),
        (
            '{"precision": [1, 1], "recall": [0.5, 0.1], "faces": 1}',
            'the recall rising',
        ),
    ],
)
def test_broken_curve_is_named(tmp_path, text, message):
    path = tmp_path / 'curve.json'
    path.write_text(text)
    with pytest.raises(ValueError, match=f'curve.json: .*{message}'):
        read_curve(path)


def test_curve_of_the_file_is_a_curve(tmp_path):
    path = tmp_path / 'curve.json'
    path.write_text('{"precision": [null, 1], "recall": [0, 0.5], "faces": 4}')
    curve = read_curve(path)
    assert isinstance(curve, Curve) and curve.average_precision == 0.5


def test_two_processes_give_the_figures_of_one(tmp_path):
    worker = Path(__file__).with_name('darkface_worker.py')
    codes, outputs = run_two(worker, lambda rank: [tmp_path])
    assert codes == [0, 0], outputs[0][-3000:]
    samples = random_samples(np.random.RandomState(0))
    alone = evaluate(*samples, prediction_folder=str(tmp_path / 'alone'))
    for rank in range(2):
        assert json.loads((tmp_path / f'{rank}.json').read_text()) == alone
    found = sorted((tmp_path / 'found').iterdir())
    assert len(found) == len(samples)
    for path in found:
        other = tmp_path / 'alone' / path.name
        assert path.read_bytes() == other.read_bytes()


@pytest.fixture
def detector(tmp_path, shared, host):
    """A tiny config and its checkpoint, real pictures, labels made up."""
    pytest.importorskip('mmdet')
    pictures = sorted(shared('darkface', 'image').glob('*.png'))[:3]
    (tmp_path / 'image').mkdir()
    (tmp_path / 'label').mkdir()
    for picture in pictures:
        (tmp_path / 'image' / picture.name).symlink_to(picture)
        boxes = ['0 0 1079 719', '0 0 500 400', '500 300 1000 700']
        text = '\n'.join([str(len(boxes)), *boxes])
        (tmp_path / f'label/{picture.stem}.txt').write_text(text)
    host('mmdet')
    model = model_config('retinanet')
    model.bbox_head.num_classes = 1
    model.test_cfg.update(max_per_img=50, score_thr=0.0)
    built = MODELS.build(model)
    built.init_weights()
    torch.save(built.state_dict(), tmp_path / 'random.pth')
    pipeline = [
        dict(type='LoadImageFromFile'),
        dict(type='Resize', scale=(160, 160), keep_ratio=False),
        dict(type='LoadAnnotations', with_bbox=True),
        dict(
            type='PackDetInputs',
            meta_keys=('img_path', 'ori_shape', 'img_shape', 'scale_factor'),
        ),
    ]
    config = tmp_path / 'tiny.py'
    config.write_text(f"""
_base_ = [
    'mmdet::_base_/default_runtime.py',
    {str(ROOT / 'configs/_base_/darkface.py')!r},
]
model = {model.to_dict()!r}
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        _base_.darkface_test,
        subset='all',
        test_mode=True,
        pipeline={pipeline!r},
    ),
)
test_evaluator = _base_.darkface_evaluator
test_cfg = dict(type='TestLoop')
""")
    return config, [picture.stem for picture in pictures]


def test_stock_test_tool_writes_what_gives_its_figures(detector, tmp_path):
    config, pictures = detector
    mmdet = Path(importlib.util.find_spec('mmdet').origin).parent
    finish(
        start(
            mmdet / '.mim/tools/test.py',
            config,
            tmp_path / 'random.pth',
            '--work-dir',
            tmp_path / 'work',
            '--cfg-options',
            f'test_evaluator.prediction_folder={tmp_path / "found"}',
            f'test_evaluator.curve_file={tmp_path / "curve.json"}',
            DARKFACE_ROOT=str(tmp_path),
        )  # fmt: skip
    )
    (log,) = (tmp_path / 'work').glob('*/*.log')
    assert 'DARK FACE, split paper/all' in log.read_text()
    (scalars,) = (tmp_path / 'work').glob('*/*.json')
    result = json.loads(scalars.read_text())
    found = tmp_path / 'found'
    assert {path.stem for path in found.iterdir()} == set(pictures)
    again = evaluate_files(found, tmp_path / 'label')
    assert again.num_detections == 50 * len(pictures)
    official = again.figures['official_AP']
    assert 0 < official < 1
    assert result['darkface/official_AP'] == official
    assert result['darkface/VOC_AP50'] == again.figures['VOC_AP50']
    assert read_curve(tmp_path / 'curve.json').average_precision == official

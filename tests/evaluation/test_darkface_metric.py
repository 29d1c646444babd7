"""DarkFaceMetric in the hosts' loop; its figures are tested elsewhere."""

import json
import math

import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger

from ruas_mm.evaluation import evaluate_files
from ruas_mm.evaluation.face_average_precision import Curve
from ruas_mm.evaluation.face_evaluation import read_curve
from ruas_mm.registry import METRICS

FACE = [10, 10, 19, 19]
OTHER = [50, 50, 59, 59]


def tensor(rows, *shape):
    return torch.tensor(rows, dtype=torch.float).reshape(-1, *shape)


def sample(number, faces, detections, labels=0, ignored=()):
    """As the hosts' evaluator hands it over."""

    def instances(boxes, **more):
        labels_ = torch.full([len(boxes)], labels)
        return dict(bboxes=tensor(boxes, 4), labels=labels_, **more)

    scores = tensor([row[4] for row in detections])
    return dict(
        img_path=f'data/image/{number}.png',
        split_name='x',
        gt_instances=instances(faces),
        ignored_instances=instances(ignored),
        pred_instances=instances([r[:4] for r in detections], scores=scores),
    )


def random_samples(state, number=9):
    """Detections with all digits of float32."""
    samples = []
    for i in range(number):
        corners = state.randint(0, 900, (4, 2))
        faces = np.hstack([corners, corners + state.randint(5, 25, (4, 2))])
        near = faces[state.randint(4, size=12)] + state.normal(0, 2, (12, 4))
        rows = np.hstack([near, state.uniform(size=(12, 1))])
        samples.append(sample(i, faces.tolist(), rows.tolist()))
    return samples


def evaluate(*samples, rounds=1, **kwargs):
    metric = METRICS.build(dict(type='ruas_mm.DarkFaceMetric', **kwargs))
    metric.dataset_meta = dict(classes=('face',), dataset_name='DARK FACE')
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

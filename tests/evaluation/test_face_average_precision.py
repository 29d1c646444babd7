"""The official tool's rules, one operation at a time, against ours."""

import math

import numpy as np
import pytest

from ruas_mm.evaluation import evaluate_faces
from ruas_mm.evaluation.face_average_precision import Curve

FACE = [10.0, 10, 19, 19]  # 10 x 10 pixels
OTHER = [50.0, 50, 59, 59]
WRONG = [80.0, 10, 89, 19]


def overlap(face, box):
    width = min(face[2], box[2]) - max(face[0], box[0]) + 1
    height = min(face[3], box[3]) - max(face[1], box[1]) + 1
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    areas = [(b[2] - b[0] + 1) * (b[3] - b[1] + 1) for b in (face, box)]
    return common / (areas[0] + areas[1] - common)


def rank_faces_found(faces, detections):
    """Distinct faces found by the first, the first two, ... detections."""
    found, counts = set(), []
    for detection in detections:
        overlaps = [overlap(face, detection) for face in faces]
        best = max(overlaps)
        if best >= 0.5:
            found.add(overlaps.index(best))
        counts.append(len(found))
    return counts


def stretch(pictures):
    """Each picture's detections, best first, scores over all from 0 to 1."""
    scores = [row[4] for _, _, rows in pictures for row in rows.tolist()]
    highest = max([np.finfo('float32').tiny, *scores])
    lowest = min([np.finfo('float32').max, *scores])
    stretched = []
    for _, _, rows in pictures:
        rows = sorted(rows.tolist(), key=lambda row: -row[4])
        for row in rows:
            if highest == lowest:
                row[4] -= lowest - 1
            else:
                row[4] = (row[4] - lowest) / (highest - lowest)
        stretched.append(rows)
    return stretched


def reference(pictures):
    """Precision, recall and AP of the official tool."""
    num_faces, found, taken = 0, [0] * 1000, [0] * 1000
    for (faces, _, _), rows in zip(pictures, stretch(pictures)):
        num_faces += len(faces)
        if not len(faces) or not rows:
            continue
        counts = rank_faces_found(faces.tolist(), rows)
        for t in range(1000):
            threshold = 1 - (t + 1) / 1000
            last = sum(row[4] >= threshold for row in rows)
            if last:
                taken[t] += last
                found[t] += counts[last - 1]
    precision = [f / n if n else math.nan for f, n in zip(found, taken)]
    recall = [f / num_faces if num_faces else math.nan for f in found]
    return precision, recall, area(precision, recall)


def area(precision, recall):
    recall, precision = [0, *recall, 1], [0, *precision, 0]
    for i in range(len(precision) - 2, -1, -1):
        if not precision[i] >= precision[i + 1]:  # nan is smaller than all
            precision[i] = precision[i + 1]
    total = 0
    for i in range(1, len(recall)):
        if recall[i] != recall[i - 1]:  # nan differs from itself
            total += (recall[i] - recall[i - 1]) * precision[i]
    return total


def picture(faces=(), detections=(), ignored=None):
    faces = np.array(faces, float).reshape(-1, 4)
    if ignored is None:
        ignored = np.zeros(len(faces), bool)
    return faces, ignored, np.array(detections, float).reshape(-1, 5)


def random_set(seed, num_pictures=8, levels=None, faces=4, detections=12):
    """Faces, and detections near faces or anywhere; equal scores, boxes."""
    state = np.random.RandomState(seed)
    pictures = []
    for _ in range(num_pictures):
        corners = state.randint(0, 60, (state.randint(faces + 1), 2))
        boxes = np.hstack([corners, corners + state.randint(5, 25, (1, 2))])
        number = state.randint(detections + 1)
        near = boxes if len(boxes) else np.array([[5, 5, 20, 20]])
        near = near[state.randint(len(near), size=number)]
        near = near + state.randint(-4, 5, (number, 4))
        scores = state.uniform(size=(number, 1))
        if levels:
            scores = np.round(scores * levels) / levels
        flags = state.uniform(size=len(boxes)) < 0.3
        pictures.append(picture(boxes, np.hstack([near, scores]), flags))
    return pictures


def no_detections(pictures):
    return [picture(faces) for faces, _, _ in pictures]


def no_faces(pictures):
    return [picture((), rows) for _, _, rows in pictures]


def all_ignored(pictures):
    return [picture(f, d, np.ones(len(f), bool)) for f, _, d in pictures]


def scaled(factor, offset):
    def change(pictures):
        change = np.array([1, 1, 1, 1, factor])
        return [
            picture(f, d * change + [0, 0, 0, 0, offset], i)
            for f, i, d in pictures
        ]

    return change


def turned_boxes(pictures):
    """Right and left exchanged in every other detection."""
    for _, _, rows in pictures:
        rows[::2, [0, 2]] = rows[::2, [2, 0]]
    return pictures


@pytest.mark.parametrize('levels', [None, 1000, 7, 1])
@pytest.mark.parametrize(
    'change',
    [
        lambda pictures: pictures,
        no_detections,
        no_faces,
        all_ignored,
        scaled(0, 0.3),
        scaled(0, 0),
        scaled(3, -1),
        scaled(1, -5),
        turned_boxes,
        lambda pictures: [],
    ],
    ids=[
        'random', 'no-detections', 'no-faces', 'all-ignored', 'one-score',
        'zeros', 'some-negative', 'all-negative', 'turned', 'no-pictures',
    ],
)  # fmt: skip
def test_equals_the_rules_one_by_one(change, levels):
    for seed in range(2):
        pictures = change(random_set(seed, levels=levels))
        ours = evaluate_faces(pictures).official
        precision, recall, ap = reference(pictures)
        for mine, wanted in (
            (ours.precision, precision),
            (ours.recall, recall),
            (ours.average_precision, ap),
        ):
            np.testing.assert_allclose(mine, wanted, rtol=0, atol=1e-12)


def figures(*pictures):
    evaluation = evaluate_faces(pictures)
    return tuple(evaluation.figures[n] for n in ('official_AP', 'VOC_AP50'))


def test_perfect_detections_score_one():
    assert figures(
        picture([FACE, OTHER], [[*FACE, 0.9], [*OTHER, 0.4]]),
        picture([FACE], [[*FACE, 0.1]]),
    ) == (1, 1)


def test_area_by_hand():
    # right, wrong, right: precision 1, 1/2, 2/3 at recall 1/2, 1/2, 1
    expected = pytest.approx(0.5 + 0.5 * 2 / 3)
    assert figures(
        picture([FACE], [[*FACE, 0.9], [*WRONG, 0.8]]),
        picture([OTHER], [[*OTHER, 0.7]]),
    ) == (expected, expected)


def test_scores_closer_than_a_threshold_are_taken_together():
    # .9 and .9001 of [0, .9001] are both between .999 and 1
    pictures = [
        picture([FACE], [[*WRONG, 0.0], [*FACE, 0.9001]]),
        picture([OTHER], [[*WRONG, 0.9], [*OTHER, 0.5]]),
    ]
    official, voc = figures(*pictures)
    assert official == pytest.approx(0.5 * 2 / 3 + 0.5 * 2 / 3)
    assert voc == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


def test_second_detection_of_a_face_is_wrong():
    twice = [[*FACE, 0.9], [*FACE, 0.8], [*OTHER, 0.7]]
    expected = pytest.approx(0.5 + 0.5 * 2 / 3)
    assert figures(picture([FACE, OTHER], twice)) == (expected, expected)


def test_each_detection_has_one_face_only():
    """The best one is taken already, the second best does not count."""
    near = [12.0, 10, 21, 19]  # overlaps FACE by 8/12, but itself by 1
    found = picture([FACE, near], [[*FACE, 0.9], [*FACE, 0.8]])
    assert figures(found) == (0.5, 0.5)


@pytest.mark.parametrize('width, right', [(20, True), (20.1, False)])
def test_overlap_of_a_half_with_pixels_counted(width, right):
    """10 of 20 pixels: corners 10 to 19 and 10 to 29."""
    box = [10.0, 10, 9 + width, 19, 0.9]
    assert figures(picture([FACE], [box])) == (float(right),) * 2


def test_picture_without_detections_counts_its_faces():
    both = figures(picture([FACE], [[*FACE, 0.9]]), picture([FACE, OTHER]))
    assert both == (pytest.approx(1 / 3), pytest.approx(1 / 3))


def test_detections_beside_no_face_lower_vocs_figure_alone():
    assert figures(
        picture([FACE], [[*FACE, 0.8]]), picture([], [[*FACE, 0.9]])
    ) == (1, 0.5)


def test_ignored_face_is_one_for_the_official_tool():
    flags = np.array([False, True])
    rows = [[*OTHER, 0.9], [*FACE, 0.8]]
    found = picture([FACE, OTHER], rows, flags)
    assert figures(found) == (1, 1)
    missed = picture([FACE, OTHER], [[*FACE, 0.8]], flags)
    assert figures(missed) == (0.5, 1)


def test_no_face_is_not_a_number():
    for rows in ([], [[*FACE, 0.9]]):
        assert all(math.isnan(figure) for figure in figures(picture([], rows)))


@pytest.mark.parametrize('with_ignored', [False, True])
def test_voc_equals_mmdet(with_ignored):
    """Its overlaps are float32: the boxes are whole numbers here."""
    evaluation = pytest.importorskip('mmdet.evaluation')
    for seed in range(3):
        pictures, truths, found = [], [], []
        for faces, ignored, rows in random_set(seed, num_pictures=30):
            ignored = ignored & with_ignored
            kept, passed_over = faces[~ignored], faces[ignored]
            truths.append(
                dict(
                    bboxes=kept,
                    labels=np.zeros(len(kept), int),
                    bboxes_ignore=passed_over,
                    labels_ignore=np.zeros(len(passed_over), int),
                )
            )
            found.append([rows])
            both = np.concatenate([kept, passed_over])
            pictures.append((both, np.sort(ignored), rows))
        expected, _ = evaluation.eval_map(
            found, truths, iou_thr=0.5, logger='silent', eval_mode='area',
            use_legacy_coordinate=True, nproc=1,
        )  # fmt: skip
        assert 0 < expected < 1
        ours = evaluate_faces(pictures).figures['VOC_AP50']
        assert ours == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    'detector, ap',
    [
        ('DSFD', 0.470909),
        ('PyramidBox', 0.352745),
        ('SSH', 0.332407),
        ('Faster-RCNN', 0.114775),
    ],
)
def test_area_of_the_curves_that_the_tool_comes_with(shared, detector, ap):
    path = shared('darkface', 'official_eval', f'{detector}.mat')
    curve = np.loadtxt(path, skiprows=5, max_rows=1000)
    curve = Curve(*curve.T, num_faces=1)
    assert curve.average_precision == pytest.approx(ap, abs=5e-7)

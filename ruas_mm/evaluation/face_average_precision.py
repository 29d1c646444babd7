"""Average precision of face detection, as DARK FACE's official tool has it.

Tool: https://github.com/Ir1d/DARKFACE_eval_tools, which descends from that of
WIDER FACE. Its rules, and where they differ from VOC's (mmdet's ``VOCMetric``
with ``eval_mode='area'``):

- A detection belongs to the one face that it overlaps most, and finds it from
  an intersection over union of .5 on; a box from 3 to 5 is three pixels wide.
  VOC: the same.
- Scores are stretched over the whole set, the lowest to 0, the highest to 1.
  Precision and recall are taken at the 1,000 thresholds .999, .998, ..., 0.
  VOC: at each detection.
- At a threshold, the faces found are counted once each, the detections all: a
  second detection of a face lowers the precision. VOC: the same.
- Detections in a picture without any face are passed over. VOC: they lower
  the precision.
- No face is ignored. VOC: a face may be, and the detections that belong to it.
- The average precision is the area under the precision made monotone (the
  best at this recall or above). VOC: the same.
"""

import math
from typing import Iterable, NamedTuple, Tuple

import numpy as np

IOU_THRESHOLD = 0.5
NUM_THRESHOLDS = 1000
THRESHOLDS = 1 - np.arange(1, NUM_THRESHOLDS + 1) / NUM_THRESHOLDS
NO_FACE = -1


class FaceMatches(NamedTuple):
    """All detections of a set, and the faces that they belong to."""

    scores: np.ndarray
    """(m,), one for each detection."""
    found: np.ndarray
    """(m,), index of the face that it finds in the set, or NO_FACE."""
    beside_faces: np.ndarray
    """(m,), whether its picture has a face."""
    ignored: np.ndarray
    """(k,), one for each face of the set: VOC ignores it."""


class Curve(NamedTuple):
    """Precision and recall; nan where there is nothing to divide by."""

    precision: np.ndarray
    """(n,), of falling thresholds."""
    recall: np.ndarray
    """(n,), likewise: it rises."""
    num_faces: int
    """That could be found."""

    @property
    def average_precision(self) -> float:
        """Area under the monotone curve; nan without faces."""
        if not self.num_faces:
            return math.nan
        recall = np.concatenate([[0], self.recall, [1]])
        precision = np.concatenate([self.precision, [0]])
        # the largest of those to come, nan left out
        monotone = np.fmax.accumulate(precision[::-1])[::-1]
        return float(np.sum(np.diff(recall) * monotone))


def match_faces(
    pictures: Iterable[Tuple[np.ndarray, np.ndarray, np.ndarray]],
) -> FaceMatches:
    """Find the face of each detection.

    Args:
        pictures: Faces (k, 4) as x1, y1, x2, y2, whether VOC ignores them
            (k,), and detections (m, 5): the same and score, each picture.
    """
    scores, found, beside_faces, ignored = [], [], [], [np.zeros(0, bool)]
    num_faces = 0
    for faces, flags, detections in pictures:
        best = _best_faces(faces, detections)
        found.append(np.where(best == NO_FACE, NO_FACE, best + num_faces))
        scores.append(detections[:, 4])
        beside_faces.append(np.full(len(detections), len(faces) > 0))
        ignored.append(flags)
        num_faces += len(faces)
    if not scores:
        return FaceMatches(np.zeros(0), np.zeros(0, int), *[ignored[0]] * 2)
    return FaceMatches(
        *map(np.concatenate, (scores, found, beside_faces, ignored))
    )


def official_curve(matches: FaceMatches) -> Curve:
    """Precision and recall at the official tool's 1,000 thresholds."""
    scores = _stretch(matches.scores)
    highest = np.full(len(matches.ignored), -np.inf)  # of each face
    finds = matches.found != NO_FACE
    np.maximum.at(highest, matches.found[finds], scores[finds])
    num_found = _count_from(highest, THRESHOLDS)
    num_detections = _count_from(scores[matches.beside_faces], THRESHOLDS)
    return _divide(num_found, num_detections, len(highest))


def voc_curve(matches: FaceMatches) -> Curve:
    """Precision and recall at each detection, best first.

    Among equal scores, detections keep their order.
    """
    order = np.argsort(-matches.scores, kind='stable')
    found = matches.found[order]
    finds = found != NO_FACE
    passed_over = np.zeros(len(found), bool)
    passed_over[finds] = matches.ignored[found[finds]]
    found = found[~passed_over]
    faces, first = np.unique(found, return_index=True)
    is_right = np.zeros(len(found), int)
    is_right[first[faces != NO_FACE]] = 1
    num_detections = np.arange(1, len(found) + 1)
    num_faces = int(np.sum(~matches.ignored))
    return _divide(is_right.cumsum(), num_detections, num_faces)


def _best_faces(faces: np.ndarray, detections: np.ndarray) -> np.ndarray:
    """Index of the face that each detection finds, or NO_FACE.

    Args:
        faces: (k, 4), x1, y1, x2, y2.
        detections: (m, 4 or more), likewise.
    """
    if not len(faces) or not len(detections):
        return np.full(len(detections), NO_FACE)
    x1, y1, x2, y2 = faces.T[:, :, None]
    left, top, right, bottom = detections.T[:4]
    width = np.minimum(x2, right) - np.maximum(x1, left) + 1  # (k, m)
    height = np.minimum(y2, bottom) - np.maximum(y1, top) + 1
    common = width.clip(0) * height.clip(0)
    united = (x2 - x1 + 1) * (y2 - y1 + 1)
    united = united + (right - left + 1) * (bottom - top + 1) - common
    overlap = np.divide(
        common, united, out=np.zeros_like(common), where=common > 0
    )
    best = overlap.argmax(axis=0)  # the first of equal ones
    best_overlap = np.take_along_axis(overlap, best[None], axis=0)[0]
    return np.where(best_overlap >= IOU_THRESHOLD, best, NO_FACE)


def _stretch(scores: np.ndarray) -> np.ndarray:
    """Scores from 0 to 1, all 1 if there is but one.

    As in the official tool, the search for the highest starts at the
    smallest number above 0: scores that are all below 0 stay below 1.
    """
    if not len(scores):
        return scores
    lowest = scores.min()
    highest = max(scores.max(), np.finfo(np.float32).tiny)
    if highest == lowest:
        return np.ones_like(scores)
    return (scores - lowest) / (highest - lowest)


def _count_from(values: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """How many values are at least as large as each threshold."""
    return len(values) - np.searchsorted(np.sort(values), thresholds, 'left')


def _divide(
    num_found: np.ndarray, num_detections: np.ndarray, num_faces: int
) -> Curve:
    with np.errstate(invalid='ignore'):  # 0 / 0
        precision, recall = num_found / num_detections, num_found / num_faces
    return Curve(precision, recall, num_faces)

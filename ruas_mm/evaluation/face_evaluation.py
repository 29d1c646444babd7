"""Face detections of a whole set against its labels, and their files."""

import json
import math
from pathlib import Path
from typing import Dict, Iterable, List, NamedTuple, Optional, Tuple, Union

import numpy as np

from ruas_mm.evaluation.face_average_precision import (
    Curve,
    match_faces,
    official_curve,
    voc_curve,
)
from ruas_mm.files.atomic_write import atomic_write
from ruas_mm.files.darkface_files import read_labels, read_predictions

OFFICIAL, VOC = 'official_AP', 'VOC_AP50'
"""Names of the two figures, the same wherever they stand."""

PathLike = Union[str, Path]


class FaceEvaluation(NamedTuple):
    """What a detector has found in a set."""

    num_pictures: int
    num_detections: int
    official: Curve
    """Of the official tool."""
    voc: Curve
    """As in VOC, area under all points, and mmdet's ``VOCMetric``."""

    @property
    def figures(self) -> Dict[str, float]:
        """Both average precisions."""
        return {
            OFFICIAL: self.official.average_precision,
            VOC: self.voc.average_precision,
        }

    @property
    def summary(self) -> str:
        """Sizes of the set, and the share of faces found at all."""
        recall = self.official.recall[-1]
        return (
            f'{self.num_pictures:,} pictures, '
            f'{self.official.num_faces:,} faces, '
            f'{self.num_detections:,} detections, recall {recall:.3f}'
        )


def evaluate_faces(
    pictures: Iterable[Tuple[np.ndarray, np.ndarray, np.ndarray]],
) -> FaceEvaluation:
    """Evaluate detections; ``pictures`` as in :func:`match_faces`."""
    pictures = list(pictures)
    matches = match_faces(pictures)
    return FaceEvaluation(
        len(pictures),
        len(matches.scores),
        official_curve(matches),
        voc_curve(matches),
    )


def evaluate_files(
    predictions: PathLike,
    labels: PathLike,
    pictures: Optional[List[str]] = None,
) -> FaceEvaluation:
    """Evaluate a folder of prediction files, as the official tool does.

    Args:
        predictions: Folder of ``N.txt`` with rows ``x1 y1 x2 y2 score``.
        labels: Folder of the official label files.
        pictures: Names without suffix, as ``'17'``. None: all labels.

    Raises:
        ValueError: A broken, unknown or missing file; see
            :func:`~ruas_mm.files.darkface_files.read_predictions` and
            :func:`~ruas_mm.files.darkface_files.read_labels`.
    """
    truth = read_labels(labels, pictures)
    found = read_predictions(predictions, list(truth))
    return evaluate_faces(
        (faces, np.zeros(len(faces), bool), found[name])
        for name, faces in truth.items()
    )


def write_curve(
    path: PathLike, evaluation: FaceEvaluation, title: str = ''
) -> None:
    """Write the official curve as JSON; an old file is replaced whole.

    Args:
        path: The file.
        evaluation: Of which it is.
        title: Data set and split.
    """
    curve = evaluation.official
    content = dict(
        title=title,
        pictures=evaluation.num_pictures,
        detections=evaluation.num_detections,
        faces=curve.num_faces,
        **{k: _to_json([v])[0] for k, v in evaluation.figures.items()},
        precision=_to_json(curve.precision.tolist()),
        recall=_to_json(curve.recall.tolist()),
    )
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(content, allow_nan=False))


def read_curve(path: PathLike) -> Curve:
    """Read what :func:`write_curve` has written.

    Raises:
        ValueError: No JSON, no such lists, of unequal length, numbers
            outside of [0, 1], a recall that falls, or no number of faces.
    """
    try:
        content = json.loads(Path(path).read_text(encoding='utf-8'))
        precision, recall = (
            np.array(content[name], dtype=np.float64)
            for name in ('precision', 'recall')
        )
        num_faces = int(content['faces'])
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise ValueError(
            f'{path}: not a curve of DarkFaceMetric ({error!r})'
        ) from None
    known = np.concatenate([precision.ravel(), recall.ravel()])
    known = known[~np.isnan(known)]
    if (
        precision.ndim != 1
        or precision.shape != recall.shape
        or ((known < 0) | (known > 1)).any()
        or (np.diff(recall) < 0).any()
        or num_faces < 0
    ):
        raise ValueError(
            f'{path}: precision {precision.shape} and recall {recall.shape}, '
            f'of {num_faces} faces, allowed: two lists of one length, from 0 '
            'to 1, the recall rising, of 0 faces or more'
        )
    return Curve(precision, recall, num_faces)


def _to_json(values: List[float]) -> list:
    """JSON has no nan: None instead, which numpy reads as nan."""
    return [None if math.isnan(value) else value for value in values]

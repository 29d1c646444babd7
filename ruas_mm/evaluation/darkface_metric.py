"""DARK FACE's figures: the official tool's AP, and VOC's beside it."""

from collections import Counter
from pathlib import Path
from typing import Dict, List, Optional, Sequence

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger
from rich.console import Console
from rich.table import Table

from ruas_mm.evaluation.detections import check_finite, to_numpy
from ruas_mm.evaluation.face_average_precision import (
    IOU_THRESHOLD,
    NUM_THRESHOLDS,
)
from ruas_mm.evaluation.face_evaluation import (
    OFFICIAL,
    VOC,
    FaceEvaluation,
    evaluate_faces,
    write_curve,
)
from ruas_mm.evaluation.split_title import split_title
from ruas_mm.files.darkface_files import (
    as_written,
    check_no_labels,
    write_prediction,
)
from ruas_mm.registry import METRICS

FACE = 0
"""Label of the only class."""


@METRICS.register_module()
class DarkFaceMetric(BaseMetric):
    """The official tool's average precision beside VOC's; needs no host.

    Rules of both: :mod:`ruas_mm.evaluation.face_average_precision`. They
    differ by a tenth and more for one detector, so each has its name. The
    split's name (``split_name`` of the data samples) stands in the table's
    title, since figures from different splits do not compare.

    Faces and detections are those of the data samples (``gt_instances``,
    ``pred_instances``), in pixels of the picture as stored: annotations have
    to be loaded after the resizing, as in mmdet's test pipelines. Both are
    taken with the decimals that prediction files have, so that those give the
    same figures. For a folder of such files see
    :func:`~ruas_mm.evaluation.face_evaluation.evaluate_files`.

    Results: ``darkface/official_AP`` and ``darkface/VOC_AP50``; nan without
    any face.

    Args:
        prediction_folder: Where to write ``N.txt`` for the official tool
            (``x1 y1 x2 y2 score``), one for each picture; not a folder of
            labels.
        curve_file: Where to write precision and recall as JSON, for
            ``tools/misc/draw_precision_recall.py``.
        **kwargs: Of ``mmengine.evaluator.BaseMetric``.

    Raises:
        ValueError: ``prediction_folder`` holds labels. While testing: a
            picture without name or faces in its data sample, or twice in the
            set; a box or score that is not finite.
    """

    default_prefix = 'darkface'

    def __init__(
        self,
        prediction_folder: Optional[str] = None,
        curve_file: Optional[str] = None,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        if prediction_folder is not None:
            check_no_labels(prediction_folder)
        self.prediction_folder = prediction_folder
        self.curve_file = curve_file

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Keep faces and detections of each picture."""
        for sample in data_samples:
            for key in ('img_path', 'gt_instances'):
                if key not in sample:
                    raise ValueError(
                        f'data sample without {key!r}, allowed: those of a '
                        'test pipeline with LoadAnnotations and '
                        "PackDetInputs(meta_keys=['img_path', ...])"
                    )
            path = sample['img_path']
            faces = _boxes(sample['gt_instances'])
            ignored = _boxes(sample.get('ignored_instances'))
            detections = _boxes(sample['pred_instances'], with_scores=True)
            check_finite(path, detections)
            split = sample.get('split_name')
            self.results.append((path, faces, ignored, detections, split))

    def compute_metrics(self, results: List[tuple]) -> Dict[str, float]:
        """Both figures; logs one table and writes what was asked for."""
        names = _names([path for path, *_ in results])
        pictures = [
            (
                np.concatenate([faces, ignored]).astype(np.float64),
                np.arange(len(faces) + len(ignored)) >= len(faces),
                as_written(detections),
            )
            for _, faces, ignored, detections, _ in results
        ]
        evaluation = evaluate_faces(pictures)
        meta = self.dataset_meta or {}
        split = split_title(name for *_, name in results)
        title = f'{meta.get("dataset_name", "data set")}, split {split}'
        table = face_table(title, evaluation)  # first: a disk may be full
        MMLogger.get_current_instance().info('\n' + table)
        if self.prediction_folder is not None:
            for name, (*_, detections) in zip(names, pictures):
                path = Path(self.prediction_folder, f'{name}.txt')
                write_prediction(path, detections)
        if self.curve_file is not None:
            write_curve(self.curve_file, evaluation, title)
        return evaluation.figures


def face_table(title: str, evaluation: FaceEvaluation) -> str:
    """Both figures and their rules, as text."""
    table = Table(title=title, caption=evaluation.summary)
    for column in ('name', 'rules', 'thresholds'):
        table.add_column(column)
    table.add_column('AP', justify='right')
    rules = {
        OFFICIAL: ('official tool', f'{NUM_THRESHOLDS:,}'),
        VOC: (f'VOC, IoU {IOU_THRESHOLD}', 'every detection'),
    }
    for name, figure in evaluation.figures.items():
        table.add_row(name, *rules[name], f'{figure:.4f}')
    console = Console(width=79)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def _names(paths: List[str]) -> List[str]:
    """Pictures' names without suffix, each once."""
    names = [Path(path).stem for path in paths]
    twice = sorted(n for n, count in Counter(names).items() if count > 1)
    if twice:
        raise ValueError(
            f'pictures {twice[:10]} are twice in the set, allowed: once'
        )
    return names


def _boxes(instances: Optional[dict], with_scores: bool = False) -> np.ndarray:
    """(n, 4 or 5), x1, y1, x2, y2 and score of the faces among them."""
    if instances is None:
        return np.zeros((0, 4), np.float32)
    boxes = instances['bboxes']
    columns = [to_numpy(getattr(boxes, 'tensor', boxes)).reshape(-1, 4)]
    if with_scores:
        columns.append(to_numpy(instances['scores'])[:, None])
    is_face = to_numpy(instances['labels']) == FACE
    return np.hstack(columns)[is_face]

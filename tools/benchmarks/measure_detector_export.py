"""How far a detector in ONNX Runtime is from mmdet's own inference.

    python tools/benchmarks/measure_detector_export.py CONFIG CHECKPOINT FOLDER

Exports the detector of CONFIG with its front as ``ruas-mm export`` does, and
holds all detections in the pictures below FOLDER against those of mmdet's
``inference_detector``. Prints one row of docs/measured/detector_export.yml.
"""

import argparse
import math
import tempfile
from pathlib import Path
from typing import NamedTuple, Sequence

import cv2
import numpy as np
import onnxruntime
from mmdet.apis import inference_detector, init_detector

from ruas_mm.apis.detector_export import (
    OUTPUTS,
    compare_detections,
    export_detector,
)
from ruas_mm.datasets.enhancement.paired_images import list_images


class Compared(NamedTuple):
    """Of one picture."""

    detections: int
    boxes: float
    scores: float


def compare(
    model, session: onnxruntime.InferenceSession, pixels: np.ndarray
) -> Compared:
    """All detections above the config's threshold, either way."""
    found = inference_detector(model, pixels).pred_instances
    ours = session.run(list(OUTPUTS), dict(picture=pixels))
    names = 'bboxes', 'scores', 'labels'
    theirs = tuple(found[name].numpy() for name in names)
    number = max(len(theirs[1]), len(ours[1]))
    return Compared(number, *compare_detections(theirs, ours, number))


def row(name: str, size: int, pictures: Sequence[Compared]) -> list:
    """Of the table: see the columns of detector_export.yml."""
    unmatched = sum(math.isinf(each.boxes) for each in pictures)
    return [
        name,
        f'{size / 1e6:.1f} MB',
        len(pictures),
        f'{sum(each.detections for each in pictures):,}',
        unmatched,
        f'{max(each.boxes for each in pictures):.1e}',
        f'{max(each.scores for each in pictures):.1e}',
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('config')
    parser.add_argument('checkpoint')
    parser.add_argument('folder', type=Path, help='with pictures below it')
    args = parser.parse_args()
    model = init_detector(args.config, args.checkpoint, device='cpu')
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'detector.onnx')
        print(export_detector(model, path))
        size = path.stat().st_size
        session = onnxruntime.InferenceSession(
            path.read_bytes(), providers=['CPUExecutionProvider']
        )
    pictures = [
        compare(model, session, cv2.imread(str(file)))
        for file in list_images(args.folder, recursive=True)
    ]
    print(row(Path(args.config).stem, size, pictures))


if __name__ == '__main__':
    main()

"""Precision-recall curves on DARK FACE in one picture (Fig. 10).

    python tools/misc/draw_precision_recall.py OUT.png RUN... [--labels FOLDER]

A RUN is a curve that DarkFaceMetric has written (JSON), or a folder of
prediction files N.txt with rows x1 y1 x2 y2 score; those need the labels, are
evaluated as by the official tool, and their figures are printed.
"""

import argparse
import sys
from pathlib import Path
from typing import Dict, List, Optional

from ruas_mm.evaluation.darkface_metric import face_table
from ruas_mm.evaluation.face_average_precision import Curve
from ruas_mm.evaluation.face_evaluation import evaluate_files, read_curve
from ruas_mm.files.darkface_files import read_file_list
from ruas_mm.visualization.precision_recall_picture import (
    save_precision_recall,
)


def read_run(
    name: str, run: Path, labels: Optional[Path], pictures: Optional[Path]
) -> Curve:
    """Curve of a JSON file, or of a folder, whose table is printed."""
    if not run.is_dir():
        return read_curve(run)
    if labels is None:
        raise ValueError(f'{run} is a folder: --labels has to name another')
    chosen = None if pictures is None else read_file_list(pictures)
    evaluation = evaluate_files(run, labels, chosen)
    print(face_table(f'{name}, labels {labels}', evaluation))
    return evaluation.official


def name_runs(runs: List[Path], names: Optional[List[str]]) -> Dict[str, Path]:
    """What stands in the legend -> the run."""
    names = names or [
        run.stem if run.suffix == '.json' else run.name for run in runs
    ]
    if len(set(names)) != len(runs):
        raise ValueError(
            f'names {names} for {len(runs)} runs, allowed: --names with as '
            'many different ones'
        )
    return dict(zip(names, runs))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('out', type=Path, help='PNG, PDF or SVG')
    parser.add_argument('runs', type=Path, nargs='+', metavar='RUN')
    parser.add_argument('--labels', type=Path, help='folder of N.txt')
    parser.add_argument(
        '--list',
        type=Path,
        help='official file_list.txt of the pictures; all labels without it',
    )
    parser.add_argument(
        '--names', nargs='+', help='for the legend; names of files without it'
    )
    parser.add_argument('--title')
    args = parser.parse_args()
    try:
        curves = {
            name: read_run(name, run, args.labels, args.list)
            for name, run in name_runs(args.runs, args.names).items()
        }
        save_precision_recall(args.out, curves, args.title)
    except (ValueError, OSError) as error:
        sys.exit(str(error))


if __name__ == '__main__':
    main()

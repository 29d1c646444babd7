"""Text files of DARK FACE: labels, and predictions for the official tool.

Tool: https://github.com/Ir1d/DARKFACE_eval_tools
"""

import logging
from pathlib import Path
from typing import Dict, Iterable, List, Optional, Sequence, Union

import numpy as np
from mmengine.logging import print_log

from ruas_mm.files.atomic_write import atomic_write

BOX_DECIMALS, SCORE_DECIMALS = 4, 9  # what float32 holds at 1,000 pixels, at 1
ROW = ' '.join([f'%.{BOX_DECIMALS}f'] * 4 + [f'%.{SCORE_DECIMALS}f\n'])

PathLike = Union[str, Path]


def read_label(path: PathLike) -> List[tuple]:
    """Read one label file.

    Returns:
        (left, top, right, bottom) of each face, in pixels.

    Raises:
        ValueError: Not a count and as many rows of four whole numbers.
    """
    first, *rows = _read_lines(path) or ['']
    if not first.strip().isdecimal():
        raise ValueError(
            f'{path}: first line is {first[:40]!r}, allowed: number of faces'
        )
    boxes = []
    for number, row in enumerate(rows, 2):
        if not row.strip():
            continue
        try:
            left, top, right, bottom = (int(value) for value in row.split())
        except ValueError:
            raise ValueError(
                f'{path}, line {number}: {row[:40]!r}, allowed: x1 y1 x2 y2 '
                'in whole pixels'
            ) from None
        boxes.append((left, top, right, bottom))
    if len(boxes) != int(first):
        raise ValueError(
            f'{path}: first line says {int(first)} faces, but there are '
            f'{len(boxes)} rows; allowed: as many'
        )
    return boxes


def read_prediction(path: PathLike) -> np.ndarray:
    """Read one prediction file, as the official tool takes it.

    The tool takes a file with a broken row for an empty one.

    Returns:
        (n, 5), float64: x1, y1, x2, y2 in pixels, score.

    Raises:
        ValueError: A row that is not five finite numbers.
    """
    lines = _read_lines(path)
    if not any(line.strip() for line in lines):
        return np.empty((0, 5))
    try:
        table = np.loadtxt(lines, comments=None, ndmin=2)
    except ValueError:
        return _read_rows(path, lines)
    if table.shape[1] != 5 or not np.isfinite(table).all():
        return _read_rows(path, lines)
    return table


def read_predictions(
    folder: PathLike, pictures: Sequence[str]
) -> Dict[str, np.ndarray]:
    """Read ``N.txt`` of each picture; other suffixes are passed over.

    Where a file is missing there are no detections, and a warning; the faces
    of the picture count all the same. The official tool does so, too. Where
    all are missing it is another folder that was meant: a detector without
    detections has empty files.

    Args:
        folder: Prediction files.
        pictures: Their names without suffix.

    Returns:
        Picture to what :func:`read_prediction` says.

    Raises:
        ValueError: No folder, no file in it, a file of another picture or a
            broken one.
    """
    folder = _check_folder('predictions', folder)
    there = _stems(folder)
    unknown = sorted(there - set(pictures))
    if unknown:
        raise ValueError(
            f'{folder / unknown[0]}.txt: not one of the {len(pictures)} '
            f'pictures ({len(unknown)} such files); allowed: files of those'
        )
    if not there:
        raise ValueError(
            f'predictions={folder} holds no N.txt, allowed: one for each of '
            f'{len(pictures)} pictures, empty where nothing was found'
        )
    missing = [name for name in pictures if name not in there]
    if missing:
        print_log(
            f'{folder}: {len(missing)} of {len(pictures)} pictures have no '
            f'prediction file, {missing[0]}.txt and so on: no detection '
            'there, but their faces count',
            logger='current',
            level=logging.WARNING,
        )
    return {
        name: read_prediction(folder / f'{name}.txt')
        if name in there
        else np.empty((0, 5))
        for name in pictures
    }


def read_labels(
    folder: PathLike, pictures: Optional[Iterable[str]] = None
) -> Dict[str, np.ndarray]:
    """Read the label files of ``pictures``, or of all in the folder.

    Returns:
        Picture to (n, 4), float64: x1, y1, x2, y2 in pixels.

    Raises:
        ValueError: No folder, no label, a missing or a broken one.
    """
    folder = _check_folder('labels', folder)
    if pictures is None:
        numbers = (stem for stem in _stems(folder) if stem.isdecimal())
        pictures = sorted(numbers, key=int)
    labels = {}
    for name in pictures:
        path = folder / f'{name}.txt'
        if not path.is_file():
            raise ValueError(f'{path}: missing file, allowed: a label')
        boxes = read_label(path)
        labels[name] = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    if not labels:
        raise ValueError(f'labels={folder} holds no label, allowed: N.txt')
    return labels


def read_file_list(path: PathLike) -> List[str]:
    """Pictures of an official ``file_list.txt``, one path a line.

    Raises:
        ValueError: A picture that stands twice.
    """
    names: Dict[str, int] = {}
    for number, line in enumerate(_read_lines(path), 1):
        name = Path(line.strip()).stem
        if name in names:
            raise ValueError(
                f'{path}, line {number}: {line[:60]!r} stands in line '
                f'{names[name]}, too; allowed: each picture once'
            )
        if name:
            names[name] = number
    return list(names)


def as_written(detections: np.ndarray) -> np.ndarray:
    """Detections (n, 5) with the decimals that files have, as float64."""
    boxes, scores = np.split(np.asarray(detections, np.float64), [4], axis=1)
    return np.hstack([boxes.round(BOX_DECIMALS), scores.round(SCORE_DECIMALS)])


def check_no_labels(folder: PathLike) -> None:
    """Make sure that predictions do not take the place of labels.

    Raises:
        ValueError: A file in the folder starts with a number of faces.
    """
    for path in sorted(Path(folder).glob('*.txt')):
        with open(path, encoding='utf-8-sig', errors='replace') as file:
            if file.readline().strip().isdecimal():
                raise ValueError(
                    f'prediction_folder={folder} holds {path.name}, which is '
                    'a label, allowed: another folder'
                )


def write_prediction(path: PathLike, detections: np.ndarray) -> None:
    """Write one file for the official tool, best detection first.

    Read again, it gives what :func:`as_written` gives, sorted.

    Args:
        path: The file; an old one is replaced whole.
        detections: (n, 5): x1, y1, x2, y2 in pixels, score; all finite.
    """
    detections = as_written(detections)
    detections = detections[np.argsort(-detections[:, 4], kind='stable')]
    text = ROW * len(detections) % tuple(detections.ravel().tolist())
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding='ascii')


def _read_lines(path: PathLike) -> List[str]:
    try:
        with open(path, encoding='utf-8-sig', errors='replace') as file:
            return file.read().splitlines()
    except IsADirectoryError:
        raise ValueError(f'{path} is a folder, allowed: a file') from None


def _read_rows(path: PathLike, lines: List[str]) -> np.ndarray:
    """Slower than numpy, but it knows the line that is wrong."""
    rows = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = [float(value) for value in line.split()]
            if len(row) != 5 or not np.isfinite(row).all():
                raise ValueError
        except ValueError:
            raise ValueError(
                f'{path}, line {number}: {line[:60]!r}, allowed: '
                'x1 y1 x2 y2 score, finite numbers'
            ) from None
        rows.append(row)
    return np.array(rows)


def _check_folder(name: str, folder: PathLike) -> Path:
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f'{name}={folder}, allowed: a folder with N.txt')
    return folder


def _stems(folder: Path) -> set:
    """Names of the text files without suffix; hidden ones are left out."""
    return {p.stem for p in folder.glob('*.txt') if p.name[0] != '.'}

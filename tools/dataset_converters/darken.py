"""Make a low-light copy of a data set: COCO, VOC or any folder of pictures.

    python tools/dataset_converters/darken.py DATASET OUT --level night

Pictures are darkened by a camera model (:class:`CameraDarkening`) and keep
name, format and size; all other files (annotations, lists) are copied as they
are, so that a config needs another ``data_root`` alone. What is drawn for a
picture depends on the seed and its path below DATASET: not on the others.

Mean greys of daylight photographs become about 45 (dusk), 17 (night) and 6
(extreme). What is in OUT already stays: an interrupted run goes on.

Exit code: 0, all done; 1, a picture could not be read, which is named.
"""

import argparse
import json
import shutil
import sys
import zlib
from pathlib import Path
from typing import Iterator, List

import cv2
import numpy as np
from rich.progress import track

from ruas_mm.datasets.transforms import CameraDarkening
from ruas_mm.files.atomic_write import atomic_write

SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp')
LEVELS = dict(
    dusk=dict(exposure=(1 / 8, 1 / 3), shot_noise=(0.3, 1.5)),
    night=dict(exposure=(1 / 50, 1 / 16), shot_noise=(0.6, 3)),
    extreme=dict(exposure=(1 / 300, 1 / 120), shot_noise=(1, 5)),
)
"""Level -> what it changes of the camera."""
RECORD = 'darkened.json'  # what OUT was made with


def make_camera(level: str) -> CameraDarkening:
    """Camera of a level; the file's own compression is the only one."""
    return CameraDarkening(jpeg=0, blur=0.4, cast=0.2, **LEVELS[level])


def darken_file(
    source: Path, target: Path, camera: CameraDarkening, seed: int
) -> None:
    """Darken one picture.

    Raises:
        ValueError: It cannot be read.
    """
    image = cv2.imread(str(source), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f'{source}: no picture, or a broken one')
    generator = np.random.RandomState(seed)
    dark = camera.record(camera.darken(image, generator), generator)
    flags = [cv2.IMWRITE_JPEG_QUALITY, 95]
    with atomic_write(target) as temporary:
        if not cv2.imwrite(str(temporary), dark, flags):
            raise OSError(f'{target}: cannot be written')


def find_files(folder: Path, out: Path) -> Iterator[Path]:
    """Files below ``folder``, sorted; none of ``out``."""
    for path in sorted(folder.rglob('*')):
        if path.is_file() and out.resolve() not in path.resolve().parents:
            yield path


def check_record(out: Path, settings: dict) -> None:
    """One folder holds one level and seed.

    Raises:
        ValueError: OUT was made with others, or holds something else.
    """
    record = out / RECORD
    if record.is_file():
        before = json.loads(record.read_text())
        if before != settings:
            raise ValueError(f'{out} was made with {before}, not {settings}')
        return
    if out.is_dir() and any(out.iterdir()):
        raise ValueError(f'{out} holds other files, allowed: a new folder')
    with atomic_write(record) as temporary:
        temporary.write_text(json.dumps(settings))


def main(dataset: Path, out: Path, level: str, seed: int) -> List[str]:
    """Darken all; returns a line for each picture that cannot be read.

    Raises:
        ValueError: No folder, or see :func:`check_record`.
    """
    if not dataset.is_dir():
        raise ValueError(f'{dataset}: no such folder')
    files = list(find_files(dataset, out))
    if not any(path.suffix.lower() in SUFFIXES for path in files):
        raise ValueError(f'{dataset}: holds no picture')
    check_record(out, dict(level=level, seed=seed))
    camera, problems = make_camera(level), []
    for source in track(files, 'darkening'):
        name = source.relative_to(dataset)
        target = out / name
        if target.exists():
            continue
        if source.suffix.lower() not in SUFFIXES:
            with atomic_write(target) as temporary:
                shutil.copyfile(source, temporary)
            continue
        drawn = zlib.crc32(f'{seed} {name.as_posix()}'.encode())
        try:
            darken_file(source, target, camera, drawn)
        except ValueError as error:
            problems.append(str(error))
    return problems


if __name__ == '__main__':
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('dataset', type=Path, help='folder')
    parser.add_argument('out', type=Path, help='folder to write')
    parser.add_argument('--level', choices=list(LEVELS), default='night')
    parser.add_argument('--seed', type=int, default=0, help='(%(default)s)')
    args = parser.parse_args()
    try:
        unread = main(args.dataset, args.out, args.level, args.seed)
    except (ValueError, OSError) as error:
        sys.exit(str(error))
    print('\n'.join(unread), file=sys.stderr)
    sys.exit(1 if unread else 0)

"""Make a low-light copy of a data set: COCO, VOC or any folder of pictures.

    python tools/dataset_converters/darken.py DATASET OUT --level night

Pictures are darkened by a camera model (:class:`CameraDarkening`) and keep
name and format, with 8 bits, and the size at which mmcv reads them (turned by
EXIF); all other files (annotations, lists) are copied as they are, so that a
config needs another ``data_root`` alone. So are pictures that are labels: in
folders called like one of ``--labels`` (VOC's SegmentationClass, COCO's
annotations, CamVid's trainannot, ...), in large or small letters. A picture
with a palette elsewhere may be either and is named; so are several pictures in
one file, and formats that are not written. What is drawn for a picture depends
on the seed and its path below DATASET: not on the others.

Mean greys of daylight photographs become about 45 (dusk), 17 (night) and 6
(extreme). What is in OUT already stays: an interrupted run goes on.

Exit code: 0, all done; 1, a picture could not be darkened, which is named.
"""

import argparse
import os
import shutil
import sys
import zlib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Iterator, List, Sequence, Tuple

import cv2
import numpy as np
from PIL import Image
from rich.progress import track

from ruas_mm.datasets.image_files import (
    END_MARKERS,
    check_end_marker,
    decode_image,
)
from ruas_mm.datasets.transforms import CameraDarkening
from ruas_mm.files.atomic_write import atomic_write
from ruas_mm.files.folder_record import check_record, told
from ruas_mm.files.input_files import UNREAD_SUFFIXES
from ruas_mm.files.picture_file import READABLE_SUFFIXES

SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp')
PICTURES = {*SUFFIXES, *READABLE_SUFFIXES, *UNREAD_SUFFIXES}
"""Those that are not of SUFFIXES are named."""
LEVELS = dict(
    dusk=dict(exposure=(1 / 8, 1 / 3), shot_noise=(0.3, 1.5)),
    night=dict(exposure=(1 / 50, 1 / 16), shot_noise=(0.6, 3)),
    extreme=dict(exposure=(1 / 300, 1 / 120), shot_noise=(1, 5)),
)
"""Level -> what it changes of the camera."""
RECORD = 'darkened.json'  # what OUT was made with
LABELS = (
    *('annotation*', '*annot', 'ann_dir', '*label', '*labels', '*mask'),
    *('*masks', 'segmentation*', 'gt', 'gtfine', 'gtcoarse', 'stuffthingmaps'),
)
"""Names of folders whose pictures are labels."""


def make_camera(level: str) -> CameraDarkening:
    """Camera of a level; the file's own compression is the only one."""
    return CameraDarkening(jpeg=0, blur=0.4, cast=0.2, **LEVELS[level])


def darken_file(
    source: Path, target: Path, camera: CameraDarkening, seed: int
) -> None:
    """Darken one picture.

    Raises:
        ValueError: It cannot be read, is cut off, has a palette, or is of a
            kind that cannot be written again.
    """
    if source.suffix.lower() not in SUFFIXES:
        raise ValueError(f'{source}: no such picture, allowed: {SUFFIXES}')
    check_end_marker(str(source))
    image = decode_image(str(source), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    if image.dtype not in (np.uint8, np.uint16):
        raise ValueError(f'{source}: {image.dtype}, allowed: 8 or 16 bits')
    if image.dtype == np.uint16:
        image = decode_image(str(source))  # in 8 bits, as mmcv reads it
    mode, frames = look_at(source)
    if mode == 'P':
        raise ValueError(
            f'{source}: has a palette and may be a label, allowed: in a '
            'folder of --labels, or in colours'
        )
    if frames > 1:
        raise ValueError(f'{source}: {frames} pictures, allowed: one a file')
    generator = np.random.RandomState(seed)
    dark = camera.record(camera.darken(image, generator), generator)
    flags = [cv2.IMWRITE_JPEG_QUALITY, 95]
    with atomic_write(target) as temporary:
        if not cv2.imwrite(str(temporary), dark, flags):
            raise OSError(f'{target}: cannot be written')


def look_at(path: Path) -> Tuple[str, int]:
    """Pillow's mode and the number of pictures in the file."""
    try:
        with Image.open(path) as image:
            return image.mode, getattr(image, 'n_frames', 1)
    except OSError:  # of a format that Pillow does not read
        return '', 1


def find_files(folder: Path, out: Path) -> Iterator[Path]:
    """Files below ``folder`` and what it links to, sorted; none of ``out``."""
    out, found = out.resolve(), []
    for place, folders, names in os.walk(folder, followlinks=True):
        here = Path(place)
        real = here.resolve()
        inside = [p for p in here.parents if p.is_relative_to(folder)]
        is_loop = real in [parent.resolve() for parent in inside]
        if is_loop or out in (real, *real.parents):
            folders.clear()
            continue
        found += [here / name for name in names]
    return (path for path in sorted(found) if path.is_file())


def is_picture(dataset: Path, name: Path, labels: Sequence[str]) -> bool:
    """Whether a file is one, and below no folder of labels."""
    folders = [part.lower() for part in name.parts[:-1]]
    if any(
        fnmatchcase(folder, pattern.lower())
        for folder in folders
        for pattern in labels
    ):
        return False
    if name.suffix:
        return name.suffix.lower() in PICTURES
    with open(dataset / name, 'rb') as file:
        return file.read(4).startswith(tuple(END_MARKERS))


def main(
    dataset: Path,
    out: Path,
    level: str,
    seed: int,
    labels: Sequence[str] = LABELS,
) -> List[str]:
    """Darken all; returns a line for each picture that cannot be.

    Raises:
        ValueError: No folder; OUT was made with another level, seed or data
            set, or holds something else.
    """
    if not dataset.is_dir():
        raise ValueError(f'{dataset}: no such folder')
    names = [path.relative_to(dataset) for path in find_files(dataset, out)]
    pictures = {n for n in names if is_picture(dataset, n, labels)}
    if not pictures:
        raise ValueError(f'{dataset}: holds no picture')
    if out.is_dir() and any(out.iterdir()) and not (out / RECORD).is_file():
        raise ValueError(f'{out} holds other files, allowed: a new folder')
    settings = dict(level=level, seed=seed, dataset=told(dataset))
    check_record(out, settings, RECORD)
    camera, problems = make_camera(level), []
    for name in track(names, 'darkening'):
        source, target = dataset / name, out / name
        if target.exists():
            continue
        if name not in pictures:
            with atomic_write(target) as temporary:
                shutil.copyfile(source, temporary)
            continue
        drawn = zlib.crc32(f'{seed} {name.as_posix()}'.encode())
        try:
            darken_file(source, target, camera, drawn)
        except ValueError as error:
            problems.append(str(error))
    print(f'{len(pictures)} pictures, {len(names) - len(pictures)} copies')
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
    parser.add_argument(
        '--labels',
        nargs='*',
        default=LABELS,
        metavar='PATTERN',
        help=f'folders of labels ({" ".join(LABELS)})',
    )
    args = parser.parse_args()
    try:
        unread = main(**vars(args))
    except (ValueError, OSError) as error:
        sys.exit(str(error))
    sys.exit('\n'.join(unread) or 0)

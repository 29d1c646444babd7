"""Make a small low-light detection set in ExDark's official layout.

    python tools/dataset_converters/make_demo_set.py work_dirs/demo/ExDark

Photographs that scikit-image and matplotlib ship are scaled, flipped, put on
a textured ground and darkened by ``LowLightSimulation``; a box follows its
photograph exactly. The same seed gives the same files.
"""

import argparse
import sys
from importlib.resources import files
from pathlib import Path
from typing import List, Tuple

import cv2
import numpy as np
from PIL import Image

from ruas_mm.datasets.exdark_files import CLASSES, HEADER
from ruas_mm.datasets.transforms import LowLightSimulation
from ruas_mm.files.atomic_write import atomic_write

LIGHT_LOW, OUTDOOR = 1, 2
SUBSETS = dict(train=1, val=2, test=3)
COUNTS = dict(train=20, val=5, test=10)
CANVAS = (375, 500)  # height, width

# package, file, class, box of the object (left, top, right, bottom)
PHOTOGRAPHS = (
    ('skimage.data', 'chelsea.png', 'Cat', (4, 0, 385, 300)),
    ('skimage.data', 'coffee.png', 'Cup', (170, 15, 408, 307)),
    ('skimage.data', 'motorcycle_left.png', 'Motorbike', (95, 75, 686, 455)),
    ('skimage.data', 'astronaut.png', 'People', (10, 14, 368, 512)),
    (
        'matplotlib',
        'mpl-data/sample_data/grace_hopper.jpg',
        'People',
        (5, 22, 512, 600),
    ),
)
NAME = 'demo_'  # what names of pictures start with
GROUNDS = ('brick.png', 'grass.png', 'gravel.png')

Box = Tuple[str, int, int, int, int]
"""Class, left, top, width, height."""


def read_photograph(package: str, name: str) -> np.ndarray:
    """BGR picture that an installed package ships."""
    with files(package).joinpath(name).open('rb') as file:
        return np.asarray(Image.open(file).convert('RGB'))[..., ::-1]


def cut_object(
    photograph: tuple, generator: np.random.RandomState
) -> Tuple[str, np.ndarray]:
    """The object alone, scaled to 35 to 80 % of the canvas and flipped."""
    package, name, label, (left, top, right, bottom) = photograph
    picture = read_photograph(package, name)[top:bottom, left:right]
    scale = generator.uniform(0.35, 0.8) * min(
        CANVAS[0] / picture.shape[0], CANVAS[1] / picture.shape[1]
    )
    picture = cv2.resize(
        picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
    )
    return label, picture[:, ::-1] if generator.rand() < 0.5 else picture


def compose(
    generator: np.random.RandomState, index: int
) -> Tuple[np.ndarray, List[Box]]:
    """One or two objects side by side on a textured ground.

    The first object of picture ``index`` is photograph ``index`` modulo their
    number, so that every class occurs.
    """
    ground = read_photograph('skimage.data', GROUNDS[generator.randint(3)])
    canvas = cv2.resize(ground, CANVAS[::-1])
    tint = generator.uniform(0.5, 1, size=3)
    canvas = (canvas * tint).astype(np.uint8)
    chosen = [index % len(PHOTOGRAPHS)]
    if generator.rand() < 0.5:
        chosen.append(generator.randint(len(PHOTOGRAPHS)))
    boxes, start = [], 0
    for number in chosen:
        label, picture = cut_object(PHOTOGRAPHS[number], generator)
        height, width = picture.shape[:2]
        room = CANVAS[1] - start - width
        if room < 0:
            break
        left = start + generator.randint(room // 2 + 1)
        top = generator.randint(CANVAS[0] - height + 1)
        canvas[top : top + height, left : left + width] = picture
        boxes.append((label, left, top, width, height))
        start = left + width
    return canvas, boxes


def write_jpeg(path: Path, picture: np.ndarray) -> None:
    with atomic_write(path) as temporary:
        if not cv2.imwrite(
            str(temporary), picture, [cv2.IMWRITE_JPEG_QUALITY, 95]
        ):
            raise OSError(f'{path} could not be written')


def write_text(path: Path, lines: List[str]) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text('\n'.join(lines) + '\n')


def make_demo_set(root: Path, counts: dict, seed: int = 0) -> None:
    """Write images, annotations and the image list.

    Args:
        root: Folder to fill.
        counts: Number of images of each subset.
        seed: Of everything random.

    Raises:
        ValueError: There is a list of other images.
    """
    listed = root / 'imageclasslist.txt'
    if listed.exists() and not _is_ours(listed):
        raise ValueError(f'{listed} is of another set, allowed: a new folder')
    generator = np.random.RandomState(seed)
    simulation = LowLightSimulation()
    rows = ['Name | Class | Light | In/Out | Train/Val/Test']
    for subset, count in counts.items():
        for index in range(count):
            canvas, boxes = compose(generator, index)
            picture = simulation.darken(canvas, generator)
            folder, name = boxes[0][0], f'{NAME}{len(rows):05d}.jpg'
            write_jpeg(root / 'ExDark' / folder / name, picture)
            write_text(
                root / 'ExDark_Annno' / folder / f'{name}.txt',
                [
                    HEADER,
                    *(' '.join(map(str, box)) + ' 0' * 7 for box in boxes),
                ],
            )
            rows.append(
                f'{name} {CLASSES.index(folder) + 1} {LIGHT_LOW} '
                f'{OUTDOOR} {SUBSETS[subset]}'
            )
    write_text(listed, rows)  # last: marks completeness
    print(f'{len(rows) - 1} low-light pictures ({counts}) in {root}')


def _is_ours(listed: Path) -> bool:
    rows = listed.read_text(errors='replace').splitlines()[1:]
    return all(row.startswith(NAME) for row in rows)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('root', type=Path, help='folder to fill')
    for subset, count in COUNTS.items():
        parser.add_argument(f'--{subset}', type=int, default=count)
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    counts = {subset: getattr(args, subset) for subset in COUNTS}
    try:
        make_demo_set(args.root, counts, args.seed)
    except (ValueError, OSError) as error:
        sys.exit(str(error))

"""ExDark's text files as published: annotations and image list."""

import os.path as osp
from typing import Dict, List, NamedTuple

from ruas_mm.datasets.image_files import DataNotFoundError

CLASSES = (
    'Bicycle',
    'Boat',
    'Bottle',
    'Bus',
    'Car',
    'Cat',
    'Chair',
    'Cup',
    'Dog',
    'Motorbike',
    'People',
    'Table',
)
LIGHTS = (
    'Low',
    'Ambient',
    'Object',
    'Single',
    'Weak',
    'Strong',
    'Screen',
    'Window',
    'Shadow',
    'Twilight',
)
PLACES = ('Indoor', 'Outdoor')
OFFICIAL_SUBSETS = ('train', 'val', 'test')
HEADER = '% bbGt version=3'
HOW_TO_GET = """
ExDark was not found: {missing}

Get it from https://github.com/cs-chan/Exclusively-Dark-Image-Dataset
  ExDark.zip       (Dataset)      -> {root}/ExDark/<Class>/*.jpg
  ExDark_Anno.zip  (Groundtruth)  -> {root}/ExDark_Annno/<Class>/*.txt
  imageclasslist.txt (Groundtruth) -> {root}/imageclasslist.txt
or name another place: export EXDARK_ROOT=/path/to/ExDark

To try without it, on a small set made from a library's photographs:
  make demo"""


def check_exdark_is_there(root: str, image_list: str) -> None:
    """Raise ``DataNotFoundError``, with how to get it, where it is not.

    Args:
        root: Folder of the data set.
        image_list: ``imageclasslist.txt``.
    """
    for place in (root, image_list):
        if not osp.exists(place):
            raise DataNotFoundError(
                HOW_TO_GET.format(missing=place, root=root)
            )


class ListedImage(NamedTuple):
    """One row of ``imageclasslist.txt``, in words."""

    number: int
    name: str
    folder: str
    light: str
    place: str
    subset: str


def read_annotation(path: str) -> List[tuple]:
    """Read one annotation file.

    Returns:
        (label, left, top, width, height) of each box, in pixels.

    Raises:
        ValueError: Wrong header or row, or a class that is not ExDark's.
    """
    with open(path, encoding='utf-8-sig', errors='replace') as file:
        header, *rows = file.read().splitlines() or ['']
    if header.strip() != HEADER:
        raise ValueError(
            f'{path}: first line is {header[:40]!r}, allowed: {HEADER!r}'
        )
    boxes = []
    for number, row in enumerate(rows, 2):
        if not row.strip():
            continue
        name, *values = row.split()
        if name not in CLASSES:
            raise ValueError(
                f'{path}, line {number}: class {name!r}, allowed: {CLASSES}'
            )
        try:
            left, top, width, height = (int(value) for value in values[:4])
        except ValueError:
            raise ValueError(
                f'{path}, line {number}: {row!r}, allowed: class, left, top, '
                'width, height in whole pixels'
            ) from None
        if width <= 0 or height <= 0:
            raise ValueError(
                f'{path}, line {number}: width {width}, height '
                f'{height}, allowed: above 0'
            )
        boxes.append((CLASSES.index(name), left, top, width, height))
    return boxes


def read_image_list(path: str) -> List[ListedImage]:
    """Read ``imageclasslist.txt``; its first line may be a header.

    Raises:
        ValueError: A row that is not name and four numbers in range, or of an
            image that stands above already.
    """
    with open(path, encoding='utf-8-sig', errors='replace') as file:
        lines = file.read().splitlines()
    rows: Dict[tuple, ListedImage] = {}
    lines_of: Dict[tuple, int] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = _listed_image(len(rows), line)
        except (ValueError, IndexError):
            if number == 1:
                continue  # a header
            raise ValueError(
                f'{path}, line {number}: {line!r}, allowed: name, class '
                '1-12, light 1-10, place 1-2, subset 1-3'
            ) from None
        key = row.folder, row.name.casefold()
        if key in rows:
            raise ValueError(
                f'{path}, line {number}: {row.name!r} stands in line '
                f'{lines_of[key]}, too; allowed: each image once'
            )
        rows[key], lines_of[key] = row, number
    return list(rows.values())


def _listed_image(number: int, line: str) -> ListedImage:
    name, *values = line.split()
    label, light, place, subset = (int(value) - 1 for value in values)
    if min(label, light, place, subset) < 0:
        raise IndexError
    return ListedImage(
        number,
        name,
        CLASSES[label],
        LIGHTS[light],
        PLACES[place],
        OFFICIAL_SUBSETS[subset],
    )

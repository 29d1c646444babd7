"""A figure of pictures before and after.

    python tools/misc/make_before_after.py OUT.jpg PICTURE...

Dark pictures in the upper row, enhanced ones below, all of one height.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from ruas_mm.apis import LowLightInferencer
from ruas_mm.files.atomic_write import atomic_write
from ruas_mm.files.picture_file import read_picture

GAP = 4  # pixels


def main(out: Path, pictures: list, height: int, variant: str) -> None:
    inferencer = LowLightInferencer(variant)
    columns = []
    for path in pictures:
        dark = read_picture(path).rgb
        pair = [Image.fromarray(rgb) for rgb in (dark, inferencer(dark))]
        width = round(dark.shape[1] * height / dark.shape[0])
        pair = [np.asarray(image.resize((width, height))) for image in pair]
        gap = np.full((GAP, width, 3), 255, np.uint8)
        columns.append(np.vstack([pair[0], gap, pair[1]]))
        columns.append(np.full((2 * height + GAP, GAP, 3), 255, np.uint8))
    with atomic_write(out) as temporary:
        Image.fromarray(np.hstack(columns[:-1])).save(temporary, quality=88)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('out', type=Path)
    parser.add_argument('pictures', type=Path, nargs='+')
    parser.add_argument('--height', type=int, default=150, help='of a row')
    parser.add_argument('--variant', default='RUAS_A')
    args = parser.parse_args()
    main(args.out, args.pictures, args.height, args.variant)

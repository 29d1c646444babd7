"""Draw the lists ``train.txt`` and ``val.txt`` of a folder in VOC's form.

    python tools/dataset_converters/split_voc.py DATASET --val 40

DATASET holds ``annotations/NAME.xml``. The lists are written into it, sorted,
one NAME a line; which names are for validation depends on the seed alone.
Lists of other names that are there already stay. ``--fold 1`` takes the next
40 for validation, and so on: of 200, folds 0 to 4 have each name once.
"""

import argparse
import sys
from pathlib import Path
from typing import Dict, List

import numpy as np

from ruas_mm.files.atomic_write import atomic_write


def split(
    names: List[str], num_val: int, seed: int, fold: int = 0
) -> Dict[str, List[str]]:
    """Names of both lists.

    Raises:
        ValueError: Nothing would be left for one of them, or there are not
            that many folds.
    """
    if not 0 < num_val < len(names):
        raise ValueError(
            f'val={num_val} of {len(names)} pictures, allowed: 1 to '
            f'{len(names) - 1}'
        )
    folds = len(names) // num_val
    if not 0 <= fold < folds:
        raise ValueError(f'fold={fold}, allowed: 0 to {folds - 1}')
    # the legacy generator: its stream is frozen over numpy versions
    order = np.random.RandomState(seed).permutation(sorted(names)).tolist()
    first = fold * num_val
    chosen = order[first : first + num_val]
    return dict(val=sorted(chosen), train=sorted(set(order) - set(chosen)))


def main(dataset: Path, num_val: int, seed: int, fold: int = 0) -> None:
    """Write both lists.

    Raises:
        ValueError: See :func:`split`; no annotation; there is a list that
            differs.
    """
    folder = dataset / 'annotations'
    names = [path.stem for path in folder.glob('[!.]*.xml')]
    if not names:
        raise ValueError(f'{folder} holds no annotation, allowed: NAME.xml')
    parts = split(names, num_val, seed, fold)
    for part, chosen in parts.items():
        path = dataset / f'{part}.txt'
        if path.exists() and path.read_text().splitlines() != chosen:
            raise ValueError(
                f'{path} has other names and stays, allowed: no such file'
            )
    for part, chosen in parts.items():
        with atomic_write(dataset / f'{part}.txt') as temporary:
            temporary.write_text('\n'.join([*chosen, '']))
        print(f'{dataset / part}.txt: {len(chosen)} of {len(names)}')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('dataset', type=Path)
    parser.add_argument('--val', type=int, default=40, help='(%(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='(%(default)s)')
    parser.add_argument('--fold', type=int, default=0, help='(%(default)s)')
    args = parser.parse_args()
    try:
        main(args.dataset, args.val, args.seed, args.fold)
    except (ValueError, OSError) as error:
        sys.exit(str(error))

"""Write the seeded lists of ``ruas_mm/datasets/enhancement/splits`` again.

    python tools/dataset_converters/make_splits.py [FOLDER]

The paper draws its splits of LOL v2-real (689 for training, 100 pairs for
testing) and MIT-Adobe FiveK (500 and 100 of 5,000) at random and does not
publish them; these are ours.
"""

import argparse
from pathlib import Path
from typing import Dict, List

import numpy as np

from ruas_mm.datasets.enhancement.paired_images import SPLITS
from ruas_mm.files.atomic_write import atomic_write

SEED = 0
# name: (form of a number, how many there are, for training, for testing)
DRAWS = {
    'lol_v2_real_paper': ('{:05d}', 789, 689, 100),
    'fivek_paper': ('a{:04d}', 5000, 500, 100),
}


def make_splits() -> Dict[str, str]:
    """File name to content."""
    files = {}
    for name, (form, total, num_train, num_test) in DRAWS.items():
        # the legacy generator: its stream is frozen over numpy versions
        order = np.random.RandomState(SEED).permutation(total) + 1
        parts = {
            'test': order[:num_test],
            'train': order[num_test : num_test + num_train],
        }
        for subset, numbers in parts.items():
            lines = [form.format(number) for number in sorted(numbers)]
            files[f'{name}_{subset}.txt'] = _to_text(lines, total)
    return files


def _to_text(lines: List[str], total: int) -> str:
    tool = 'tools/dataset_converters/make_splits.py'
    head = f'# {len(lines)} of {total}, seed {SEED}: {tool}'
    return '\n'.join([head, *lines]) + '\n'


def main(folder: Path) -> None:
    for name, text in make_splits().items():
        with atomic_write(folder / name) as temporary:
            temporary.write_text(text)
        print(folder / name)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('folder', type=Path, nargs='?', default=SPLITS)
    main(parser.parse_args().folder)

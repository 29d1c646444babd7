"""Part a folder of pairs: every other one for choosing, the rest to report.

    python tools/dataset_converters/split_pairs.py PAIRS OUT

PAIRS holds ``low/`` and ``high/`` with equal names. OUT becomes a LOL v1
folder of links: ``our485`` (training and choosing) gets the 2nd, 4th, ...
picture by number, ``eval15`` (reporting) the 1st, 3rd, ...
"""

import argparse
import re
import sys
from pathlib import Path

from link_file import link_file

from ruas_mm.datasets.enhancement.paired_images import list_images

PARTS = ('eval15', 'our485')


def by_number(path: Path) -> tuple:
    digits = re.findall(r'\d+', path.stem)
    return [int(d) for d in digits], path.name


def main(pairs: Path, out: Path) -> None:
    """Link all.

    Raises:
        ValueError: No picture, one without its reference, or a link would
            stand where there is a file.
    """
    counts = dict.fromkeys(PARTS, 0)
    found = sorted(list_images(pairs / 'low'), key=by_number)
    names = [low.name for low in found]
    missing = [n for n in names if not (pairs / 'high' / n).is_file()]
    if missing:
        raise ValueError(
            f'{pairs / "high" / missing[0]}: missing file, as are '
            f'{len(missing)} of {len(found)}; allowed: names as in low/'
        )
    for index, low in enumerate(found):
        part = PARTS[index % 2]
        for kind in ('low', 'high'):
            link_file(pairs / kind / low.name, out / part / kind / low.name)
        counts[part] += 1
    print(', '.join(f'{out / part}: {n} pairs' for part, n in counts.items()))


if __name__ == '__main__':
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('pairs', type=Path, help='folder with low/ and high/')
    parser.add_argument('out', type=Path, help='folder to write')
    args = parser.parse_args()
    try:
        main(args.pairs, args.out)
    except (ValueError, OSError) as error:
        sys.exit(str(error))

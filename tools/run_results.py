"""What runs of the tools have left in their folders."""

import json
from pathlib import Path
from typing import Dict, List, Optional

METRICS = {'enhancement/PSNR', 'exdark/AP50', 'pascal_voc/AP50'}


def read_metrics(folder: Path) -> Optional[Dict[str, float]]:
    """The last metrics that a run has written; None: it has not finished."""
    for path in sorted(folder.glob('*/vis_data/scalars.json'), reverse=True):
        for scalars in reversed(read_scalars(path)):
            if METRICS & scalars.keys():
                return {
                    key.split('/')[-1]: value for key, value in scalars.items()
                }
    return None


def read_test(folder: Path) -> Optional[Dict[str, float]]:
    """What the last run of ``tools/test.py`` has measured, if any."""
    for path in sorted(folder.glob('*/*.json'), reverse=True):
        try:
            return json.loads(path.read_text())
        except ValueError:  # of a run that was killed while it wrote
            continue
    return None


def read_scalars(path: Path) -> List[dict]:
    """Lines that a run has written; half of one, when killed, is no line."""
    rows = []
    for line in path.read_text().splitlines():
        try:
            rows.append(json.loads(line))
        except ValueError:
            continue
    return rows


def entropies(folder: Path) -> str:
    """How undecided the alphas were at the end of a search, in words."""
    last: Dict[str, float] = {}
    for path in sorted(folder.glob('*/vis_data/scalars.json')):
        for scalars in read_scalars(path):
            last.update(scalars)
    return ''.join(
        f', entropy of {key.split("/")[1]} {value:.2f}'
        for key, value in last.items()
        if key.endswith('/entropy')
    )

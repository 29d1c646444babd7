"""Run the rows of a table or figure of the paper; print its figures beside.

    python tools/reproduce.py table2 --iterations 150
    python tools/reproduce.py fig3 | table5

Each row is one training and test by the stock loop on the data of its config
(LOL_ROOT and so on), without references in training. A run that was stopped
goes on where it was: rows that are done are read, not run again.

table2  number of stages K = 1 .. 5
fig3    warm starts: fixed, without and with residual rectification
table5  RUAS_S, RUAS, RUAS_A
"""

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Sequence

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
METRICS = ('PSNR', 'SSIM', 'LPIPS')


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        name: As in the paper.
        paper: Its PSNR, SSIM and LPIPS; None where it gives pictures alone.
        config: File in ``configs/``.
        options: What differs from the config.
        parts: Parts that are trained one after the other.
    """

    name: str
    paper: Optional[Sequence[float]]
    config: str
    options: dict
    parts: Sequence[str] = ('scene',)


def _scene_row(name: str, paper: Optional[tuple], **scene) -> Row:
    options = {f'model.scene.{key}': value for key, value in scene.items()}
    options['model.variant'] = 'RUAS_S'
    return Row(name, paper, 'ruas_lol.py', options)


TABLES: Dict[str, List[Row]] = {
    'table2': [
        _scene_row('K = 1', (13.013, 0.772, 0.205), num_stages=1),
        _scene_row('K = 2', (20.926, 0.823, 0.172), num_stages=2),
        _scene_row('K = 3', (21.018, 0.855, 0.139), num_stages=3),
        _scene_row('K = 4', (20.857, 0.826, 0.172), num_stages=4),
        _scene_row('K = 5', (20.846, 0.828, 0.162), num_stages=5),
    ],
    'fig3': [
        _scene_row('fixed', None, warm_start='fixed'),
        _scene_row('without rectification', None, warm_start='unrectified'),
        _scene_row(
            'with rectification, gamma .02',
            None,
            warm_start='rectified',
            gamma=0.02,
        ),
        _scene_row(
            'with rectification, gamma .5',
            None,
            warm_start='rectified',
            gamma=0.5,
        ),
    ],
    'table5': [
        _scene_row('RUAS_S', (16.038, 0.513, 0.661)),
        Row(
            'RUAS',
            (18.226, 0.717, 0.354),
            'ruas_lol.py',
            {},
            ('scene', 'noise_remover'),
        ),
        Row(
            'RUAS_A',
            (19.751, 0.735, 0.393),
            'ruas_a_lol.py',
            {},
            ('scene', 'noise_estimator', 'noise_remover'),
        ),
    ],
}
PAPER_DATA = dict(table2='MIT-Adobe FiveK', fig3='-', table5='LOL, 100 pairs')


def run_row(row: Row, folder: Path, iterations: int) -> Dict[str, float]:
    """Train and test one row, unless that was done; its last metrics."""
    found = read_metrics(folder)
    if found is not None:
        return found
    total = iterations * len(row.parts)
    options = {
        **row.options,
        'train_cfg.max_iters': total,
        'train_cfg.val_interval': total,
        'default_hooks.checkpoint.interval': iterations,
        'param_scheduler.0.periods': [iterations] * len(row.parts),
        'param_scheduler.0.restart_weights': [1] * len(row.parts),
        'custom_hooks.0.iterations._delete_': True,
    }
    for part in row.parts:
        options[f'custom_hooks.0.iterations.{part}'] = iterations
    command = [sys.executable, str(ROOT / 'tools/train.py')]
    command += [str(ROOT / 'configs' / row.config), '--resume']
    command += ['--work-dir', str(folder), '--cfg-options']
    command += [f'{key}={_spell(value)}' for key, value in options.items()]
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / 'output.txt', 'w') as output:
        subprocess.run(command, stdout=output, stderr=output, check=True)
    found = read_metrics(folder)
    if found is None:
        raise RuntimeError(f'{row.name}: no metrics in {folder}')
    return found


def read_metrics(folder: Path) -> Optional[Dict[str, float]]:
    """The last metrics that a run has written; None: it has not finished."""
    for path in sorted(folder.glob('*/vis_data/scalars.json'), reverse=True):
        for line in reversed(path.read_text().splitlines()):
            scalars = json.loads(line)
            if 'enhancement/PSNR' in scalars:
                return scalars
    return None


def print_table(name: str, results: list, iterations: int) -> None:
    table = Table(
        title=f'{name}, {iterations} iterations a part; paper: '
        f'{PAPER_DATA[name]}; PSNR dB / SSIM / LPIPS'
    )
    for column in ('row', 'paper', 'ours'):
        table.add_column(column)
    for row, found in results:
        ours = [found.get(f'enhancement/{metric}') for metric in METRICS]
        table.add_row(row.name, _join(row.paper or ()), _join(ours))
    Console(width=100).print(table)


def _join(figures: Sequence[Optional[float]]) -> str:
    decimals = (3, 3, 3)
    return (
        ' / '.join(
            '-' if figure is None else f'{figure:.{n}f}'
            for figure, n in zip(figures, decimals)
        )
        or '-'
    )


def _spell(value: object) -> str:
    """As MMEngine's command line reads it."""
    if isinstance(value, list):
        return '[' + ','.join(map(str, value)) + ']'
    return str(value)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('table', choices=TABLES)
    parser.add_argument(
        '--iterations',
        type=int,
        default=300,
        help='training iterations of each part; 300: as in the configs',
    )
    parser.add_argument('--work-dir', type=Path, default='work_dirs/reproduce')
    args = parser.parse_args()
    results = []
    for number, row in enumerate(TABLES[args.table]):
        place = f'{args.table}_{args.iterations}/{number}'
        print(f'{args.table}: {row.name}', flush=True)
        found = run_row(row, args.work_dir / place, args.iterations)
        results.append((row, found))
    print_table(args.table, results, args.iterations)


if __name__ == '__main__':
    main()

"""Run the rows of a table or figure of the paper; print its figures beside.

    python tools/reproduce.py table2 --iterations 150
    python tools/reproduce.py table4 --lol v1 --seeds 0 1 2
    python tools/reproduce.py fig3 | table3 | table5 | detection
    python tools/reproduce.py table8 --iterations 150 --search-iterations 240
    python tools/reproduce.py table11 --iterations 400 --rows B

Each row is one training and test by the stock loop on the data of its config
(LOL_ROOT, EXDARK_ROOT, RACCOON_ROOT, CAMVID_ROOT), enhancement without
references, of LOL v2-real or another version; searched rows are found by a
mini config of ``configs/search`` on that data first. A run that was stopped
goes on where it was: what is done is read, not run again.

table2  number of stages K = 1 .. 5
fig3    warm starts: fixed, without and with residual rectification
table3  one operation everywhere, the supernet, and the searched network
table4  global, independent and cooperative search
table5  RUAS_S, RUAS, RUAS_A; with --pairs every method as it is, without
        training (compare_enhancers.py)
table6  raccoons at night by l_t, by l_t + lambda l_s, and by l_s before l_t
table7  the released face detector on raccoons at night, plain (TM) and whole,
        on VGG-16, ResNet-50, -101 and -152; --rows "from nothing": ResNets
        without ImageNet features, where those cannot be had
table8  as table 6 plain, behind packaged light, searched, both searched
table9  the same plain and behind each of several enhancers (--weights)
detection  one operation everywhere and the searched detector, as table 3
table11 DeepLabv3+ on CamVid, dusk and day tested apart: (A) trained on all
        drives, (B) on those by day alone, (C) the same behind the packaged
        front, frozen, (D) behind that front, which is trained on, (E) behind
        each of several enhancers, frozen (--weights)
table10 a detector of the zoo behind every enhancer on ExDark, not trained, and
folds   the same detector trained on a few dark pictures, five-fold: with the
        options of benchmarks/measure_detector.py and fine_tune_detector.py
"""

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Dict, List, Optional, Sequence

from benchmarks.spread import mean_and_spread
from compare_enhancers import add_options, compare_all
from host_options import innermost
from logged_run import run_logged
from mmengine.config import Config
from mmengine.registry import init_default_scope
from paper_tables import COLUMNS, LIGHTS, PAPER_DATA, SEARCHES, TABLES, Row
from rich.console import Console
from rich.table import Table
from run_results import entropies, read_metrics, read_test

from ruas_mm.evaluation.complexity import count_macs
from ruas_mm.files.folder_record import check_record, told
from ruas_mm.models.architecture import find_searchable, weight_parameters
from ruas_mm.registry import MODELS
from ruas_mm.search.genotype_file import read_genotype
from ruas_mm.search.report import GENOTYPE_FILE, subnet_name

ROOT = Path(__file__).resolve().parent.parent
LOL_SIZE = (400, 600)
NO_VALIDATION = dict.fromkeys(
    ('val_cfg', 'val_dataloader', 'val_evaluator')
)  # CamVid's drives are tested after training
SHARED = dict.fromkeys(('table6', 'table8', 'table9'), 'raccoon')  # folders
BENCHMARKS = dict(table10='measure_detector', folds='fine_tune_detector')
LOL_SPLITS = {'v2-real': 'paper', 'v1': 'official', 'v2-synthetic': 'official'}


def run_row(
    row: Row,
    folder: Path,
    iterations: int,
    seed: int = 0,
    search_iterations: int = 400,
    lol: str = 'v2-real',
) -> Dict[str, float]:
    """Search if need be, train and test one row; what was done is read.

    Args:
        row: What to run.
        folder: Where to write; a search has its own beside it.
        iterations: Of each part in training.
        seed: Of search and training.
        search_iterations: Of the search.
        lol: Version of LOL, for the rows of enhancement.

    Returns:
        Figures by the names of ``COLUMNS``.
    """
    config = ROOT / 'configs' / row.config
    if row.strategy is not None:
        words = ('search', row.strategy, row.light, str(seed))
        search = folder.with_name('_'.join(filter(None, words)))
        derived = run_search(row, search, search_iterations, seed, lol)
        if row.takes:
            found = read_genotype(search / GENOTYPE_FILE)
            taken = {key: found[part] for key, part in row.takes.items()}
            row = replace(row, options={**row.options, **taken})
        else:
            config = derived
    if row.light is not None:
        found = run_by_light(row, config, folder, iterations, seed)
    else:
        if read_metrics(folder) is None:
            train(row, config, folder, iterations, seed, lol)
        found = read_metrics(folder)
    if found is None:
        raise RuntimeError(f'{row.name}: no metrics in {folder}')
    (written, *_) = sorted(folder.glob('*/vis_data/config.py'), reverse=True)
    return {**found, **measure_cost(Config.fromfile(written))}


def run_by_light(
    row: Row, config: Path, folder: Path, iterations: int, seed: int
) -> Dict[str, float]:
    """Train one row on CamVid, then test its drives by their light."""
    checkpoint = folder / f'iter_{iterations}.pth'
    found = {}
    last = folder / 'last_checkpoint'  # written behind what it names
    is_trained = last.exists() and last.read_text().endswith(checkpoint.name)
    for light in LIGHTS:
        place = folder / light
        if read_test(place) is None:
            if not is_trained:
                train(row, config, folder, iterations, seed)
                is_trained = True
            (written, *_) = sorted(folder.glob('*/vis_data/config.py'))[::-1]
            options = {'test_dataloader.dataset.lights': light}
            run_tool(written, place, options, checkpoint)
        found[f'mIoU {light}'] = read_test(place)['mIoU']
    return found


def measure_cost(cfg: Config) -> Dict[str, float]:
    """Parameters and, of an enhancer, multiply-adds.

    A supernet counts as the paper counts it: each of its operations runs.
    """
    init_default_scope(cfg.default_scope)
    model = MODELS.build(cfg.model)
    parameters = sum(p.numel() for p in weight_parameters(model).values())
    cost = {'SIZE (M)': parameters / 1e6}
    if find_searchable(model):
        cost['FLOPs (G)'] = parameters * LOL_SIZE[0] * LOL_SIZE[1] / 1e9
    elif 'variant' in cfg.model:
        cost['FLOPs (G)'] = count_macs(model, LOL_SIZE) / 1e9
    return cost


def run_search(
    row: Row, folder: Path, iterations: int, seed: int, lol: str
) -> Path:
    """Search unless that was done; the config of the derived network."""
    genotype = folder / GENOTYPE_FILE
    meta = json.loads(genotype.read_text()) if genotype.exists() else {}
    if meta.get('search', {}).get('iteration') != iterations:
        options = {
            'train_cfg.max_iters': iterations,
            'custom_hooks.0.strategy': row.strategy,
            'randomness.seed': seed,
            **data_options(row, lol, 'train_dataloader.dataset.dataset'),
        }
        run_tool(ROOT / 'configs' / SEARCHES[row.config], folder, options)
    print(f'  {read_genotype(genotype)}{entropies(folder)}', flush=True)
    return folder / subnet_name(Path(SEARCHES[row.config]).stem)


def train(
    row: Row,
    config: Path,
    folder: Path,
    iterations: int,
    seed: int,
    lol: str = 'v2-real',
) -> None:
    """Train each part of the row's network for ``iterations``, then test."""
    total = iterations * max(len(row.parts), 1)
    options = {
        **row.options,
        **data_options(
            row, lol, 'train_dataloader.dataset', 'val_dataloader.dataset'
        ),
        **({} if row.light is None else NO_VALIDATION),
        'randomness.seed': seed,
        'train_cfg.max_iters': total,
        'train_cfg.val_interval': total,
        'default_hooks.checkpoint.interval': iterations,
    }
    *warm_up, last = Config.fromfile(ROOT / 'configs' / row.config)[
        'param_scheduler'
    ]
    schedule = f'param_scheduler.{len(warm_up)}'
    if 'periods' in last:  # one for each part
        periods = max(len(row.parts), 1)
        options[f'{schedule}.periods'] = [iterations] * periods
        options[f'{schedule}.restart_weights'] = [1] * periods
    else:
        options[f'{schedule}.end'] = iterations
    if row.parts:
        options['custom_hooks.0.phases._delete_'] = True
    for part in row.parts:
        options[f'custom_hooks.0.phases.{part}'] = iterations
    run_tool(config, folder, options)


def data_options(row: Row, lol: str, *datasets: str) -> dict:
    """The version of LOL, or the drives to train on, in a row's config."""
    settings = {}
    if row.light is not None:
        datasets = datasets[:1]
        settings = dict(lights=None if row.light == 'all' else row.light)
    elif row.config.startswith('enhancement/'):
        settings = dict(version=lol, split=LOL_SPLITS[lol])
    return {
        f'{dataset}.{key}': value
        for dataset in datasets
        for key, value in settings.items()
    }


def run_tool(
    config: Path,
    folder: Path,
    options: dict,
    checkpoint: Optional[Path] = None,
) -> None:
    """``tools/train.py``, resumed where it was stopped, or ``test.py``."""
    tool = 'train' if checkpoint is None else 'test'
    command = [sys.executable, str(ROOT / f'tools/{tool}.py'), str(config)]
    command += ['--resume'] if checkpoint is None else [str(checkpoint)]
    command += ['--work-dir', str(folder.resolve())]
    command += ['--cfg-options']
    command += [f'{key}={_spell(value)}' for key, value in options.items()]
    run_logged(command, folder / 'output.txt')


def data_root(row: Row) -> Optional[str]:
    """Folder of the data that a row is trained on, by its config now."""
    cfg = Config.fromfile(ROOT / 'configs' / row.config)
    dataset, *_ = innermost(cfg.train_dataloader.dataset)
    root = dataset.get('data_root')
    return root and told(Path(root))


def print_table(name: str, results: list, scale: str) -> None:
    """``results`` are pairs of a row and its figures, one for each seed."""
    table = Table(
        title=f'{name}, {scale}; paper: {PAPER_DATA[name]}; '
        + ' / '.join(COLUMNS[name])
    )
    for column in ('row', 'paper', 'ours'):
        table.add_column(column)
    for row, found in results:
        ours = [
            [figures.get(column) for figures in found]
            for column in COLUMNS[name]
        ]
        paper = [[figure] for figure in row.paper or ()]
        table.add_row(row.name, _join(paper), _join(ours))
    Console(width=110).print(table)


def _join(figures: Sequence[List[Optional[float]]]) -> str:
    """Means, with the spread of several seeds."""
    columns = ('-' if None in f else mean_and_spread(f) for f in figures)
    return ' / '.join(columns) or '-'


def _spell(value: object) -> str:
    """As MMEngine's command line reads it."""
    if isinstance(value, (list, tuple)):
        return '[' + ','.join(map(str, value)) + ']'
    return str(value)


def main() -> None:
    if sys.argv[1:2] and sys.argv[1] in BENCHMARKS:
        script = ROOT / f'tools/benchmarks/{BENCHMARKS[sys.argv[1]]}.py'
        command = [sys.executable, str(script), *sys.argv[2:]]
        os.execv(sys.executable, command)  # signals end it, not its parent
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('table', choices=[*TABLES, *BENCHMARKS])
    parser.add_argument(
        '--iterations',
        type=int,
        default=300,
        help='training iterations of each part; 300: as in the configs',
    )
    parser.add_argument(
        '--search-iterations',
        type=int,
        default=400,
        help='of each search; 400: as in the mini config',
    )
    parser.add_argument(
        '--lol',
        choices=LOL_SPLITS,
        default='v2-real',
        help='version of LOL; v2-real: that of the paper, in its split',
    )
    parser.add_argument(
        '--rows', default='', help='only those whose names start so'
    )
    parser.add_argument(
        '--weights', type=Path, help='folder of all weights of enhancers'
    )
    parser.add_argument('--seeds', type=int, nargs='+', default=[0])
    parser.add_argument('--work-dir', type=Path, default='work_dirs/reproduce')
    add_options(parser.add_argument_group('table5'))
    args = parser.parse_args()
    if args.table in BENCHMARKS:
        parser.error(f'{args.table} with options of its own: name it first')
    if args.pairs:
        if args.table != 'table5':
            parser.error(f'{args.table} with --pairs, allowed: table5')
        compare_all(args)
        return
    rows = [r for r in TABLES[args.table] if r.name.startswith(args.rows)]
    if not rows:
        known = [row.name for row in TABLES[args.table]]
        parser.error(f'--rows {args.rows!r}, allowed: the start of {known}')
    args.seeds = list(dict.fromkeys(args.seeds))
    try:
        rows = [row.with_enhancer(args.weights) for row in rows]
    except ValueError as error:
        parser.error(str(error))
    scale = f'{args.iterations} iterations a part'
    name = SHARED.get(args.table, args.table)
    folder = args.work_dir / f'{name}_{args.iterations}'
    if TABLES[args.table][0].config.startswith('enhancement/'):
        scale = f'LOL {args.lol}, split {LOL_SPLITS[args.lol]}, {scale}'
        folder = folder.with_name(f'{folder.name}_{args.lol}')
    searches = any(row.strategy for row in TABLES[args.table])
    if searches:
        scale += f', searches of {args.search_iterations}'
    if searches or args.table in SHARED:
        folder = folder.with_name(f'{folder.name}_{args.search_iterations}')
    if len(args.seeds) > 1:
        scale += f', {len(args.seeds)} seeds'
    settings = dict(data=data_root(rows[0]))
    if args.weights and any(row.enhancer for row in rows):
        settings['weights'] = told(args.weights)
    try:
        check_record(folder, settings)
    except ValueError as error:
        parser.error(str(error))
    results = [(row, []) for row in rows]
    names = [row.name for row in TABLES[args.table]]
    for seed in args.seeds:  # all rows by one before the next
        for row, found in results:
            print(f'{args.table}: {row.name}, seed {seed}', flush=True)
            number = names.index(row.name)
            found.append(
                run_row(
                    row,
                    folder / f'{row.folder or number}_{seed}',
                    args.iterations,
                    seed,
                    args.search_iterations,
                    args.lol,
                )
            )
    print_table(args.table, results, scale)


if __name__ == '__main__':
    main()

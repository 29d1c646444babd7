"""A COCO detector fine-tuned on few dark pictures, five-fold, by its light.

    python tools/reproduce.py folds yolox_nano.pth --exdark data/ExDark
        --seeds 0 1 2

YOLOX-nano of mmdet's stock config, from its COCO weights, is trained for
``--iterations`` steps on four fifths of the pictures and tested on the rest,
by mmdet's own loops, so that each picture is tested once a seed:

==================  ========================================================
as it is            not trained; also behind the frozen light
alone               by l_t, nothing in front
frozen light        by l_t, behind the packaged light as it is
l_t                 detector and light by l_t
l_t + lambda l_s    by both, lambda = 1
hierarchical        the light alone by l_s for a third of the steps more, then
                    both by l_t
==================  ========================================================

The light is :data:`FRONT` of the zoo in each row that has one. AP (IoU .5 to
.95) and AP50 are COCO's over the classes that occur: of all pictures together
(mean and spread over seeds) and of the folds (over seeds and folds; ten
pictures each, so it varies). The head keeps its 80 classes. What was detected
is written to the working folder with the names of the pictures of each fold;
a run that was stopped goes on where it was. The detector's rate was chosen by
the row "alone" with seed 0.
"""

import argparse
import json
import sys
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Dict, List, NamedTuple, Optional, Sequence

import numpy as np
from detection_pictures import Picture, exdark_pictures, write_truth
from measure_detector import (
    FOUND,
    check_checkpoint,
    put_scene_before,
    score,
    testing_config,
)
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from rich.console import Console
from rich.table import Table
from spread import mean_and_spread
from torch.nn.modules.batchnorm import _BatchNorm

from ruas_mm.arguments import check_whole_number
from ruas_mm.files.atomic_write import atomic_write
from ruas_mm.files.folder_record import check_record, told

FRONT = 'ruas_s_detection'
FOLDS = 5
BATCH = 4
RATE = 1e-5  # of the detector; more undoes what it has learned on COCO
LIGHT_RATE = 1e-3


class Row(NamedTuple):
    """One line of the table.

    Attributes:
        title: As in the module's table.
        light: ``None``, ``'frozen'`` or ``'trained'``.
        trained: Whether the detector is.
        scene_weight: lambda.
        scene_first: Whether the light is trained alone by l_s before.
    """

    title: str
    light: Optional[str] = None
    trained: bool = True
    scene_weight: float = 0
    scene_first: bool = False


class KeptNorms(Hook):
    """Norms use the statistics of COCO: a batch of four has none to learn."""

    def before_train_iter(self, runner: Runner, *args, **kwargs) -> None:
        """See ``Hook.before_train_iter``."""
        for module in runner.model.modules():
            if isinstance(module, _BatchNorm):
                module.eval()


ROWS = (
    Row('as it is', trained=False),
    Row('as it is, frozen light', 'frozen', trained=False),
    Row('alone'),
    Row('frozen light', 'frozen'),
    Row('l_t', 'trained'),
    Row('l_t + lambda l_s', 'trained', scene_weight=1),
    Row('hierarchical', 'trained', scene_first=True),
)


def split(count: int, seed: int) -> List[List[int]]:
    """Numbers of the pictures of each fold, by a seeded permutation."""
    order = np.random.RandomState(seed).permutation(count).tolist()
    return [sorted(order[fold::FOLDS]) for fold in range(FOLDS)]


def fold_config(
    row: Row,
    checkpoint: Path,
    truths: Dict[str, Path],
    folder: Path,
    iterations: int,
    seed: int,
) -> Config:
    """Of one training and test.

    Args:
        row: What is trained.
        checkpoint: Of the detector.
        truths: Files in COCO's format, ``train`` and ``test``.
        folder: Empty, for all that is written.
        iterations: Of the detector's training.
        seed: Of the training.
    """
    cfg = testing_config(checkpoint, truths['test'], folder)
    cfg.randomness = dict(seed=seed)
    cfg.model.data_preprocessor.pop('batch_augments')  # sizes cost time
    if row.light is not None:
        put_scene_before(cfg, dict(type=FRONT), row.light == 'frozen')
    if row.light == 'trained':
        cfg.model.update(
            host=cfg.model.type,
            type='ruas_mm.SceneConstrained',
            scene_weight=row.scene_weight,
        )
    if row.trained:
        _add_training(cfg, row, truths['train'], iterations)
    return cfg


def _add_training(cfg: Config, row: Row, truth: Path, iterations: int) -> None:
    load, resize, pad, annotations, _ = deepcopy(
        cfg.test_dataloader.dataset.pipeline
    )
    flip, pack = dict(type='RandomFlip', prob=0.5), dict(type='PackDetInputs')
    cfg.train_dataloader = dict(
        batch_size=BATCH,
        num_workers=0,
        sampler=dict(type='InfiniteSampler'),
        dataset=dict(
            type='CocoDataset',
            ann_file=str(truth),
            data_prefix=dict(img=''),
            pipeline=[load, annotations, resize, pad, flip, pack],
        ),
    )
    first = iterations // 3 if row.scene_first else 0
    phases = dict(scene=first, end_to_end=iterations)
    phases = {part: length for part, length in phases.items() if length}
    if row.light == 'trained':
        hook = dict(type='ruas_mm.PhasedTrainingHook', phases=phases)
        cfg.custom_hooks = [hook]
    cfg.train_cfg = dict(by_epoch=False, max_iters=first + iterations)
    cfg.optim_wrapper = dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=RATE, weight_decay=1e-4),
        paramwise_cfg=dict(
            custom_keys={
                'data_preprocessor.scene': dict(lr_mult=LIGHT_RATE / RATE)
            }
        ),
    )
    cfg.param_scheduler = [
        dict(
            type='CosineRestartLR',
            periods=list(phases.values()),
            restart_weights=[1] * len(phases),
            eta_min=0,
            by_epoch=False,
        )
    ]
    cfg.default_hooks.checkpoint = None


def run_fold(
    row: Row,
    checkpoint: Path,
    pictures: Sequence[Picture],
    tested: Sequence[int],
    iterations: int,
    seed: int,
) -> list:
    """Train on the other pictures; detections by their number in all."""
    others = [i for i in range(len(pictures)) if i not in tested]
    with TemporaryDirectory() as name:
        folder = Path(name)
        truths = {}
        for part, numbers in (('train', others), ('test', tested)):
            truths[part] = folder / f'{part}.json'
            write_truth([pictures[i] for i in numbers], truths[part])
        cfg = fold_config(row, checkpoint, truths, folder, iterations, seed)
        runner = Runner.from_cfg(cfg)
        runner.register_hook(KeptNorms(), 'LOW')  # after train()
        if row.trained:
            runner.train()
        runner.test()
        found = json.loads((folder / FOUND).read_text())
    for box in found:
        box['image_id'] = tested[box['image_id']]
    return found


def score_of(pictures: Sequence[Picture], found: list) -> tuple:
    """AP and AP50 of detections whose numbers are those of ``pictures``."""
    with TemporaryDirectory() as name:
        truth, detections = Path(name, 'truth.json'), Path(name, 'found.json')
        write_truth(pictures, truth)
        detections.write_text(json.dumps(found))
        return score(truth, detections)


def run_seed(
    row: Row,
    checkpoint: Path,
    pictures: Sequence[Picture],
    iterations: int,
    seed: int,
    folder: Path,
) -> dict:
    """Figures of one row and seed; what was done is read.

    Returns:
        ``whole``: AP and AP50 of all pictures; ``folds``: of each fold.
    """
    folds = split(len(pictures), seed)
    path = folder / f'{ROWS.index(row)}_{seed}.json'
    done = json.loads(path.read_text()) if path.exists() else []
    for tested in folds[len(done) :]:
        done.append(
            run_fold(row, checkpoint, pictures, tested, iterations, seed)
        )
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(done))
    apart = []
    for tested, found in zip(folds, done):
        renumbered = [
            dict(box, image_id=tested.index(box['image_id'])) for box in found
        ]
        apart.append(score_of([pictures[i] for i in tested], renumbered))
    return dict(whole=score_of(pictures, sum(done, [])), folds=apart)


def parse_args(
    arguments: Optional[Sequence[str]] = None,
) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('checkpoint', type=Path, help="of mmdet's YOLOX-nano")
    parser.add_argument(
        '--exdark', type=Path, required=True, help="folder, as ExDark's"
    )
    parser.add_argument('--iterations', type=int, default=60)
    parser.add_argument('--seeds', type=int, nargs='+', default=[0])
    parser.add_argument(
        '--rows', default='', help='only those whose titles start so'
    )
    parser.add_argument(
        '--work-dir', type=Path, default='work_dirs/reproduce/folds'
    )
    return parser.parse_args(arguments)


def main(args: argparse.Namespace) -> None:
    check_whole_number('iterations', args.iterations, 1)
    rows = [row for row in ROWS if row.title.startswith(args.rows)]
    if not rows:
        titles = [row.title for row in ROWS]
        raise ValueError(
            f'--rows {args.rows!r}, allowed: the start of {titles}'
        )
    check_checkpoint(args.checkpoint)
    pictures = exdark_pictures(args.exdark)
    if len(pictures) < FOLDS:
        raise ValueError(
            f'{args.exdark} has {len(pictures)} pictures, allowed: at least '
            f'{FOLDS}, one for each fold'
        )
    folder = args.work_dir / f'exdark{len(pictures)}_{args.iterations}'
    record = dict(checkpoint=told(args.checkpoint), exdark=told(args.exdark))
    record['rates'] = [RATE, LIGHT_RATE]
    check_record(folder, record)
    results = {row: [] for row in rows}
    args.seeds = list(dict.fromkeys(args.seeds))
    for seed in args.seeds:
        names = [
            [Path(pictures[i].path).name for i in fold]
            for fold in split(len(pictures), seed)
        ]
        with atomic_write(folder / f'folds_{seed}.json') as temporary:
            temporary.write_text(json.dumps(names, indent=1))
        for row in rows:
            print(f'{row.title}, seed {seed}', flush=True)
            found = run_seed(
                row, args.checkpoint, pictures, args.iterations, seed, folder
            )
            results[row].append(found)
    table = Table(
        title=f'{len(pictures)} of ExDark, {FOLDS} folds, seeds '
        f'{args.seeds}, {args.iterations} iterations'
    )
    for column in ('row', 'AP', 'AP50', 'AP of a fold', 'AP50 of a fold'):
        table.add_column(column)
    for row, found in results.items():
        whole = zip(*(each['whole'] for each in found))
        folds = zip(*sum((each['folds'] for each in found), []))
        table.add_row(row.title, *map(mean_and_spread, (*whole, *folds)))
    Console(width=110).print(table)


if __name__ == '__main__':
    try:
        main(parse_args())
    except (ValueError, OSError) as error:
        sys.exit(str(error))

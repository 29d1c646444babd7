"""Whether a frozen COCO detector sees more with something in front of it.

    python tools/benchmarks/measure_detector.py yolox_nano.pth
        --exdark data/ExDark --day CamVid --fronts gamma ruas_s ruas_s@0.6

YOLOX-nano of mmdet's stock config, never trained here, goes through mmdet's
own test loop on dark pictures (ExDark, all that are there; see
``tools/dataset_converters/make_exdark_subset.py``) and on daylight frames,
which an enhancer should leave alone. A front is

- ``none``, always the first row;
- ``clahe`` (luma of Lab, clip limit 2, 8 x 8 tiles) or ``gamma`` (exponent
  .5), on the picture as loaded;
- a name of the zoo, as users put it in front: frozen, in
  :class:`~ruas_mm.models.SceneDataPreprocessor`, on the letterboxed picture.
  ``NAME@STRENGTH`` sets a strength other than its own.

``--weights`` names the folder of all weights of ``compared_methods.py``, and
adds a front for each of its methods whose weights are there (Table 10 without
training). With ``--done`` what was scored is read, not detected again.

AP (IoU .5 to .95) and AP50 are COCO's, over the classes that occur, ExDark's
as the COCO classes they are called after; in brackets points above ``none``.

Daylight frames are those of CamVid (its 11-class label maps, as SegNet's
authors published it: {train,test} and {train,test}_labels) that do not belong
to its dusk drive. Their boxes come from the label maps: one around each
connected component of cars, pedestrians and cyclists. What touches merges into
one box, and a rider belongs to his bicycle, so AP there is low and only
relative. Other pictures, such as its dusk drive, come with their boxes in
files of COCO's format: ``--boxes dusk.json --root CamVid``.
"""

import argparse
import contextlib
import io
import json
import sys
from copy import deepcopy
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import torch
from compared_methods import available
from detection_pictures import (
    Picture,
    coco_pictures,
    day_pictures,
    exdark_pictures,
    write_truth,
)
from mmcv.transforms import BaseTransform
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.hub import get_config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from rich.console import Console
from rich.progress import track
from rich.table import Table

from ruas_mm.arguments import check_choice, check_strength
from ruas_mm.files.atomic_write import atomic_write
from ruas_mm.files.folder_record import check_record, told
from ruas_mm.models import load_enhancer
from ruas_mm.models.pretrained import load_pretrained
from ruas_mm.registry import TRANSFORMS
from ruas_mm.zoo import ZOO

CONFIG = 'mmdet::yolox/yolox_nano_8xb8-300e_coco.py'
OF_TESTING = (  # of the config: all of it takes long to be written
    'default_scope',
    'default_hooks',
    'env_cfg',
    'visualizer',
    'model',
    'test_dataloader',
    'test_cfg',
)
FOUND = 'found.bbox.json'  # as CocoMetric calls it
NONE = 'none'


def _on_levels(name: str, bgr: np.ndarray) -> np.ndarray:
    """One of the zoo without weights, on 8 bits."""
    y = torch.from_numpy(bgr[..., ::-1] / np.float32(255))
    u = load_enhancer(name).enhance(y.permute(2, 0, 1)[None])[0]
    rgb = (u.permute(1, 2, 0) * 255).round().byte().numpy()
    return np.ascontiguousarray(rgb[..., ::-1])


CLASSICAL: Dict[str, Callable[[np.ndarray], np.ndarray]] = {
    name: partial(_on_levels, name) for name in ('clahe', 'gamma')
}


@TRANSFORMS.register_module()
class ClassicalEnhancement(BaseTransform):
    """One of :data:`CLASSICAL` on ``img``, BGR, uint8, (H, W, 3)."""

    def __init__(self, method: str) -> None:
        self.method = CLASSICAL[method]

    def transform(self, results: dict) -> dict:
        return {**results, 'img': self.method(results['img'])}


class Front(NamedTuple):
    """What stands in front of the detector; ``strength`` None: its own."""

    title: str
    name: str
    strength: Optional[float] = None
    scene: Optional[dict] = None  # of a compared method, with its weights

    def put_before(self, cfg: Config) -> None:
        """Change the config of a detector."""
        if self.name in CLASSICAL:
            pipeline = cfg.test_dataloader.dataset.pipeline
            step = dict(type='ruas_mm.ClassicalEnhancement', method=self.name)
            pipeline.insert(1, step)  # after LoadImageFromFile
        elif self.name != NONE:
            scene = dict(self.scene or dict(type=self.name))
            if self.strength is not None:
                scene['scene'] = dict(strength=self.strength)
            put_scene_before(cfg, scene, frozen=True)


def put_scene_before(cfg: Config, scene: dict, frozen: bool) -> None:
    """Change the config of a detector: an enhancer in front."""
    cfg.model.data_preprocessor = dict(
        type='ruas_mm.SceneDataPreprocessor',
        frozen=frozen,
        scene=scene,
        data_preprocessor=cfg.model.data_preprocessor,
    )


def parse_front(title: str) -> Front:
    """``NAME`` or ``NAME@STRENGTH``.

    Raises:
        ValueError: Unknown name, strength outside [0, 1], or a strength of
            what has none.
    """
    name, at, strength = title.partition('@')
    if not at:
        check_choice('front', name, (NONE, *CLASSICAL, *ZOO))
        return Front(title, name)
    check_choice('front with a strength', name, tuple(ZOO))
    check_strength(float(strength))
    return Front(title, name, float(strength))


@lru_cache(maxsize=None)
def stock_config() -> Config:
    """Of the detector; not to be changed."""
    return get_config(CONFIG)


def check_checkpoint(checkpoint: Path) -> None:
    """Raise ``ValueError`` unless each key fits: runners do not mind."""
    with DefaultScope.overwrite_default_scope('mmdet'):
        detector = MODELS.build(deepcopy(stock_config().model))
    load_pretrained(detector, str(checkpoint))


def testing_config(checkpoint: Path, truth: Path, folder: Path) -> Config:
    """Of the detector in mmdet's test loop; detections go to a file.

    Args:
        checkpoint: Of the detector.
        truth: File of :func:`write_truth`.
        folder: Empty, for all that is written; :data:`FOUND` of it has the
            detections in COCO's format.
    """
    stock = stock_config()
    cfg = Config({key: deepcopy(stock[key]) for key in OF_TESTING})
    cfg.load_from = str(checkpoint)
    cfg.work_dir = str(folder)
    cfg.experiment_name = cfg.visualizer.name = '-'.join(folder.parts)
    cfg.log_level = 'ERROR'
    cfg.test_dataloader.update(num_workers=0, persistent_workers=False)
    cfg.test_dataloader.dataset.update(
        data_root='', ann_file=str(truth), data_prefix=dict(img='')
    )
    cfg.test_evaluator = dict(
        type='CocoMetric',
        ann_file=str(truth),
        format_only=True,  # its figures are rounded to .001
        outfile_prefix=str(folder / 'found'),
    )
    return cfg


def detect(checkpoint: Path, front: Front, truth: Path, folder: Path) -> Path:
    """Test the detector with mmdet's runner.

    Args:
        checkpoint: Of the detector.
        front: What stands before it.
        truth: File of :func:`write_truth`.
        folder: Empty, for all that is written.

    Returns:
        File of detections in COCO's format.
    """
    cfg = testing_config(checkpoint, truth, folder)
    front.put_before(cfg)
    with contextlib.redirect_stdout(io.StringIO()):  # lists the front's keys
        Runner.from_cfg(cfg).test()
    return folder / FOUND


def score(truth: Path, found: Path) -> Tuple[float, float]:
    """AP and AP50 of COCO; not numbers where there is no box to be found."""
    detections = json.loads(found.read_text())
    boxes = json.loads(truth.read_text())['annotations']
    if all(box['iscrowd'] for box in boxes):
        return float('nan'), float('nan')
    if not detections:
        return 0.0, 0.0
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(truth))
        evaluation = COCOeval(coco, coco.loadRes(detections), 'bbox')
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return tuple(evaluation.stats[:2].tolist())


def measure(
    checkpoint: Path,
    fronts: Sequence[Front],
    pictures: Sequence[Picture],
    title: str,
    done: Optional[Path] = None,
) -> List[Tuple[float, float]]:
    """AP and AP50 behind each front; what is in the file ``done`` is read."""
    known = json.loads(done.read_text()) if done and done.exists() else {}
    rows = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        truth = folder / 'truth.json'
        write_truth(pictures, truth)
        console = Console(stderr=True)
        for front in track(fronts, title, console=console, transient=True):
            if front.title not in known:
                found = detect(checkpoint, front, truth, folder / front.title)
                known[front.title] = score(truth, found)
                if done is not None:
                    with atomic_write(done) as temporary:
                        temporary.write_text(json.dumps(known))
            rows.append(tuple(known[front.title]))
    return rows


def with_gains(figures: Sequence[float]) -> List[str]:
    """Each figure with its points above the first one."""
    first, *others = figures
    gains = [f'{f:.4f} ({(f - first) * 100:+.1f})' for f in others]
    return [f'{first:.4f}', *gains]


def parse_args(
    arguments: Optional[Sequence[str]] = None,
) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('checkpoint', type=Path, help="of mmdet's YOLOX-nano")
    parser.add_argument('--exdark', type=Path, help="folder, as ExDark's")
    parser.add_argument('--day', type=Path, help="folder, as CamVid's")
    parser.add_argument(
        '--boxes',
        nargs='+',
        type=Path,
        default=(),
        help="files in COCO's format of other pictures",
    )
    parser.add_argument(
        '--root', type=Path, default=Path(), help='of the pictures of --boxes'
    )
    parser.add_argument(
        '--fronts',
        nargs='+',
        metavar='NAME[@STRENGTH]',
        default=[*CLASSICAL, *ZOO],
        help='%(default)s',
    )
    parser.add_argument('--weights', type=Path, help='of compared methods')
    parser.add_argument('--done', type=Path, help='folder of what was scored')
    return parser.parse_args(arguments)


def record_of(args: argparse.Namespace) -> dict:
    """What figures depend on, for those that are named."""
    record = dict(checkpoint=told(args.checkpoint))
    for name in ('exdark', 'day', 'weights'):
        if getattr(args, name):
            record[name] = told(getattr(args, name))
    if args.boxes:
        record.update(boxes=[*map(told, args.boxes)], root=told(args.root))
    return record


def main(args: argparse.Namespace) -> None:
    if not (args.exdark or args.day or args.boxes):
        raise ValueError('no pictures, allowed: --exdark, --day, --boxes')
    titles = dict.fromkeys((NONE, *args.fronts))
    fronts = [parse_front(title) for title in titles]
    if args.weights:
        fronts += [
            Front(
                method.title, method.enhancer, scene=method.scene(args.weights)
            )
            for method in available(args.weights)[0]
            if method.enhancer not in (*ZOO, *CLASSICAL)
        ]
    check_checkpoint(args.checkpoint)
    if args.done:
        check_record(args.done, record_of(args))
    sets = []
    if args.exdark:
        sets.append(('ExDark', exdark_pictures(args.exdark)))
    if args.day:
        sets.append(('day', day_pictures(args.day)))
    if args.boxes:
        sets.append(('boxes', coco_pictures(args.boxes, args.root)))
    columns = {'front': [front.title for front in fronts]}
    for name, pictures in sets:
        done = args.done and args.done / f'{name}.json'
        found = measure(args.checkpoint, fronts, pictures, name, done)
        for figure, values in zip(('AP', 'AP50'), zip(*found)):
            columns[f'{name} {figure}'] = with_gains(values)
    table = Table(title=', '.join(f'{len(p)} of {n}' for n, p in sets))
    for column in columns:
        table.add_column(column, justify='right')
    for row in zip(*columns.values()):
        table.add_row(*row)
    Console(width=100).print(table)


if __name__ == '__main__':
    try:
        main(parse_args())
    except (ValueError, OSError) as error:
        sys.exit(str(error))

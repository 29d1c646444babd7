"""What the front costs a detector: SSD300 alone and behind the scene module.

    python tools/benchmarks/measure_front.py [--size 300 300] [--runs 15]

SSD300 (VGG-16, random weights: what it finds costs little) through
``test_step``, as mmdet's test loop calls it, on one dark picture; in each
round all take turns. Memory is how far a fresh process grows over its first
picture.
"""

from functools import partial
from pathlib import Path

import torch
from measure_enhancement import (
    MEBIBYTE,
    Form,
    dark_picture,
    grown_memory,
    median_times,
    run_timing,
)
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import DefaultScope
from rich.console import Console
from rich.table import Table

CONFIG = Path(__file__).parents[2] / 'configs/detection/ssd_exdark.py'
NONE = 'alone'
FRONTS = (NONE, 'ruas_s', 'ruas_s_detection', 'ruas')


def load_form(front: str) -> Form:
    """The detector behind a front: from a picture in [0, 1] to boxes."""
    torch.manual_seed(0)
    model = Config.fromfile(CONFIG).model
    model.backbone.init_cfg = None
    if front != NONE:
        model.data_preprocessor = dict(
            type='ruas_mm.SceneDataPreprocessor',
            scene=front,
            frozen=True,
            data_preprocessor=model.data_preprocessor,
        )
    with DefaultScope.overwrite_default_scope('mmdet'):
        detector = MODELS.build(model).eval()

    def detect(x: torch.Tensor) -> list:
        size = tuple(x.shape[-2:])
        meta = dict(
            img_shape=size, ori_shape=size, scale_factor=(1.0, 1.0), img_id=0
        )
        sample = DetDataSample(metainfo=dict(meta, img_path='dark.png'))
        pictures = list((x * 255).round().byte())
        data = dict(inputs=pictures, data_samples=[sample])
        return detector.test_step(data)

    return detect


def main(width: int, height: int, runs: int) -> None:
    forms = [load_form(front) for front in FRONTS]
    x = dark_picture(width, height)
    for form in forms:
        form(x)
    times = dict(zip(FRONTS, median_times(forms, x, runs)))
    table = Table(
        title=f'SSD300, {width}x{height}, {torch.get_num_threads()} threads, '
        f'medians of {runs}'
    )
    for column in ('front', 'ms', 'more than alone', 'memory, MiB'):
        table.add_column(column, justify='right')
    for front, seconds in times.items():
        load = partial(load_form, front)
        memory = grown_memory(load, (width, height), first=None)
        table.add_row(
            front,
            f'{seconds * 1000:.0f}',
            f'{(seconds / times[NONE] - 1) * 100:.1f} %',
            f'{memory / MEBIBYTE:.0f}',
        )
    Console(width=80).print(table)


if __name__ == '__main__':
    run_timing(main, __doc__, size=(300, 300), runs=15)

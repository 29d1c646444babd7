"""Time and size of the scene module: the figures of docs/speed.md.

    python tools/benchmarks/measure_scene_module.py

One run, one machine. "plain" is the same module on plainly laid out memory
(NCHW), without the channels-last layout that ``SceneModule`` uses on a CPU.
Times are medians; both forms take turns, so a slow moment hits both.
"""

import argparse
import platform
import statistics
import time
from typing import Callable

import torch
from rich.console import Console
from rich.table import Table

from ruas_mm.models import SceneModule
from ruas_mm.models.cells.genotype import (
    SCENE_ENHANCEMENT,
    SCENE_FACE_DETECTION,
)

SHAPES = ((1, 3, 400, 600), (1, 3, 720, 1080), (8, 3, 320, 320))
GENOTYPES = dict(enhancement=SCENE_ENHANCEMENT, detection=SCENE_FACE_DETECTION)


def milliseconds(function: Callable[[], None]) -> float:
    start = time.perf_counter()
    function()
    return (time.perf_counter() - start) * 1000


def median_times(functions: list, runs: int) -> list:
    for function in functions:
        function()
    rounds = [[milliseconds(f) for f in functions] for _ in range(runs)]
    return [statistics.median(times) for times in zip(*rounds)]


def plain(module: SceneModule, y: torch.Tensor) -> torch.Tensor:
    """The module without its memory layout."""
    return module._unroll(y, module.stages).reflectances[-1]


def main(runs: int) -> None:
    torch.manual_seed(0)
    print(
        f'torch {torch.__version__}, {torch.get_num_threads()} threads, '
        f'{platform.processor() or platform.machine()}'
    )
    table = Table(title='Scene module, median ms (seed 0, random weights)')
    columns = ('genotype', 'parameters', 'input', 'step', 'plain', 'ours')
    for column in (*columns, 'ratio', 'difference'):
        table.add_column(column, justify='right')
    for name, genotype in GENOTYPES.items():
        module = SceneModule(genotype)
        size = sum(p.numel() for p in module.parameters())
        for shape in SHAPES:
            y = torch.rand(shape) * 0.3
            difference = (plain(module, y) - module(y)).abs().max()
            for step in ('forward', 'forward + backward'):
                training = step != 'forward'

                def run(form: Callable, y=y, training=training) -> None:
                    with torch.set_grad_enabled(training):
                        u = form(y)
                    if training:
                        u.mean().backward()

                slow, fast = median_times(
                    [
                        lambda m=module, r=run: r(lambda v: plain(m, v)),
                        lambda m=module, r=run: r(m),
                    ],
                    runs,
                )
                table.add_row(
                    name,
                    f'{size:,}',
                    'x'.join(map(str, shape)),
                    step,
                    f'{slow:.0f}',
                    f'{fast:.0f}',
                    f'{slow / fast:.1f}',
                    f'{difference:.1e}',
                )
    Console(width=110).print(table)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--runs', type=int, default=5)
    main(parser.parse_args().runs)

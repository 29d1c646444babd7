"""Speed of what ships, against the same variant in the form of the release.

    python tools/benchmarks/measure_shipped.py [--size 1920 1080] [--runs 5]

One run, one machine, random weights for the release's form; in each round all
take turns. RUAS_A is measured with the gate open, as on a noisy picture. For
the released graph itself, in plain PyTorch, see ``measure_enhancement.py``.
Memory is how far a fresh process grows while it enhances one picture.
"""

from functools import partial

import torch
from measure_enhancement import (
    MEBIBYTE,
    Form,
    dark_picture,
    grown_memory,
    median_times,
    run_timing,
)
from released_network import ReleasedNetwork
from rich.console import Console
from rich.table import Table

from ruas_mm.models import LowLightEnhancer, SceneModule, load_enhancer
from ruas_mm.zoo import ZOO

OPEN = dict(noise_threshold=0.0)
GRAPH = 'released graph of the scene module'
SCENE, RUAS_A = 'SceneModule()', 'RUAS_A, form of the release'
BEFORE = {SCENE: GRAPH, 'ruas_s': SCENE, 'ruas_a': RUAS_A}
FORMS = (GRAPH, SCENE, RUAS_A, *ZOO)


def load_form(name: str) -> Form:
    """One of :data:`FORMS`, ready for use."""
    torch.manual_seed(0)
    scene = SceneModule().eval()
    if name == SCENE:
        return scene.enhance
    if name == GRAPH:
        graph = ReleasedNetwork().eval()
        graph.scene.load_state_dict(scene.state_dict())
        return graph
    if name == RUAS_A:
        return LowLightEnhancer('RUAS_A', **OPEN).eval().enhance
    settings = OPEN if ZOO[name].variant == 'RUAS_A' else {}
    return load_enhancer(name, **settings).enhance


def main(width: int, height: int, runs: int) -> None:
    forms = [load_form(name) for name in FORMS]
    x = dark_picture(width, height)
    for form in forms:
        form(x)
    times = dict(zip(FORMS, median_times(forms, x, runs)))
    table = Table(
        title=f'{width}x{height}, {torch.get_num_threads()} threads, medians '
        f'of {runs}'
    )
    for column in ('form', 'ms', 'times as fast', 'as', 'memory, MiB'):
        table.add_column(column, justify='right')
    for name, seconds in times.items():
        before = BEFORE.get(name)
        memory = grown_memory(partial(load_form, name), (width, height))
        table.add_row(
            name,
            f'{seconds * 1000:.0f}',
            f'{times[before] / seconds:.2f}' if before else '',
            before or '',
            f'{memory / MEBIBYTE:.0f}',
        )
    Console(width=110).print(table)


if __name__ == '__main__':
    run_timing(main, __doc__, size=(1920, 1080), runs=5)

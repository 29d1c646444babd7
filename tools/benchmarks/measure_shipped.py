"""Speed of what ships, against the same variant in the form of the release.

    python tools/benchmarks/measure_shipped.py [--size 1920 1080] [--runs 5]

One run, one machine, random weights for the release's form; in each round all
take turns. RUAS_A is measured with the gate open, as on a noisy picture. For
the released graph itself, in plain PyTorch, see ``measure_enhancement.py``.
"""

import argparse

import torch
from measure_enhancement import dark_picture, median_times
from released_network import ReleasedNetwork
from rich.console import Console
from rich.table import Table

from ruas_mm.models import ZOO, LowLightEnhancer, SceneModule, load_enhancer

OPEN = dict(noise_threshold=0.0)
SCENE, RUAS_A = 'SceneModule()', 'RUAS_A, form of the release'
GRAPH = 'released graph of the scene module'
BEFORE = dict(ruas_s=SCENE, ruas_a=RUAS_A)


def main(width: int, height: int, runs: int) -> None:
    torch.manual_seed(0)
    scene, graph = SceneModule().eval(), ReleasedNetwork().eval()
    graph.scene.load_state_dict(scene.state_dict())
    forms = {
        GRAPH: graph,
        SCENE: scene.enhance,
        RUAS_A: LowLightEnhancer('RUAS_A', **OPEN).eval().enhance,
    }
    for name, entry in ZOO.items():
        settings = OPEN if entry.variant == 'RUAS_A' else {}
        forms[name] = load_enhancer(name, **settings).enhance
    x = dark_picture(width, height)
    for form in forms.values():
        form(x)
    times = median_times([*forms.values()], x, runs)
    times = dict(zip(forms, times))
    times_before = {SCENE: times[GRAPH]}
    times_before.update({k: times[v] for k, v in BEFORE.items()})
    table = Table(
        title=f'{width}x{height}, {torch.get_num_threads()} threads, medians '
        f'of {runs}'
    )
    for column in ('form', 'ms', 'times as fast as its form before'):
        table.add_column(column, justify='right')
    for name, seconds in times.items():
        ratio = ''
        if name in times_before:
            ratio = f'{times_before[name] / seconds:.2f}'
        table.add_row(name, f'{seconds * 1000:.0f}', ratio)
    Console(width=90).print(table)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--size', type=int, nargs=2, default=(1920, 1080))
    parser.add_argument('--runs', type=int, default=5)
    parser.add_argument('--threads', type=int, help='default: as torch')
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    main(*args.size, args.runs)

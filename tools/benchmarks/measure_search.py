"""Time and memory of search: the figures of docs/speed.md.

    python tools/benchmarks/measure_search.py

One run, one machine. "naive" mixes feature maps: it runs every candidate of
Table 1 on its own and adds the results up, weighted, with the same weights and
the same update; "naive, fast layout" does so on channels-last memory, which
the scene module has anyway. "ours" mixes kernels. A "search step" is a whole
one, of the RUAS supernet on one picture: alphas by finite differences, then
the weights. All forms take turns in every round, so a slow moment hits all of
them; times are medians. Memory is what a fresh process needs at its peak
beyond what it needed before the step (Linux only).
"""

import argparse
import multiprocessing
import platform
import statistics
import time
from functools import partial
from pathlib import Path
from typing import Callable, Dict, List, Tuple

import torch
from rich.console import Console
from rich.table import Table
from search_steps import (
    FORMS,
    LAYOUTS,
    NaiveCell,
    Step,
    naive_sum,
    search_steps,
)
from torch import Tensor, nn

from ruas_mm.models import SceneModule
from ruas_mm.models.architecture import weight_parameters
from ruas_mm.models.cells import (
    HIGH_LEVEL_OPERATIONS,
    LOW_LEVEL_OPERATIONS,
    MixedOperation,
)
from ruas_mm.models.losses import SceneLoss

# title -> (kind, arguments, input)
CASES = {
    'low-level operation, 3 channels': ('low', 3, (100, 100)),
    'low-level operation, 3 channels ': ('low', 3, (400, 600)),
    'low-level operation, 6 channels': ('low', 6, (100, 100)),
    'low-level operation, 6 channels ': ('low', 6, (400, 600)),
    'high-level operation, 64 channels': ('high', 64, (38, 38)),
    'scene supernet, K = 3': ('scene', 3, (100, 100)),
    'scene supernet, K = 3 ': ('scene', 3, (400, 600)),
    'search step, scene phase': ('search scene', 3, (100, 100)),
    'search step, scene phase ': ('search scene', 3, (400, 600)),
    'search step, task phase': ('search task', 3, (100, 100)),
    'search step, task phase ': ('search task', 3, (400, 600)),
}


class NaiveScene(nn.Module):
    """A supernet's scene module with mixed feature maps; its weights."""

    def __init__(self, scene: SceneModule) -> None:
        super().__init__()
        self.scene = scene

    def forward(self, y: Tensor, layout: torch.memory_format) -> tuple:
        mixture = self.scene.alphas.softmax(1)
        cells = [
            NaiveCell(layout, stage, mixture) for stage in self.scene.stages
        ]
        return self.scene._unroll(y, cells)


def load_steps(title: str) -> Dict[str, Step]:
    """One step for each form, which returns all gradients."""
    torch.manual_seed(0)
    kind, channels, size = CASES[title]
    if kind.startswith('search'):
        return search_steps(kind.split()[1], size)
    x = torch.rand(1, channels, *size) * 0.3
    fast = x.contiguous(memory_format=torch.channels_last)
    if kind == 'scene':
        return _scene_steps(x)
    low = kind == 'low'
    names = LOW_LEVEL_OPERATIONS if low else HIGH_LEVEL_OPERATIONS
    operation = MixedOperation(names, channels, channels)
    alphas = torch.zeros(len(names), requires_grad=True)

    def step(form: Callable, x: Tensor) -> List[Tensor]:
        x = x.detach().requires_grad_()
        y = form(operation, x, alphas.softmax(0))
        inputs = [x, alphas, *operation.parameters()]
        return torch.autograd.grad(y.square().mean(), inputs)

    return _by_form(
        lambda: step(naive_sum, x),
        lambda: step(naive_sum, fast),
        lambda: step(lambda op, *args: op(*args), x),
    )


def _scene_steps(x: Tensor) -> Dict[str, Step]:
    """Loss and update of weights and alphas, as a search step has them."""
    scene, loss = SceneModule(genotype=None), SceneLoss()
    scene.start_small()
    naive = NaiveScene(scene)
    parameters = list(weight_parameters(scene).values())
    parameters.append(scene.alphas)
    optimiser = torch.optim.SGD(parameters, lr=0)  # every step is the same

    def step(form: Callable, y: Tensor) -> List[Tensor]:
        optimiser.zero_grad()
        sum(loss(y, form(y)).values()).backward()
        optimiser.step()
        return [p.grad for p in parameters]

    return _by_form(
        *(
            lambda layout=layout: step(partial(naive, layout=layout), x)
            for layout in LAYOUTS.values()
        ),
        lambda: step(scene.unroll, x),
    )


def _by_form(*steps: Step) -> Dict[str, Step]:
    return dict(zip(FORMS, steps))


def difference(found: List[Tensor], expected: List[Tensor]) -> float:
    """Largest error of a gradient as a share of its own norm."""
    return max(
        ((a - b).norm() / b.norm().clamp_min(1e-12)).item()
        for a, b in zip(found, expected)
    )


def median_times(steps: Dict[str, Step], runs: int) -> Dict[str, float]:
    """Milliseconds."""
    rounds = [
        {form: _milliseconds(step) for form, step in steps.items()}
        for _ in range(runs)
    ]
    return {
        form: statistics.median(times[form] for times in rounds)
        for form in steps
    }


def _milliseconds(step: Step) -> float:
    _prepare(step)
    start = time.perf_counter()
    step()
    return (time.perf_counter() - start) * 1000


def _prepare(step: Step) -> None:
    if hasattr(step, 'prepare'):
        step.prepare()


def peak_memory(title: str, form: str) -> float:
    """MiB that a step adds, in a process of its own."""
    with multiprocessing.get_context('spawn').Pool(1) as pool:
        return pool.apply(_growth, (title, form))


def _growth(title: str, form: str) -> float:
    torch.set_num_threads(1)
    step = load_steps(title)[form]
    _prepare(step)
    before = _resident()
    step()
    return (_resident() - before) / 1024


def _resident() -> int:
    """Peak of this process in KiB; getrusage's is the parent's at first."""
    status = Path('/proc/self/status').read_text()
    return int(status.split('VmHWM:')[1].split()[0])


def measure(title: str, runs: int) -> Tuple[Dict, Dict, float]:
    """Times and peak memory of all forms, and how far ours is off."""
    steps = load_steps(title)
    gradients = {}
    for form, step in steps.items():
        _prepare(step)
        gradients[form] = [g.clone() for g in step()]
    memory = {form: peak_memory(title, form) for form in steps}
    error = difference(gradients['ours'], gradients['naive'])
    return median_times(steps, runs), memory, error


def main(runs: int, cases: str) -> None:
    print(
        f'torch {torch.__version__}, {torch.get_num_threads()} threads, '
        f'{platform.processor() or platform.machine()}'
    )
    table = Table(title='A search step, forward + backward (seed 0)')
    table.add_column('what')
    for column in (
        'input', 'form', 'median ms', 'steps/s', 'ratio', 'MiB', 'difference'
    ):  # fmt: skip
        table.add_column(column, justify='right')
    for title, (_, _, size) in CASES.items():
        if cases not in title:
            continue
        times, memory, error = measure(title, runs)
        for form in FORMS:
            table.add_row(
                title.strip() if form == FORMS[0] else '',
                'x'.join(map(str, size)) if form == FORMS[0] else '',
                form,
                f'{times[form]:.1f}',
                f'{1000 / times[form]:.2f}',
                f'{times[form] / times["ours"]:.1f}',
                f'{memory[form]:.0f}',
                f'{error:.0e}' if form == 'ours' else '',
                end_section=form == FORMS[-1],
            )
    Console(width=110).print(table)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--runs', type=int, default=7)
    parser.add_argument('--cases', default='', help='part of a title')
    args = parser.parse_args()
    main(args.runs, args.cases)

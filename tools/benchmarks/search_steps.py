"""A complete step of the low-level search, with kernels or maps mixed.

Used by ``measure_search.py`` and ``compare_gradients.py``. The naive forms run
every candidate of Table 1 on its own and add the maps up; update rule, weights
and random numbers are the same.
"""

from contextlib import ExitStack, contextmanager
from typing import Callable, Dict, Iterator, List, Tuple
from unittest import mock

import torch
import torch.nn.functional as F
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

import ruas_mm.models.architecture
import ruas_mm.models.cells.distillation_cell
from ruas_mm.models import LowLightEnhancer
from ruas_mm.models.architecture import architecture_parameters
from ruas_mm.models.cells import MixedOperation
from ruas_mm.search.architecture_step import ArchitectureStep

FORMS = ('naive', 'naive, fast layout', 'ours')
LAYOUTS = {
    'naive': torch.contiguous_format,
    'naive, fast layout': torch.channels_last,
}
TASK_WEIGHTS = {'scene': 1.0, 'task': None}
Step = Callable[[], List[Tensor]]


def naive_sum(operation: MixedOperation, x: Tensor, mixture: Tensor) -> Tensor:
    """Sum of the candidates' results, weighted by the mixture."""
    results = [candidate(x) for candidate in operation.candidates]
    return sum(share * result for share, result in zip(mixture, results))


class NaiveCell:
    """Takes the place of ``MixedCell``: mixes feature maps.

    Args:
        layout: Memory format of the maps.
        cell: A distillation cell of a supernet.
        mixture: Softmaxed alphas, one row for each edge.
    """

    def __init__(
        self, layout: torch.memory_format, cell: nn.Module, mixture: Tensor
    ) -> None:
        self.layout, self.cell, self.mixture = layout, cell, mixture

    def __call__(self, x: Tensor) -> Tensor:
        x = x.contiguous(memory_format=self.layout)
        distilled = []
        for i in (0, 2, 4, 6):
            d = naive_sum(self.cell.edges[i], x, self.mixture[i])
            distilled.append(F.leaky_relu(d, 0.05))
            if i < 6:
                refined = naive_sum(
                    self.cell.edges[i + 1], x, self.mixture[i + 1]
                )
                x = F.leaky_relu(refined + x, 0.05)
        return self.cell.fuse(torch.cat(distilled, 1))


@contextmanager
def mixed_as(form: str) -> Iterator[None]:
    """Let all cells of supernets mix in one of the ``FORMS``."""
    with ExitStack() as stack:
        if form in LAYOUTS:

            def cell(*args):
                return NaiveCell(LAYOUTS[form], *args)

            for module in (
                ruas_mm.models.architecture,
                ruas_mm.models.cells.distillation_cell,
            ):
                stack.enter_context(
                    mock.patch.object(module, 'MixedCell', cell)
                )
        yield


def search_steps(part: str, size: Tuple[int, int]) -> Dict[str, Step]:
    """Alphas by finite differences, then the weights, for each form.

    Args:
        part: ``'scene'`` or ``'task'``.
        size: Height and width of the two pictures.

    Returns:
        Steps, each of which does the same and returns the gradients of the
        alphas, then those of the weights.
    """
    step = architecture_step(part)
    train, val = (
        dict(inputs=[torch.randint(0, 60, (3, *size), dtype=torch.uint8)])
        for _ in range(2)
    )
    return {form: SearchStep(form, step, part, train, val) for form in FORMS}


def architecture_step(part: str, lr: float = 1e-3) -> ArchitectureStep:
    """Of the RUAS supernet, with random weights (seed 0), as in a search.

    Args:
        part: What is trained.
        lr: Of the weights.
    """
    torch.manual_seed(0)
    model = LowLightEnhancer(
        'RUAS',
        scene=dict(
            genotype=None,
            update='residual',
            warm_start='unrectified',
            warm_start_source='illumination',
            illumination_range=(0.03, 1),
            tone=dict(type='division', exposure=0.4),
        ),
        noise_remover=dict(genotype=None),
        scene_loss=dict(eta=1e-4),
    ).train()
    model.scene.start_small()
    model.noise_remover.start_small()
    model.train_only(part)
    alphas = architecture_parameters(model)
    for alpha in alphas.values():
        alpha.requires_grad_(False)
    sgd = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    adam = torch.optim.Adam(alphas.values(), lr=3e-4)
    return ArchitectureStep(
        model, OptimWrapper(sgd), adam, 'finite_difference'
    )


class SearchStep:
    """One step, which can be taken again from the same state.

    Args:
        form: One of ``FORMS``.
        step: The alphas' step, with model and optimisers.
        part: What is trained.
        train, val: The batches.
    """

    def __init__(
        self, form: str, step: ArchitectureStep, part: str, train, val
    ) -> None:
        self.form, self.step, self.part = form, step, part
        self.batches = train, val
        self.start = {
            name: value.clone()
            for name, value in step.model.state_dict().items()
        }

    def prepare(self) -> None:
        """Go back to the beginning; not part of the step."""
        self.step.model.load_state_dict(self.start)
        self.step.optimizer.state.clear()
        self.step.optim_wrapper.optimizer.state.clear()
        torch.manual_seed(1)

    def __call__(self) -> List[Tensor]:
        """Gradients of alphas and weights, from the optimisers' states."""
        with mixed_as(self.form):
            self.step(self.part, TASK_WEIGHTS[self.part], *self.batches)
            self.step.model.train_step(
                self.batches[0], self.step.optim_wrapper
            )
        optimizers = self.step.optimizer, self.step.optim_wrapper.optimizer
        return [
            state.get('exp_avg', state.get('momentum_buffer'))
            for optimizer in optimizers
            for state in optimizer.state.values()
        ]

"""Architecture parameters (alphas) of a supernet, and where to find them.

Paper: Sec. 4, alpha = {alpha_s, alpha_t}. https://arxiv.org/abs/2112.04719

A module that is built with ``genotype=None`` owns a parameter ``alphas``, one
row for each searched place, one column for each of its
``searched_operations``, and a method ``derive`` that returns the genotype in
the form that the class takes. In a derived network ``alphas`` is None.
"""

from typing import Callable, Dict, Iterable, List, Optional, Sequence

import torch
import torch.nn as nn
from torch import Tensor

from ruas_mm.models.cells import (
    LOW_LEVEL_OPERATIONS,
    DistillationCell,
    FoldedCell,
    MixedCell,
)
from ruas_mm.models.cells.distillation_cell import NUM_EDGES

PARTS = ('scene', 'task')
ALPHAS = 'alphas'
INITIAL_SPREAD = 1e-3  # of alphas: as in DARTS


def new_alphas(places: int, operations: Sequence[str]) -> nn.Parameter:
    """Nearly equal alphas, (places, operations)."""
    alphas = INITIAL_SPREAD * torch.randn(places, len(operations))
    return nn.Parameter(alphas)


def cell_alphas(genotype: Optional[Sequence[str]]) -> Optional[nn.Parameter]:
    """Alphas of a distillation cell (7, 7); None if it has a genotype."""
    if genotype is not None:
        return None
    return new_alphas(NUM_EDGES, LOW_LEVEL_OPERATIONS)


def derive_operations(
    alphas: Optional[Tensor], operations: Sequence[str]
) -> List[str]:
    """The operation with the largest alpha in each place.

    Raises:
        ValueError: A derived network, or alphas that are not finite.
    """
    if alphas is None:
        raise ValueError(
            'nothing to derive: the network was built with a genotype; '
            'allowed: a supernet (genotype=None)'
        )
    if not torch.isfinite(alphas).all():
        raise ValueError('alphas are not finite, so no operation is the best')
    return [operations[i] for i in alphas.argmax(1).tolist()]


def runnable_cells(
    cells: Iterable[DistillationCell],
    alphas: Optional[Tensor],
    for_inference: bool = False,
) -> List[Callable[[Tensor], Tensor]]:
    """Cells as functions of the picture alone.

    Args:
        cells: Cells that share one architecture.
        alphas: Theirs if they are a supernet's, else None.
        for_inference: Prepare once (fold, or mix) for many calls.
    """
    if alphas is None:
        return [FoldedCell(c) for c in cells] if for_inference else list(cells)
    mixture = alphas.softmax(1)
    if for_inference:
        return [MixedCell(cell, mixture) for cell in cells]
    return [lambda x, cell=cell: cell(x, mixture) for cell in cells]


def find_searchable(
    model: nn.Module, part: Optional[str] = None
) -> Dict[str, nn.Module]:
    """Modules that own alphas: name in ``model`` -> module.

    Args:
        model: Any model; wrapped ones (DDP) have longer names.
        part: ``'scene'``, ``'task'`` or None for both.

    Raises:
        ValueError: Unknown part.
    """
    if part is not None and part not in PARTS:
        raise ValueError(f'part={part!r}, allowed: {PARTS} or None')
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(getattr(module, ALPHAS, None), nn.Parameter)
        and part in (None, part_of(module))
    }


def part_of(module: nn.Module) -> str:
    """``'scene'`` for a scene module, ``'task'`` for everything else."""
    return getattr(module, 'searched_part', 'task')


def architecture_parameters(
    model: nn.Module, part: Optional[str] = None
) -> Dict[str, nn.Parameter]:
    """Alphas by name, such as ``'neck.alphas'``; see :func:`find_searchable`.

    The names are those of ``model.named_parameters()``.
    """
    return {
        _join(name, ALPHAS): module.alphas
        for name, module in find_searchable(model, part).items()
    }


def weight_parameters(
    model: nn.Module, part: Optional[str] = None
) -> Dict[str, nn.Parameter]:
    """All parameters by name that are not alphas: what training moves.

    Args:
        model: As in :func:`find_searchable`.
        part: ``'scene'``, those below scene modules (derived or not),
            ``'task'``, the others, or None for both.
    """
    alphas = architecture_parameters(model)
    scenes = tuple(
        _join(name, '')
        for name, module in model.named_modules()
        if part_of(module) == 'scene'
    )
    find_searchable(model, part)  # refuses an unknown part
    return {
        name: parameter
        for name, parameter in model.named_parameters()
        if name not in alphas
        and part
        in (None, 'scene' if scenes and name.startswith(scenes) else 'task')
    }


def _join(prefix: str, name: str) -> str:
    return f'{prefix}.{name}' if prefix else name


def derive_genotype(model: nn.Module) -> dict:
    """Genotype of each searched part, as a genotype file holds it.

    A part is called as in the paper and in such files: ``'head'`` for
    ``bbox_head`` and ``decode_head``, otherwise the last word of the module's
    name.

    Raises:
        ValueError: Nothing to search, two parts of one name, or alphas that
            are not finite.
    """
    genotype = {}
    for name, module in find_searchable(model).items():
        part = part_name(name)
        if part in genotype:
            raise ValueError(
                f'two searched modules are called {part!r}: '
                f'{list(find_searchable(model))}; allowed: one'
            )
        genotype[part] = module.derive()
    if not genotype:
        raise ValueError(
            f'{type(model).__name__} has nothing to search; allowed: parts '
            'that are built with genotype=None'
        )
    return genotype


def part_name(module_name: str) -> str:
    """``'head'`` of ``'bbox_head'``, ``'scene'`` of ``'a.scene'``."""
    last = module_name.split('.')[-1]
    return 'head' if last.endswith('_head') else last

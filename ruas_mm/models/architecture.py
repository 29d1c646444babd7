"""Architecture parameters (alphas) of a supernet, and where to find them.

Paper: Sec. 4, alpha = {alpha_s, alpha_t}. https://arxiv.org/abs/2112.04719

A :class:`SearchedPart` that is built with ``genotype=None`` is a supernet. Its
place in the model says whether it belongs to the scene or to the task.
"""

from operator import attrgetter
from typing import Callable, Dict, Iterable, List, Optional, Sequence

import torch
import torch.nn as nn
from torch import Tensor

from ruas_mm.models.cells import (
    LOW_LEVEL_OPERATIONS,
    DistillationCell,
    FoldedCell,
    MixedCell,
    new_alphas,
)
from ruas_mm.models.cells.distillation_cell import EDGES

PARTS = ('scene', 'task')
SCENE_PLACES = ('data_preprocessor.scene', 'scene')
"""Where the scene part of a model stands: in front, or in an enhancer."""


class SearchedPart:
    """What a module has beside its forward if it can be searched.

    By default its alphas are one parameter ``alphas``, a row for each searched
    place, or None in a derived network.

    Attributes:
        searched_operations: Abbreviations of Table 1, one for each column.
    """

    searched_operations: Sequence[str]
    alphas: Optional[nn.Parameter]

    def architecture(self) -> Dict[str, nn.Parameter]:
        """Alphas by their names in this module; of a derived network none.

        Whole rows, in the order of the searched places.
        """
        return {} if self.alphas is None else dict(alphas=self.alphas)

    def alpha_rows(self) -> Tensor:
        """All alphas, (places, operations).

        Raises:
            ValueError: A derived network.
        """
        rows = [
            alphas.reshape(-1, len(self.searched_operations))
            for alphas in self.architecture().values()
        ]
        if not rows:
            raise ValueError(
                f'{type(self).__name__} has no alphas: it was built with a '
                'genotype; allowed: a supernet (genotype=None)'
            )
        return torch.cat(rows)

    def first_twins(self) -> Tensor:
        """Of each operation the first one that is the same in its place.

        Returns:
            (places, operations), positions; here each operation's own.
        """
        places, operations = self.alpha_rows().shape
        return torch.arange(operations).expand(places, -1)

    def mixture(self) -> Tensor:
        """Shares of the operations, the softmax of each row of alphas.

        Of operations that are the same in a place the first stands for all
        with their mean share, as their number says nothing for them.

        Returns:
            (places, operations), float64; each row has the sum 1.
        """
        shares = self.alpha_rows().detach().double().softmax(1)
        twins = self.first_twins().to(shares.device)
        zeros = torch.zeros_like(shares)
        number = zeros.scatter_add(1, twins, torch.ones_like(shares))
        mean = zeros.scatter_add(1, twins, shares) / number.clamp_min(1)
        return mean / mean.sum(1, keepdim=True)

    def derive(self):
        """The operation with the largest share in each place.

        Of operations that are the same there, the smallest: the other taps
        of a larger one meet nothing, learn nothing, and would tell on a
        larger map what they started with.

        Returns:
            A genotype in the form that the class takes; here a list.

        Raises:
            ValueError: A derived network, or alphas that are not finite.
        """
        alphas = self.alpha_rows()
        if not torch.isfinite(alphas).all():
            raise ValueError(
                'alphas are not finite, so no operation is the best'
            )
        best = self.mixture().argmax(1).tolist()
        return [self.searched_operations[i] for i in best]


def cell_alphas(genotype: Optional[Sequence[str]]) -> Optional[nn.Parameter]:
    """Alphas of a distillation cell (7, 7); None if it has a genotype."""
    if genotype is not None:
        return None
    return new_alphas(len(EDGES), len(LOW_LEVEL_OPERATIONS))


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
) -> Dict[str, SearchedPart]:
    """Supernets in a model: name in ``model`` -> module.

    Args:
        model: Any model, without a distributed wrapper.
        part: ``'scene'``, ``'task'`` or None for both. Scene is all that
            stands at ``data_preprocessor.scene``, whatever its class; in a
            model without that, at ``scene``. Task is the rest.

    Raises:
        ValueError: Unknown part.
    """
    is_in_part = _place_test(model, part)
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, SearchedPart)
        and module.architecture()
        and is_in_part(name)
    }


def architecture_parameters(
    model: nn.Module, part: Optional[str] = None
) -> Dict[str, nn.Parameter]:
    """Alphas by name, such as ``'scene.alphas'``; see :func:`find_searchable`.

    The names are those of ``model.named_parameters()``.
    """
    return {
        f'{place}.{name}' if place else name: alphas
        for place, module in find_searchable(model, part).items()
        for name, alphas in module.architecture().items()
    }


def weight_parameters(
    model: nn.Module, part: Optional[str] = None
) -> Dict[str, nn.Parameter]:
    """All parameters by name that are not alphas: what training moves.

    See :func:`find_searchable`.
    """
    is_in_part = _place_test(model, part)
    alphas = architecture_parameters(model)
    return {
        name: parameter
        for name, parameter in model.named_parameters()
        if name not in alphas and is_in_part(name)
    }


def _place_test(
    model: nn.Module, part: Optional[str]
) -> Callable[[str], bool]:
    """Whether a module or parameter of a name is in a part of the model."""
    if part is not None and part not in PARTS:
        raise ValueError(f'part={part!r}, allowed: {PARTS} or None')
    scene = next((p for p in SCENE_PLACES if _is_module(model, p)), None)

    def is_in_part(name: str) -> bool:
        in_scene = scene is not None and f'{name}.'.startswith(f'{scene}.')
        return part in (None, 'scene' if in_scene else 'task')

    return is_in_part


def _is_module(model: nn.Module, place: str) -> bool:
    try:
        return isinstance(attrgetter(place)(model), nn.Module)
    except AttributeError:
        return False


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

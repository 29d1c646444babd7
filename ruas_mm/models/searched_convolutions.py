"""Searched convolutions in a host's neck or head.

Paper: Sec. 5.2: the high-level task keeps its topology, and single
convolutions of it are searched. https://arxiv.org/abs/2112.04719
"""

from typing import Dict, List, Optional, Sequence, Tuple, Union

import torch
import torch.nn as nn
from torch import Tensor

from ruas_mm.models.architecture import SearchedPart
from ruas_mm.models.cells import (
    HIGH_LEVEL_OPERATIONS,
    MixedTaskCell,
    check_genotype,
    task_cell,
)

Place = Tuple[nn.Module, str]
"""A module and the name of its child that is searched."""
Genotype = Union[Sequence[str], Dict[str, Sequence[str]]]


class SearchedConvolutions(SearchedPart):
    """Stands in front of a host's class, which says what is searched.

    A subclass defines :meth:`searched_places` and calls :meth:`put_cells` as
    soon as its layers are there; nothing else of the host changes.
    """

    searched_operations = HIGH_LEVEL_OPERATIONS

    def searched_places(self) -> Union[List[Place], Dict[str, List[Place]]]:
        """Where the searched convolutions are, in the genotype's form."""
        raise NotImplementedError

    def put_cells(self, genotype: Optional[Genotype]) -> None:
        """Put the searched operations in the place of the convolutions.

        Args:
            genotype: High-level operations of Table 1, one for each of the
                :meth:`searched_places`. None: the supernet.

        Raises:
            ValueError: A branch is missing or unknown, a wrong length, or an
                unknown operation.
        """
        branches = self._branches()
        for branch, operations in self._checked(genotype, branches).items():
            for (parent, child), operation in zip(
                branches[branch], operations
            ):
                cell = task_cell(operation, getattr(parent, child))
                setattr(parent, child, cell)

    def architecture(self) -> Dict[str, nn.Parameter]:
        """See :meth:`SearchedPart.architecture`; a row is its cell's own."""
        names = {module: name for name, module in self.named_modules()}
        return {
            f'{names[cell]}.alphas': cell.alphas
            for cell in self._mixed_cells()
        }

    def first_twins(self) -> Tensor:
        """See :meth:`SearchedPart.first_twins`; on the maps so far.

        At SSD's last levels, of a pixel or some, many operations are.
        """
        return torch.tensor([c.first_twins() for c in self._mixed_cells()])

    def derive(self) -> Genotype:
        """See :meth:`SearchedPart.derive`."""
        operations = iter(super().derive())
        genotype = {
            branch: [next(operations) for _ in places]
            for branch, places in self._branches().items()
        }
        return genotype.get(None, genotype)

    def _mixed_cells(self) -> List[MixedTaskCell]:
        cells = [
            getattr(parent, child)
            for places in self._branches().values()
            for parent, child in places
        ]
        return [cell for cell in cells if isinstance(cell, MixedTaskCell)]

    def _branches(self) -> Dict[Optional[str], List[Place]]:
        """Places by branch; without branches, all at None."""
        places = self.searched_places()
        return places if isinstance(places, dict) else {None: places}

    def _checked(
        self, genotype: Optional[Genotype], branches: dict
    ) -> Dict[Optional[str], Sequence[Optional[str]]]:
        if genotype is None:
            return {b: [None] * len(places) for b, places in branches.items()}
        name = f'genotype of {type(self).__name__}'
        if None in branches:
            genotype = {None: genotype}
        elif not isinstance(genotype, dict) or set(genotype) != set(branches):
            raise ValueError(
                f'{name}={genotype!r}, allowed: None, or a dictionary with '
                f'the keys {tuple(branches)}'
            )
        return {
            branch: check_genotype(
                genotype[branch],
                len(places),
                self.searched_operations,
                name if branch is None else f'{name}[{branch!r}]',
            )
            for branch, places in branches.items()
        }

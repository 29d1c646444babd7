"""Task-oriented cell C_t of the high-level tasks.

Paper: Sec. 4.1 and 5.2: the task keeps its usual topology, and single
convolutions of it are searched. https://arxiv.org/abs/2112.04719
"""

from typing import List, Optional

import torch
import torch.nn as nn
from torch import Tensor

from .mixed_operation import MixedOperation, new_alphas
from .operations import HIGH_LEVEL_OPERATIONS, OPERATIONS, first_twins


class MixedTaskCell(MixedOperation):
    """All high-level operations in the place of a host's convolution.

    The host calls it with the map alone, wherever and as often as it likes
    (activation checkpoints run it again in the backward pass), so its row of
    alphas is its own.

    Attributes:
        alphas: One number for each of ``operations``.
        map_size: Height and width of the largest map so far.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.alphas = new_alphas(len(self.operations))
        self.register_buffer('map_size', torch.zeros(2, dtype=torch.long))
        self._largest = (0, 0)  # the same, without asking a GPU

    def forward(self, x: Tensor) -> Tensor:  # (N, I, H, W)
        largest = tuple(map(max, self._largest, x.shape[2:]))
        if largest != self._largest:
            self._largest = largest
            size = self.map_size.new_tensor(largest)
            self.map_size.copy_(torch.maximum(self.map_size, size))
        return super().forward(x, self.alphas.softmax(0))

    def first_twins(self) -> List[int]:
        """Of each operation the first that does the same on the maps so far.

        See :func:`~ruas_mm.models.cells.operations.first_twins`.
        """
        if not self.map_size.all():
            return list(range(len(self.operations)))
        rows = [OPERATIONS[name] for name in self.operations]
        size, grid = tuple(self.map_size.tolist()), self.grids[0]
        return first_twins(rows, size, grid.stride, grid.padding)


def task_cell(operation: Optional[str], conv: nn.Conv2d) -> nn.Module:
    """Build the searched operation that takes the place of ``conv``.

    Args:
        operation: Abbreviation of Table 1, high-level (Sec. 4.1); None: all
            of them, mixed.
        conv: The host's convolution, 1x1 or 3x3, of any dilation. Its
            channels, stride and groups are kept, and the output keeps the
            size that ``conv`` gives; kernel and dilation are the operation's.

    Returns:
        The operation, with weights of its own; for that of ``conv`` itself
        (``'3-C'``, ``'1-C'``, ``'3-12-DC'``) a convolution with the
        parameters of ``conv``, by name and shape.

    Raises:
        ValueError: ``conv`` is of another size, or not the same along both
            axes.
    """
    padding = _padding_of_a_3x3(conv)
    if operation is None:
        return MixedTaskCell(
            HIGH_LEVEL_OPERATIONS,
            conv.in_channels,
            conv.out_channels,
            stride=conv.stride[0],
            padding=padding,
            groups=conv.groups,
            bias=conv.bias is not None,
        )
    cell = OPERATIONS[operation].build(
        conv.in_channels,
        conv.out_channels,
        stride=conv.stride[0],
        padding=padding,
        groups=conv.groups,
    )
    if conv.bias is None:
        cell.register_parameter('bias', None)
    return cell


def _padding_of_a_3x3(conv: nn.Conv2d) -> int:
    """Padding with which a plain 3x3 would give the size that conv gives."""
    alike = all(
        isinstance(pair, tuple) and pair[0] == pair[1]
        for pair in (
            conv.kernel_size,
            conv.dilation,
            conv.stride,
            conv.padding,
        )
    )
    if (
        not alike
        or conv.kernel_size[0] not in (1, 3)
        or conv.padding_mode != 'zeros'
    ):
        raise ValueError(
            'a task cell takes the place of a 1x1 or 3x3 convolution that is '
            f'alike along both axes and padded with zeros, got {conv}'
        )
    extent = conv.dilation[0] * (conv.kernel_size[0] - 1) + 1
    return conv.padding[0] - (extent - 3) // 2

"""The relaxed choice between operations, mixed in kernel space.

Paper: Sec. 4.2, the continuous relaxation of differentiable search.
https://arxiv.org/abs/2112.04719

Differs from the paper: nothing in what is computed. Every operation of Table 1
is linear, so the weighted sum of their results is what a convolution with the
weighted sum of their kernels gives; search mixes kernels, not feature maps.
"""

from typing import Iterator, List, NamedTuple, Optional, Sequence, Tuple

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from ruas_mm.models.cpu_layout import convolve, to_fast_layout

from .operations import OPERATIONS, Operation, check_genotype, unused_taps

INITIAL_SPREAD = 1e-3  # of alphas: as in DARTS
DENSE_CHANNELS, DENSE_TAPS = 4, 25


def new_alphas(*shape: int) -> nn.Parameter:
    """Nearly equal alphas; the last axis counts operations."""
    return nn.Parameter(INITIAL_SPREAD * torch.randn(shape))


class Mixed(NamedTuple):
    """What is left of a mixed operation once its mixture is known.

    Attributes:
        kernels: One for each grid, (O, I / groups, height, width).
        bias: (O,), or None.
    """

    kernels: Sequence[Tensor]
    bias: Optional[Tensor]


class MixedOperation(nn.Module):
    """Sum of candidate operations, weighted by a mixture.

    As many convolutions as there are *grids* of taps. The rule: a candidate
    joins a grid that has all its taps anyway, else its own taps are the next
    grid, the largest kernels first. So a convolution never has a tap that no
    candidate has: the seven low-level candidates are a 3x3 and a dilated 3x3
    (18 taps), the ten high-level ones a 7x7, a dilated 7x7, which also has
    the taps of ``'3-6-DC'``, and the two widest 3x3 (116 taps instead of
    194). The exception: with at most four input channels, as in the scene
    module, moving the maps costs more than the arithmetic, and one 5x5 has
    all low-level candidates (25 taps, 1 to 5 times faster).

    Args:
        operations: Abbreviations of Table 1.
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        stride: Stride of every candidate.
        padding: See :meth:`Operation.build`.
        groups: Groups of every candidate.
        bias: Whether the candidates have biases.

    Attributes:
        candidates: The plain operations, whose parameters are mixed.

    Raises:
        ValueError: No or unknown operations, or one that cannot stand here.
    """

    def __init__(
        self,
        operations: Sequence[str],
        in_channels: int,
        out_channels: int,
        stride: int = 1,
        padding: int = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.operations = check_genotype(
            operations,
            max(len(operations), 1),
            tuple(OPERATIONS),
            'operations of MixedOperation',
        )
        rows = [OPERATIONS[name] for name in self.operations]
        self.candidates = nn.ModuleList(
            row.build(in_channels, out_channels, stride, padding, groups)
            for row in rows
        )
        if not bias:
            for candidate in self._convolutions():
                candidate.register_parameter('bias', None)
        self.groups = groups
        self.grids = _make_grids(rows, stride, padding, in_channels)
        self.passing = [
            i for i, row in enumerate(rows) if row.residual or row.is_skip
        ]
        identity = None
        if in_channels == out_channels:
            width = in_channels // groups
            identity = torch.eye(width).repeat(groups, 1)[..., None, None]
        self.register_buffer('identity', identity, persistent=False)

    def forward(self, x: Tensor, mixture: Tensor) -> Tensor:
        """Mix the kernels, then convolve.

        Args:
            x: (N, I, H, W).
            mixture: Weight of each candidate (softmaxed alphas), one number
                each.

        Raises:
            ValueError: ``mixture`` has another length.
        """
        (mixed,) = mix_kernels([self], mixture[None], x.shape[2:])
        return self.convolve(x, mixed)

    def convolve(self, x: Tensor, mixed: Mixed) -> Tensor:
        """Convolve with what :func:`mix_kernels` gave."""
        x = to_fast_layout(x)
        y = None
        for grid, kernel in zip(self.grids, mixed.kernels):
            if y is None:
                y = grid.convolve(x, kernel, mixed.bias, self.groups)
            else:
                y = y.add_(grid.convolve(x, kernel, None, self.groups))
        return y

    def _convolutions(self) -> List[nn.Conv2d]:
        return [c for c in self.candidates if isinstance(c, nn.Conv2d)]


def mix_kernels(
    operations: Sequence[MixedOperation],
    mixtures: Tensor,
    size: Optional[Tuple[int, int]] = None,
    residuals: Optional[Sequence[int]] = None,
) -> List[Mixed]:
    """Kernels and biases of several alike operations, all at once.

    On small maps a cell of 42 kernels would otherwise spend a third of its
    time here.

    Args:
        operations: Built with the same arguments.
        mixtures: One row for each operation, one column for each candidate.
        size: Height and width of the map, where taps that can only ever
            meet its padding shall be left out.
        residuals: How many times each operation's input is to be added.

    Raises:
        ValueError: ``mixtures`` has another shape.
    """
    first = operations[0]
    if mixtures.shape != (len(operations), len(first.candidates)):
        raise ValueError(
            f'mixture has shape {tuple(mixtures.shape[1:])}, allowed: one '
            f'number for each of {list(first.operations)}'
        )
    shares = mixtures.unbind(1)
    passing = sum((shares[i] for i in first.passing), mixtures.new_zeros(()))
    if residuals is not None:
        passing = passing + passing.new_tensor(residuals)
    kernels = []
    for grid in first.grids:
        kernel = None
        if not kernels and (first.passing or residuals):
            kernel = passing.reshape(-1, 1, 1, 1, 1) * first.identity
        reach = grid.reach(size)
        for ratio, members in grid.alike_members():
            weight = _mix(operations, shares, members, 'weight')
            kernel = _add(kernel, _spread(weight, ratio, reach))
        kernels.append(kernel.unbind())
    biased = [
        i
        for i, candidate in enumerate(first.candidates)
        if getattr(candidate, 'bias', None) is not None
    ]
    biases = [None] * len(operations)
    if biased:
        biases = _mix(operations, shares, biased, 'bias').unbind()
    return [Mixed(k, b) for k, b in zip(zip(*kernels), biases)]


def _mix(
    operations: Sequence[MixedOperation],
    shares: Sequence[Tensor],
    members: Sequence[int],
    name: str,
) -> Tensor:
    """Weighted sum over members of one parameter, for each operation."""
    parameters = [
        getattr(operation.candidates[i], name)
        for operation in operations
        for i in members
    ]
    shape = parameters[0].shape
    if len(parameters) == 1:
        return shares[members[0]] * parameters[0][None]
    stacked = torch.stack(parameters).view(len(operations), len(members), -1)
    weights = torch.stack([shares[i] for i in members], 1)
    mixed = (weights[..., None] * stacked).sum(1)
    return mixed.view(len(operations), *shape)


class _Grid:
    """Taps that candidates share: those of the largest of them.

    Args:
        row: The largest candidate.
        stride: Stride of the convolution.
        padding: Of a 3x3 in its place.
    """

    def __init__(self, row: Operation, stride: int, padding: int) -> None:
        self.radius = row.kernel_size // 2
        self.step = row.dilation
        self.stride = stride
        self.padding = padding
        self.members = {}

    def has_taps_of(self, row: Operation) -> bool:
        radius = row.kernel_size // 2
        return radius == 0 or (
            row.dilation % self.step == 0
            and row.dilation * radius <= self.step * self.radius
        )

    def add(self, index: int, row: Operation) -> None:
        ratio = row.dilation // self.step if row.kernel_size > 1 else 1
        self.members.setdefault((row.kernel_size, ratio), []).append(index)

    def alike_members(self) -> Iterator[Tuple[int, List[int]]]:
        """Ratio and candidates with kernels of one size, small ones first."""
        for (_, ratio), indices in sorted(self.members.items()):
            yield ratio, indices

    def reach(self, size: Optional[Tuple[int, int]]) -> Tuple[int, int]:
        """Radius of the taps that can meet a map, along both axes."""
        if size is None:
            return self.radius, self.radius
        taps = 2 * self.radius + 1
        margin = max(self._margin(taps), 0)
        return tuple(
            self.radius
            - unused_taps(side, taps, self.step, margin, self.stride)
            for side in size
        )

    def convolve(
        self, x: Tensor, kernel: Tensor, bias: Optional[Tensor], groups: int
    ) -> Tensor:
        margins = [self._margin(taps) for taps in kernel.shape[2:]]
        for axis, margin in enumerate(margins, start=2):
            if margin < 0:  # a 1x1 in the place of an unpadded 3x3
                x = x.narrow(axis, -margin, x.shape[axis] + 2 * margin)
        padding = tuple(max(margin, 0) for margin in margins)
        stride, step = (self.stride,) * 2, (self.step,) * 2
        return convolve(x, kernel, bias, stride, padding, step, groups)

    def _margin(self, taps: int) -> int:
        return self.step * (taps // 2) - 1 + self.padding


def _make_grids(
    rows: Sequence[Operation], stride: int, padding: int, in_channels: int
) -> List[_Grid]:
    grids = []
    by_size = sorted(enumerate(rows), key=lambda r: -r[1].kernel_size)
    extent = max(row.extent for row in rows)
    if in_channels <= DENSE_CHANNELS and extent**2 <= DENSE_TAPS:
        grids.append(_Grid(Operation(extent), stride, padding))
    for index, row in by_size:
        grid = next((g for g in grids if g.has_taps_of(row)), None)
        if grid is None:
            grid = _Grid(row, stride, padding)
            grids.append(grid)
        if not row.is_skip:
            grid.add(index, row)
    return grids


def _spread(weight: Tensor, ratio: int, reach: Tuple[int, int]) -> Tensor:
    """Taps within ``reach`` of the centre, ``ratio`` apart."""
    for axis, limit in zip((-2, -1), reach):
        radius = weight.shape[axis] // 2
        kept = min(limit // ratio, radius)
        if kept < radius:
            weight = weight.narrow(axis, radius - kept, 2 * kept + 1)
    if ratio == 1:
        return weight
    sides = [ratio * (taps - 1) + 1 for taps in weight.shape[-2:]]
    spread = weight.new_zeros(*weight.shape[:-2], *sides)
    spread[..., ::ratio, ::ratio] = weight
    return spread


def _add(kernel: Optional[Tensor], other: Tensor) -> Tensor:
    """Sum of two centred kernels of any odd sides."""
    if kernel is None:
        return other
    height, width = (max(s) for s in zip(kernel.shape[-2:], other.shape[-2:]))
    return _widen(kernel, height, width) + _widen(other, height, width)


def _widen(kernel: Tensor, height: int, width: int) -> Tensor:
    rows = (height - kernel.shape[-2]) // 2
    columns = (width - kernel.shape[-1]) // 2
    if rows or columns:
        return F.pad(kernel, (columns, columns, rows, rows))
    return kernel

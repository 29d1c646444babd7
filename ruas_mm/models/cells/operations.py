"""Candidate operations of the search space.

Paper: Learning with Nested Scene Modeling and Cooperative Architecture Search
for Low-Light Vision, Table 1 and Sec. 4.1. https://arxiv.org/abs/2112.04719

Differs from the paper: nothing. Every operation is linear, so each one is a
convolution with a kernel of its own size, dilation and identity part.
"""

from dataclasses import dataclass
from typing import FrozenSet, List, Optional, Sequence, Tuple

import torch.nn as nn
from torch import Tensor

from ruas_mm.models.cpu_layout import convolve


@dataclass(frozen=True)
class Operation:
    """One row of Table 1.

    Args:
        kernel_size: Side of the kernel; 0 is the skip connection.
        dilation: Distance between two taps of the kernel.
        residual: Whether the input is added to the result.
    """

    kernel_size: int
    dilation: int = 1
    residual: bool = False

    @property
    def extent(self) -> int:
        """Side of the region that one output pixel sees."""
        return self.dilation * (self.kernel_size - 1) + 1

    @property
    def is_skip(self) -> bool:
        return self.kernel_size == 0

    def build(
        self,
        in_channels: int,
        out_channels: int,
        stride: int = 1,
        padding: int = 1,
        groups: int = 1,
    ) -> nn.Module:
        """Build the operation so that it can stand where a 3x3 stands.

        Args:
            in_channels: Channels of the input.
            out_channels: Channels of the output.
            stride: Stride of the convolution.
            padding: Padding that a **3x3** convolution would have in this
                place (1: 'same'). Larger or smaller kernels are padded so
                that the output has the size which the 3x3 would give.
            groups: Groups of the convolution.

        Raises:
            ValueError: A skip or residual operation where the input and the
                output differ in shape.
        """
        keeps_shape = (in_channels, stride, padding) == (out_channels, 1, 1)
        if (self.is_skip or self.residual) and not keeps_shape:
            raise ValueError(
                'skip and residual operations keep the shape, but '
                f'in_channels={in_channels}, out_channels={out_channels}, '
                f'stride={stride}, padding={padding} do not; allowed: equal '
                'channels, stride 1, padding 1'
            )
        if self.is_skip:
            return nn.Identity()
        return OperationConv2d(
            in_channels,
            out_channels,
            self.kernel_size,
            stride=stride,
            margin=(self.extent - 3) // 2 + padding,
            dilation=self.dilation,
            groups=groups,
            residual=self.residual,
        )


class OperationConv2d(nn.Conv2d):
    """Convolution with an optional identity part.

    Its parameters are named like those of :class:`torch.nn.Conv2d`, so that a
    3x3 of a host's checkpoint loads into the operation ``'3-C'``.

    Args:
        margin: Zero padding; negative values crop (a 1x1 in the place of an
            unpadded 3x3).
        residual: Whether the input is added to the result.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        stride: int,
        margin: int,
        dilation: int,
        groups: int,
        residual: bool,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            padding=max(margin, 0),
            dilation=dilation,
            groups=groups,
        )
        self.crop = max(-margin, 0)
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        if self.crop:
            x = x[..., self.crop : -self.crop, self.crop : -self.crop]
        y = self._conv_forward(x, self.weight, self.bias)
        return y + x if self.residual else y

    def _conv_forward(
        self, x: Tensor, weight: Tensor, bias: Optional[Tensor]
    ) -> Tensor:
        """Convolve with those taps alone that can meet the map.

        On the last, tiny maps of SSD most taps of a large kernel only ever
        see padding. Leaving them out changes nothing and saves their cost;
        it also goes round a fault of oneDNN, whose bfloat16 weight gradient
        of a 7x7 on a 1x1 map is unset memory (torch 2.1 and 2.9).
        """
        padding = list(self.padding)
        for axis, size in enumerate(x.shape[2:]):
            unused = self._unused_taps(axis, size)
            if unused:
                used = weight.shape[2 + axis] - 2 * unused
                weight = weight.narrow(2 + axis, unused, used)
                padding[axis] -= unused * self.dilation[axis]
        return convolve(
            x,
            weight,
            bias,
            self.stride,
            tuple(padding),
            self.dilation,
            self.groups,
        )

    def _unused_taps(self, axis: int, size: int) -> int:
        """How many taps at each end of the kernel only see padding."""
        return unused_taps(
            size,
            self.kernel_size[axis],
            self.dilation[axis],
            self.padding[axis],
            self.stride[axis],
        )


def unused_taps(
    size: int, taps: int, step: int, padding: int, stride: int
) -> int:
    """How many taps at each end of a kernel only see padding.

    Args:
        size: Height or width of the map.
        taps: Side of the kernel.
        step: Its dilation.
        padding: Zero padding on either side.
        stride: Stride of the convolution.
    """
    extent = step * (taps - 1) + 1
    if extent == 3:
        return 0  # stays the host's convolution, bit for bit
    last = (size + 2 * padding - extent) // stride * stride
    unused = 0
    # the first tap left of the map even at the last position, and the
    # last one right of it even at the first
    while (
        unused < taps // 2
        and padding >= (unused + 1) * step
        and last - padding + unused * step < 0
        and (taps - 1 - unused) * step - padding >= size
    ):
        unused += 1
    return unused


def first_twins(
    operations: Sequence[Operation],
    size: Tuple[int, int],
    stride: int = 1,
    padding: int = 1,
) -> List[int]:
    """Of each operation the first one that can do the same on small maps.

    Where only the middle tap of a dilated 3x3 ever meets the map, it is a
    1x1; on a map of one pixel all convolutions are.

    Args:
        operations: Rows of Table 1.
        size: Height and width of the map.
        stride: Stride of each operation.
        padding: See :meth:`Operation.build`.

    Returns:
        For each operation the position of its first twin, or its own.
    """
    meets = [
        (
            row.is_skip,
            row.residual,
            *(_met_taps(row, side, stride, padding) for side in size),
        )
        for row in operations
    ]
    return [meets.index(each) for each in meets]


def _met_taps(
    row: Operation, size: int, stride: int, padding: int
) -> FrozenSet[int]:
    """Distances from the centre at which taps meet the map, on one axis."""
    centres = range(1 - padding, size + padding - 1, stride)
    radius = row.kernel_size // 2
    return frozenset(
        tap * row.dilation
        for tap in range(-radius, radius + 1)
        if any(0 <= c + tap * row.dilation < size for c in centres)
    )


OPERATIONS = {
    '1-C': Operation(1),
    '3-C': Operation(3),
    '5-C': Operation(5),
    '7-C': Operation(7),
    '1-RC': Operation(1, residual=True),
    '3-RC': Operation(3, residual=True),
    '3-2-DC': Operation(3, dilation=2),
    '3-6-DC': Operation(3, dilation=6),
    '3-12-DC': Operation(3, dilation=12),
    '3-18-DC': Operation(3, dilation=18),
    '5-2-DC': Operation(5, dilation=2),
    '7-2-DC': Operation(7, dilation=2),
    '3-2-RDC': Operation(3, dilation=2, residual=True),
    'SC': Operation(0),
}
"""Table 1: abbreviation -> operation."""

LOW_LEVEL_OPERATIONS = (
    '1-C',
    '3-C',
    '1-RC',
    '3-RC',
    '3-2-DC',
    '3-2-RDC',
    'SC',
)
"""Sec. 4.1: scene module and low-level task module."""

HIGH_LEVEL_OPERATIONS = (
    '1-C',
    '3-C',
    '5-C',
    '7-C',
    '3-2-DC',
    '5-2-DC',
    '7-2-DC',
    '3-6-DC',
    '3-12-DC',
    '3-18-DC',
)
"""Sec. 4.1: high-level task module (no residual, no skip)."""


def check_genotype(
    genotype: Sequence[str], length: int, allowed: Sequence[str], name: str
) -> tuple:
    """Check that a genotype fits the place it is meant for.

    Args:
        genotype: Abbreviations of Table 1.
        length: How many operations the place has.
        allowed: The abbreviations that the place takes.
        name: What the place is called in the message.

    Returns:
        The genotype as a tuple.

    Raises:
        ValueError: Not a sequence of strings, wrong length, or an operation
            that is unknown or not allowed here.
    """
    if isinstance(genotype, (str, dict)) or not isinstance(genotype, Sequence):
        raise ValueError(
            f'{name}={genotype!r}: allowed is a list of {length} '
            f'operations out of {list(allowed)}'
        )
    if len(genotype) != length:
        raise ValueError(
            f'{name} has {len(genotype)} operations '
            f'{list(genotype)}, allowed: exactly {length}'
        )
    for position, operation in enumerate(genotype):
        if operation not in allowed:
            raise ValueError(
                f'{name}[{position}]={operation!r}, allowed: {list(allowed)}'
            )
    return tuple(genotype)

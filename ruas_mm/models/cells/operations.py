"""Candidate operations of the search space.

Paper: Learning with Nested Scene Modeling and Cooperative Architecture Search
for Low-Light Vision, Table 1 and Sec. 4.1. https://arxiv.org/abs/2112.04719

Differs from the paper: nothing. Every operation is linear, so each one is a
convolution with a kernel of its own size, dilation and identity part.
"""

from dataclasses import dataclass
from typing import Sequence

import torch.nn as nn
from torch import Tensor


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
        y = super().forward(x)
        return y + x if self.residual else y


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

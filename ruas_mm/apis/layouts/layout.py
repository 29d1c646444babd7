"""How a released checkpoint names its tensors, and how they are named here."""

from typing import Dict, Sequence, Tuple, Union

from torch import Tensor

from ruas_mm.models.cells import OPERATIONS
from ruas_mm.models.cells.distillation_cell import EDGES

Rows = Tuple[int, ...]
Target = Union[str, Tuple[Tuple[str, Rows], ...]]
"""Our key, or several, each with the rows that it takes, in its order."""
Layout = Dict[str, Tuple[Target, tuple]]
"""Released key -> (our key or keys, shape)."""


def conv(
    source: str, target: str, channels: Tuple[int, int], kernel_size: int
) -> Layout:
    """Weight and bias of a convolution.

    Args:
        source: Released name.
        target: Ours.
        channels: Of the input and the output.
        kernel_size: Side of the kernel.
    """
    shape = (channels[1], channels[0], kernel_size, kernel_size)
    return {
        f'{source}.weight': (f'{target}.weight', shape),
        f'{source}.bias': (f'{target}.bias', (channels[1],)),
    }


def conv_rows(
    source: str,
    targets: Sequence[Tuple[str, Rows]],
    channels: Tuple[int, int],
    kernel_size: int,
) -> Layout:
    """A convolution whose outputs become several, or change their order.

    Args:
        source: Released name.
        targets: Our names, each with its output channels of the released one.
        channels: Of the released input and output.
        kernel_size: Side of the kernel.
    """
    whole = conv(source, source, channels, kernel_size)
    return {
        key: (
            tuple(
                (key.replace(source, target, 1), rows)
                for target, rows in targets
            ),
            shape,
        )
        for key, (_, shape) in whole.items()
    }


def cell(
    source: str, target: str, genotype: Sequence[str], channels: int
) -> Layout:
    """A distillation cell."""
    layout = {}
    for index, (edge, name) in enumerate(zip(EDGES, genotype)):
        if not OPERATIONS[name].is_skip:
            layout.update(
                conv(
                    f'{source}.{edge}.op',
                    f'{target}.edges.{index}',
                    (channels, channels),
                    OPERATIONS[name].kernel_size,
                )
            )
    layout.update(
        conv(f'{source}.c5', f'{target}.fuse', (4 * channels, channels), 1)
    )
    return layout


def renamed(state: Dict[str, Tensor], layout: Layout) -> Dict[str, Tensor]:
    """Tensors of a released checkpoint under our names, copied."""
    result = {}
    for key, (target, _) in layout.items():
        if isinstance(target, str):
            result[target] = state[key].clone()
        else:
            for name, rows in target:
                result[name] = state[key][list(rows)].clone()
    return result

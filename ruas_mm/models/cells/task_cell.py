"""Task-oriented cell C_t of the high-level tasks.

Paper: Sec. 4.1 and 5.2: the task keeps its usual topology, and single
convolutions of it are searched. https://arxiv.org/abs/2112.04719
"""

import torch.nn as nn

from .operations import OPERATIONS


def task_cell(operation: str, conv: nn.Conv2d) -> nn.Module:
    """Build the searched operation that takes the place of ``conv``.

    Args:
        operation: Abbreviation of Table 1, high-level (Sec. 4.1).
        conv: The host's 3x3 convolution. Its channels, stride and groups are
            kept, and the output keeps the size that ``conv`` gives.

    Returns:
        The operation; for ``'3-C'`` a convolution with the parameters and the
        output of ``conv``.

    Raises:
        ValueError: ``conv`` is not 3x3.
    """
    if conv.kernel_size != (3, 3) or conv.dilation != (1, 1):
        raise ValueError(
            'a task cell takes the place of a plain 3x3 '
            f'convolution, got {conv}'
        )
    cell = OPERATIONS[operation].build(
        conv.in_channels,
        conv.out_channels,
        stride=conv.stride[0],
        padding=conv.padding[0],
        groups=conv.groups,
    )
    if conv.bias is None:
        cell.register_parameter('bias', None)
    return cell

"""SSD head with searched convolutions.

Paper: Sec. 5.2 and 7.1 (the head of SSD is searched).
https://arxiv.org/abs/2112.04719
"""

from typing import Dict, List, Optional, Tuple

import torch.nn as nn
from mmdet.models.dense_heads import SSDHead
from torch import Tensor

from ruas_mm.models.architecture import derive_operations, new_alphas
from ruas_mm.models.cells import (
    HIGH_LEVEL_OPERATIONS,
    check_genotype,
    mixed_by,
    mixed_cells,
    task_cell,
)
from ruas_mm.registry import MODELS

BRANCHES = ('reg', 'cls')


@MODELS.register_module()
class SearchableSSDHead(SSDHead):
    """mmdet's ``SSDHead`` whose branches are searched operations.

    With ``dict(reg=['3-C'] * 6, cls=['3-C'] * 6)`` it is mmdet's head,
    parameter for parameter. In the depthwise (SSDLite) form the depthwise
    convolution is the searched one.

    Args:
        genotype: ``reg`` and ``cls``, each with one high-level operation of
            Table 1 for each level. None: the supernet, with all of them at
            once and ``alphas``, one row for each level, those of ``reg``
            first.
        **kwargs: Of ``mmdet.models.dense_heads.SSDHead``.

    Raises:
        ValueError: A branch is missing or unknown, a wrong length, or an
            unknown operation.
    """

    # mmdet 3.3.0 reads it in predict, but its SSDHead has none
    # (mmdetection issue 11780)
    loss_cls = None
    searched_operations = HIGH_LEVEL_OPERATIONS

    def __init__(self, *, genotype: Optional[dict], **kwargs) -> None:
        if genotype is not None and (
            not isinstance(genotype, dict) or set(genotype) != set(BRANCHES)
        ):
            raise ValueError(
                f'genotype of SearchableSSDHead={genotype!r}, '
                'allowed: None, or a dictionary with the keys '
                f'{BRANCHES}'
            )
        self.genotype: Optional[dict] = genotype
        super().__init__(**kwargs)

    def _init_layers(self) -> None:
        super()._init_layers()
        self.alphas = None
        if self.genotype is None:
            places = len(self.reg_convs) + len(self.cls_convs)
            self.alphas = new_alphas(places, HIGH_LEVEL_OPERATIONS)
        for name, levels in zip(BRANCHES, (self.reg_convs, self.cls_convs)):
            operations = [None] * len(levels)
            if self.genotype is not None:
                operations = check_genotype(
                    self.genotype[name],
                    len(levels),
                    HIGH_LEVEL_OPERATIONS,
                    f'genotype[{name!r}] of SearchableSSDHead',
                )
            for level, operation in zip(levels, operations):
                self._search(level, operation)

    def _search(self, level: nn.Sequential, operation: Optional[str]) -> None:
        if self.use_depthwise:
            level[-2].conv = task_cell(operation, level[-2].conv)
        else:
            level[-1] = task_cell(operation, level[-1])

    def derive(self) -> Dict[str, List[str]]:
        """The genotype that a supernet's alphas prefer."""
        operations = derive_operations(self.alphas, self.searched_operations)
        levels = len(self.reg_convs)
        return dict(reg=operations[:levels], cls=operations[levels:])

    def forward(self, x: Tuple[Tensor]) -> Tuple[List[Tensor], List[Tensor]]:
        """See :class:`SSDHead`."""
        cells = [*mixed_cells(self.reg_convs), *mixed_cells(self.cls_convs)]
        with mixed_by(self.alphas, cells):
            return super().forward(x)

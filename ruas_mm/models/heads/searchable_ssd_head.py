"""SSD head with searched convolutions.

Paper: Sec. 5.2 and 7.1 (the head of SSD is searched).
https://arxiv.org/abs/2112.04719
"""

import torch.nn as nn
from mmdet.models.dense_heads import SSDHead

from ruas_mm.models.cells import (
    HIGH_LEVEL_OPERATIONS,
    check_genotype,
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
            Table 1 for each level.
        **kwargs: Of ``mmdet.models.dense_heads.SSDHead``.

    Raises:
        ValueError: A branch is missing or unknown, a wrong length, or an
            unknown operation.
    """

    # mmdet 3.3.0 reads it in predict, but its SSDHead has none
    # (mmdetection issue 11780)
    loss_cls = None

    def __init__(self, *, genotype: dict, **kwargs) -> None:
        if not isinstance(genotype, dict) or set(genotype) != set(BRANCHES):
            raise ValueError(
                f'genotype of SearchableSSDHead={genotype!r}, '
                'allowed: a dictionary with the keys '
                f'{BRANCHES}'
            )
        self.genotype: dict = genotype
        super().__init__(**kwargs)

    def _init_layers(self) -> None:
        super()._init_layers()
        for name, levels in zip(BRANCHES, (self.reg_convs, self.cls_convs)):
            operations = check_genotype(
                self.genotype[name],
                len(levels),
                HIGH_LEVEL_OPERATIONS,
                f'genotype[{name!r}] of SearchableSSDHead',
            )
            for level, operation in zip(levels, operations):
                self._search(level, operation)

    def _search(self, level: nn.Sequential, operation: str) -> None:
        if self.use_depthwise:
            level[-2].conv = task_cell(operation, level[-2].conv)
        else:
            level[-1] = task_cell(operation, level[-1])

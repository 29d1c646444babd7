"""SSD with searched convolutions in neck and head.

Paper: Sec. 5.2 and 7.1. https://arxiv.org/abs/2112.04719
"""

from typing import Dict, List, Optional, Sequence, Tuple

import torch.nn as nn
from mmcv.cnn import DepthwiseSeparableConvModule
from mmdet.models.dense_heads import SSDHead
from mmdet.models.necks.ssd_neck import L2Norm, SSDNeck
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
class SearchableSSDNeck(SSDNeck):
    """mmdet's ``SSDNeck`` whose extra layers end in searched operations.

    With the genotype ``('3-C', ) * 4`` it is mmdet's neck, parameter for
    parameter. In the depthwise (SSDLite) form the depthwise convolution is
    the searched one.

    Args:
        genotype: One high-level operation of Table 1 for each extra layer.
            None: the supernet, with all of them at once and ``alphas``, one
            row for each extra layer.
        **kwargs: Of ``mmdet.models.necks.SSDNeck``. ``last_kernel_size`` must
            stay 3: the genotype sets the kernels.

    Raises:
        ValueError: Wrong length or unknown operation.
    """

    searched_operations = HIGH_LEVEL_OPERATIONS

    def __init__(self, *, genotype: Optional[Sequence[str]], **kwargs) -> None:
        super().__init__(**kwargs)
        places = len(self.extra_layers)
        self.genotype = self.alphas = None
        if genotype is None:
            self.alphas = new_alphas(places, HIGH_LEVEL_OPERATIONS)
        else:
            self.genotype = check_genotype(
                genotype,
                places,
                HIGH_LEVEL_OPERATIONS,
                'genotype of SearchableSSDNeck',
            )
        operations = self.genotype or [None] * places
        for layer, operation in zip(self.extra_layers, operations):
            module = layer[-1]
            if isinstance(module, DepthwiseSeparableConvModule):
                module = module.depthwise_conv
            module.conv = task_cell(operation, module.conv)
        if hasattr(self, 'l2_norm'):
            stable = StableL2Norm(self.l2_norm.n_dims, self.l2_norm.scale)
            stable.load_state_dict(self.l2_norm.state_dict())
            self.l2_norm = stable

    def derive(self) -> List[str]:
        """The genotype that a supernet's alphas prefer."""
        return derive_operations(self.alphas, self.searched_operations)

    def forward(self, inputs: Tuple[Tensor]) -> Tuple[Tensor]:
        """See :class:`SSDNeck`."""
        with mixed_by(self.alphas, mixed_cells(self.extra_layers)):
            return super().forward(inputs)


class StableL2Norm(L2Norm):
    """mmdet's ``L2Norm`` with a finite gradient where features vanish.

    Black pictures and untrained backbones give pixels whose features are all
    (nearly) zero; there the square root has an infinite slope, and one such
    pixel turns the whole gradient to inf or NaN. Same output wherever the
    norm is above .001 (VGG's features have norms of some hundreds).
    """

    SMALLEST = 1e-6  # squared norm

    def forward(self, x: Tensor) -> Tensor:  # (N, C, H, W)
        features = x.float()
        squared = features.pow(2).sum(1, keepdim=True)
        norm = squared.clamp_min(self.SMALLEST).sqrt() + self.eps
        weight = self.weight.float()[None, :, None, None]
        return (weight * features / norm).type_as(x)


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

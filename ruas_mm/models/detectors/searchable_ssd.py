"""SSD with searched convolutions in neck and head.

Paper: Sec. 5.2 and 7.1. https://arxiv.org/abs/2112.04719
"""

from typing import Dict, List, Optional, Sequence

import torch
import torch.nn as nn
from mmcv.cnn import DepthwiseSeparableConvModule
from mmdet.models.dense_heads import SSDHead
from mmdet.models.necks.ssd_neck import L2Norm, SSDNeck
from torch import Tensor

from ruas_mm.models.searched_convolutions import Place, SearchedConvolutions
from ruas_mm.registry import MODELS


@MODELS.register_module()
class SearchableSSDNeck(SearchedConvolutions, SSDNeck):
    """mmdet's ``SSDNeck`` whose extra layers end in searched operations.

    With the genotype ``('3-C', ) * 4`` it is mmdet's neck, parameter for
    parameter. In the depthwise (SSDLite) form the depthwise convolution is
    the searched one.

    Args:
        genotype: One high-level operation of Table 1 for each extra layer.
            None: the supernet, with all of them at once.
        **kwargs: Of ``mmdet.models.necks.SSDNeck``. ``last_kernel_size`` must
            stay 3: the genotype sets the kernels.

    Raises:
        ValueError: Wrong length or unknown operation.
    """

    def __init__(self, *, genotype: Optional[Sequence[str]], **kwargs) -> None:
        super().__init__(**kwargs)
        self.put_cells(genotype)
        if hasattr(self, 'l2_norm'):
            self.l2_norm = StableL2Norm(
                self.l2_norm.n_dims, self.l2_norm.scale
            )

    def searched_places(self) -> List[Place]:
        """The last convolution with a 3x3 kernel of each extra layer."""
        last = [layer[-1] for layer in self.extra_layers]
        return [
            (
                module.depthwise_conv
                if isinstance(module, DepthwiseSeparableConvModule)
                else module,
                'conv',
            )
            for module in last
        ]


class StableL2Norm(L2Norm):
    """mmdet's ``L2Norm`` with a finite gradient where features vanish.

    Black pictures and untrained backbones give pixels whose features are all
    (nearly) zero; there the square root has an infinite slope, and one such
    pixel turns the whole gradient to inf or NaN. Same output wherever the
    norm is above .001 (VGG's features have norms of some hundreds).

    Its weight starts at ``scale``; mmdet's is unset before ``init_weights``.
    """

    SMALLEST = 1e-6  # squared norm

    def __init__(self, n_dims: int, scale: float = 20.0) -> None:
        super().__init__(n_dims, scale)
        self.weight = nn.Parameter(torch.full((n_dims,), float(scale)))

    def forward(self, x: Tensor) -> Tensor:  # (N, C, H, W)
        features = x.float()
        squared = features.pow(2).sum(1, keepdim=True)
        norm = squared.clamp_min(self.SMALLEST).sqrt() + self.eps
        weight = self.weight.float()[None, :, None, None]
        return (weight * features / norm).type_as(x)


@MODELS.register_module()
class SearchableSSDHead(SearchedConvolutions, SSDHead):
    """mmdet's ``SSDHead`` whose branches are searched operations.

    With ``dict(reg=['3-C'] * 6, cls=['3-C'] * 6)`` it is mmdet's head,
    parameter for parameter. In the depthwise (SSDLite) form the depthwise
    convolution is the searched one.

    Args:
        genotype: ``reg`` and ``cls``, each with one high-level operation of
            Table 1 for each level. None: the supernet, with all of them at
            once.
        **kwargs: Of ``mmdet.models.dense_heads.SSDHead``.

    Raises:
        ValueError: A branch is missing or unknown, a wrong length, or an
            unknown operation.
    """

    # mmdet 3.3.0 reads it in predict, but its SSDHead has none
    # (mmdetection issue 11780)
    loss_cls = None

    def __init__(self, *, genotype: Optional[dict], **kwargs) -> None:
        self.genotype = genotype
        super().__init__(**kwargs)

    def _init_layers(self) -> None:
        super()._init_layers()
        self.put_cells(self.genotype)

    def searched_places(self) -> Dict[str, List[Place]]:
        """The convolution of each level and branch."""
        return dict(
            reg=[self._place(level) for level in self.reg_convs],
            cls=[self._place(level) for level in self.cls_convs],
        )

    def _place(self, level: nn.Sequential) -> Place:
        if self.use_depthwise:
            return level[-2], 'conv'
        return level, str(len(level) - 1)

"""SSD neck with searched convolutions.

Paper: Sec. 5.2 and 7.1 (the neck of SSD is searched).
https://arxiv.org/abs/2112.04719
"""

from typing import Sequence

from mmcv.cnn import DepthwiseSeparableConvModule
from mmdet.models.necks.ssd_neck import L2Norm, SSDNeck
from torch import Tensor

from ruas_mm.models.cells import (
    HIGH_LEVEL_OPERATIONS,
    check_genotype,
    task_cell,
)
from ruas_mm.registry import MODELS


@MODELS.register_module()
class SearchableSSDNeck(SSDNeck):
    """mmdet's ``SSDNeck`` whose extra layers end in searched operations.

    With the genotype ``('3-C', ) * 4`` it is mmdet's neck, parameter for
    parameter. In the depthwise (SSDLite) form the depthwise convolution is
    the searched one.

    Args:
        genotype: One high-level operation of Table 1 for each extra layer.
        **kwargs: Of ``mmdet.models.necks.SSDNeck``. ``last_kernel_size`` must
            stay 3: the genotype sets the kernels.

    Raises:
        ValueError: Wrong length or unknown operation.
    """

    def __init__(self, *, genotype: Sequence[str], **kwargs) -> None:
        super().__init__(**kwargs)
        self.genotype = check_genotype(
            genotype,
            len(self.extra_layers),
            HIGH_LEVEL_OPERATIONS,
            'genotype of SearchableSSDNeck',
        )
        for layer, operation in zip(self.extra_layers, self.genotype):
            module = layer[-1]
            if isinstance(module, DepthwiseSeparableConvModule):
                module = module.depthwise_conv
            module.conv = task_cell(operation, module.conv)
        if hasattr(self, 'l2_norm'):
            stable = StableL2Norm(self.l2_norm.n_dims, self.l2_norm.scale)
            stable.load_state_dict(self.l2_norm.state_dict())
            self.l2_norm = stable


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

"""SSD neck with searched convolutions.

Paper: Sec. 5.2 and 7.1 (the neck of SSD is searched).
https://arxiv.org/abs/2112.04719
"""

from typing import Sequence

from mmcv.cnn import DepthwiseSeparableConvModule
from mmdet.models.necks import SSDNeck

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

"""DeepLabv3+ with a searched feature conversion.

Paper: Sec. 5.2 ("the feature conversion except for the encoder-decoder") and
7.2. https://arxiv.org/abs/2112.04719 DeepLabv3+:
https://arxiv.org/abs/1802.02611

Differs from the paper: nothing that it states; which convolutions the feature
conversion has is not stated. Here they are those that DeepLabv3+ gives
different dilations, one in each branch of its atrous pyramid; of the ten
high-level operations three are such dilated ones and made for it.
"""

from typing import List, Optional, Sequence

import torch.nn as nn
from mmcv.cnn import DepthwiseSeparableConvModule
from mmengine.dist import get_world_size
from mmengine.model import kaiming_init
from mmseg.models.decode_heads import DepthwiseSeparableASPPHead
from torch import Tensor

from ruas_mm.models.searched_convolutions import Place, SearchedConvolutions
from ruas_mm.registry import MODELS

DEEPLABV3PLUS = ('1-C', '3-6-DC', '3-12-DC', '3-18-DC')
"""Branches of DeepLabv3+ itself, at output stride 16."""


@MODELS.register_module()
class SearchableASPPHead(SearchedConvolutions, DepthwiseSeparableASPPHead):
    """mmseg's head of DeepLabv3+ whose pyramid has searched branches.

    With the genotype :data:`DEEPLABV3PLUS` it is mmseg's head at
    ``dilations=(1, 6, 12, 18)``, parameter for parameter. Image pooling,
    bottleneck and decoder stay the host's, but that a batch of one picture
    can be trained on (Sec. 7.2): one pooled value has no variance, so that
    batch normalisation behind the pooling takes its running statistics.

    Args:
        genotype: One high-level operation of Table 1 for each branch. None:
            the supernet, with all of them at once.
        dilations: Of the host's head. Their number is that of the branches. A
            branch of dilation 1 is a full convolution, the others are
            depthwise separable, and their depthwise convolution is the
            searched one. Dilations themselves are the genotype's.
        **kwargs: Of ``mmseg.models.decode_heads.DepthwiseSeparableASPPHead``.

    Raises:
        ValueError: Wrong length or unknown operation.
    """

    def __init__(
        self,
        *,
        genotype: Optional[Sequence[str]],
        dilations: Sequence[int] = (1, 6, 12, 18),
        **kwargs,
    ) -> None:
        super().__init__(dilations=tuple(dilations), **kwargs)
        self.put_cells(genotype)
        for parent, child in self.searched_places():
            for conv in getattr(parent, child).modules():
                if isinstance(conv, nn.Conv2d):
                    kaiming_init(conv)  # as mmcv's ConvModule does

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """See mmseg's."""
        pooled = self.image_pool[1]
        alone = len(inputs[0]) == 1 and get_world_size() == 1
        if not (self.training and pooled.with_norm and alone):
            return super().forward(inputs)
        pooled.norm.eval()
        try:
            return super().forward(inputs)
        finally:
            pooled.norm.train()

    def searched_places(self) -> List[Place]:
        """The spatial convolution of each branch."""
        return [
            (
                branch.depthwise_conv
                if isinstance(branch, DepthwiseSeparableConvModule)
                else branch,
                'conv',
            )
            for branch in self.aspp_modules
        ]

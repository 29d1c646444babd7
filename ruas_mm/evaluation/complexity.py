"""How large and how costly a network is."""

from contextlib import ExitStack
from math import prod
from typing import ContextManager, Optional, Sequence, Tuple

import torch
from mmengine.model import BaseDataPreprocessor
from mmengine.structures import BaseDataElement
from torch import nn

HUB_KEY = 'complexity'
"""Where ComplexityHook leaves its figures for EnhancementMetric."""

Shape = Sequence[int]


def count_parameters(model: nn.Module) -> int:
    """Number of all parameters, trained or not."""
    return sum(parameter.numel() for parameter in model.parameters())


def count_macs(model: nn.Module, shape: Tuple[int, int] = (400, 600)) -> int:
    """Multiply-adds of convolutions and matrix products for one picture.

    Counted by PyTorch's ``FlopCounterMode`` (half of its number) in what runs
    from the preprocessor on, a scene module in it included: also kernels that
    a supernet mixes, and attention. The bias of a convolution is one weight
    more, as in the paper's figures: a network of convolutions that keep the
    size costs parameters times pixels. Everything else (activations,
    normalisation, resizing) is left out, as usual.

    It is the plain form that counts: no tiles, no folded kernels, no noise
    gate that leaves a part out.

    Args:
        model: Run once, ``model(**data_preprocessor(data), mode='tensor')``,
            in evaluation mode. Without a preprocessor, or with one that only
            moves data, it is given RGB in [0, 1], float32 (1, 3, H, W).
        shape: Height and width of the picture. (400, 600): LOL.
    """
    with ExitStack() as stack:
        for module in model.modules():
            stack.callback(setattr, module, 'training', module.training)
        model.eval()
        front = getattr(model, 'data_preprocessor', None)
        if getattr(front, 'frozen', False):
            stack.callback(setattr, front, 'frozen', True)
            front.frozen = False
        # enhancers take their plain form where gradients are on, attention
        # does not take the one kernel that is not counted
        stack.enter_context(torch.enable_grad())
        counter = stack.enter_context(_counter())
        model(**_data(model, front, shape), mode='tensor')
    return counter.get_total_flops() // 2


def _data(
    model: nn.Module, front: Optional[nn.Module], shape: Tuple[int, int]
) -> dict:
    """A black picture as the model takes it."""
    if front is None or type(front) is BaseDataPreprocessor:
        zeros = next(model.parameters()).new_zeros(1, 3, *shape)
        return dict(inputs=zeros)
    sizes = ('ori_shape', 'img_shape', 'pad_shape', 'batch_input_shape')
    metainfo = dict(dict.fromkeys(sizes, shape), scale_factor=(1.0, 1.0))
    sample = BaseDataElement(metainfo=dict(metainfo, img_path='a picture'))
    zeros = torch.zeros(3, *shape, dtype=torch.uint8)
    return front(dict(inputs=[zeros], data_samples=[sample]), False)


def _counter() -> ContextManager:
    """PyTorch's counter, and what it leaves out."""
    from torch.utils.flop_counter import (  # PyTorch 2.1 on
        FlopCounterMode,
        conv_flop_count,
        sdpa_flop_count,
    )

    def convolution(
        x: Shape,
        weight: Shape,
        bias: Optional[Shape],
        stride: Shape,
        padding: Shape,
        dilation: Shape,
        transposed: bool,
        *_,
        out_shape: Shape,
    ) -> int:
        flops = conv_flop_count(x, weight, out_shape, transposed)
        return flops + (0 if bias is None else 2 * prod(out_shape))

    def attention(query: Shape, key: Shape, value: Shape, *_, **__) -> int:
        return sdpa_flop_count(query, key, value)

    aten = torch.ops.aten
    rules = {aten.convolution: convolution}
    on_cpu = '_scaled_dot_product_flash_attention_for_cpu'
    if hasattr(aten, on_cpu):  # PyTorch 2.2 on
        rules[getattr(aten, on_cpu)] = attention
    return FlopCounterMode(display=False, custom_mapping=rules)

"""How large and how costly a network is."""

import logging
from contextlib import ExitStack
from typing import Tuple, Union

import torch
import torch.nn as nn
from mmengine.logging import print_log
from torch import Tensor

HUB_KEY = 'complexity'
"""Where ComplexityHook leaves its figures for EnhancementMetric."""

Layer = Union[nn.Conv2d, nn.ConvTranspose2d, nn.Linear]


def count_parameters(model: nn.Module) -> int:
    """Number of all parameters, trained or not."""
    return sum(parameter.numel() for parameter in model.parameters())


def count_macs(model: nn.Module, shape: Tuple[int, int] = (400, 600)) -> int:
    """Multiply-adds of convolutions and linear layers for one picture.

    One for each use of a weight and one for each use of a bias: a network of
    convolutions that keep the size costs parameters times pixels. Everything
    else (activations, normalisation, resizing) is left out, as usual.

    Args:
        model: Called once as ``model(zeros, mode='tensor')``, in evaluation
            mode. A layer that it does not call is not counted, which warns.
        shape: Height and width of the picture. (400, 600): LOL.
    """
    layers = {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear))
    }
    counts = dict.fromkeys(layers, 0)

    def counter(name: str):
        def count(layer: Layer, inputs: Tuple[Tensor], output: Tensor) -> None:
            counts[name] += _layer_macs(layer, inputs[0], output)

        return count

    was_training = [(m, m.training) for m in model.modules()]
    zeros = next(model.parameters()).new_zeros(1, 3, *shape)
    with ExitStack() as stack:
        for name, layer in layers.items():
            handle = layer.register_forward_hook(counter(name))
            stack.callback(handle.remove)
        for module, training in was_training:
            stack.callback(setattr, module, 'training', training)
        model.eval()
        with torch.no_grad():
            model(zeros, mode='tensor')
    _warn_of_unused([name for name, count in counts.items() if not count])
    return sum(counts.values())


def _layer_macs(layer: Layer, x: Tensor, y: Tensor) -> int:
    """From the shapes alone, for a subclass may compute it in another way."""
    biases = 0 if layer.bias is None else y.numel()
    if isinstance(layer, nn.ConvTranspose2d):
        # each value of the input meets all weights of its channel
        return x.numel() * layer.weight[0].numel() + biases
    return y.numel() * layer.weight[0].numel() + biases


def _warn_of_unused(names: list) -> None:
    if names:
        more = ' ...' if len(names) > 5 else ''
        print_log(
            f'{len(names)} layers did not run and are not counted as '
            f'multiply-adds: {", ".join(names[:5])}{more}',
            logger='current',
            level=logging.WARNING,
        )

"""Mixed precision in bfloat16, also without a GPU."""

import warnings
from contextlib import contextmanager
from typing import Iterator

import torch
from mmengine.device import get_device
from mmengine.optim import OptimWrapper
from mmengine.runner.amp import autocast
from torch import nn

from ruas_mm.registry import OPTIM_WRAPPERS


def has_fast_bfloat16() -> bool:
    """Whether convolutions in bfloat16 are not emulated here."""
    if get_device() != 'cpu':
        return True
    return torch.ops.mkldnn._is_mkldnn_bf16_supported()


@OPTIM_WRAPPERS.register_module()
class Bf16OptimWrapper(OptimWrapper):
    """Forward pass under bfloat16 autocast, on any device.

    A warning says so where a CPU emulates bfloat16, which is far slower than
    float32.

    MMEngine's ``AmpOptimWrapper`` refuses to run without an accelerator, and
    scales the loss, which bfloat16 (with the exponent of float32) does not
    need. Arguments are those of ``mmengine.optim.OptimWrapper``.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if not has_fast_bfloat16():
            warnings.warn(
                'this CPU has no bfloat16: training takes far longer with '
                '--amp than without',
                stacklevel=2,
            )

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        with super().optim_context(model), autocast(dtype=torch.bfloat16):
            yield

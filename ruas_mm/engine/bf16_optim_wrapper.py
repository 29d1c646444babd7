"""Mixed precision in bfloat16, also without a GPU."""

from contextlib import contextmanager
from typing import Iterator

import torch
from mmengine.optim import OptimWrapper
from mmengine.runner.amp import autocast
from torch import nn

from ruas_mm.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class Bf16OptimWrapper(OptimWrapper):
    """Forward pass under bfloat16 autocast, on any device.

    MMEngine's ``AmpOptimWrapper`` refuses to run without an accelerator, and
    scales the loss, which bfloat16 (with the exponent of float32) does not
    need. Arguments are those of ``mmengine.optim.OptimWrapper``.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        with super().optim_context(model), autocast(dtype=torch.bfloat16):
            yield

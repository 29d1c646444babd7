"""Full precision where rounding to half would spoil the result."""

from contextlib import nullcontext
from typing import ContextManager

import torch
from torch import Tensor

AUTOCAST_DEVICES = ('cpu', 'cuda', 'xpu')
HALVES = (torch.float16, torch.bfloat16)


def full_precision(x: Tensor) -> ContextManager:
    """Switch autocast off on the device of ``x``, if it has any (MPS)."""
    if x.device.type in AUTOCAST_DEVICES:
        return torch.autocast(device_type=x.device.type, enabled=False)
    return nullcontext()


def at_least_float32(x: Tensor) -> Tensor:
    """``x`` itself unless it is in half precision (or bfloat16)."""
    return x.float() if x.dtype in HALVES else x

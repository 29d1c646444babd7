"""The model inside a wrapper, such as that of distributed training."""

from mmengine.model import is_model_wrapper
from torch import nn


def unwrap_model(model: nn.Module) -> nn.Module:
    """The model itself, out of as many wrappers as there are.

    MMEngine tells a wrapper (``is_model_wrapper``) but has no public function
    that takes it off.
    """
    while is_model_wrapper(model):
        model = model.module
    return model

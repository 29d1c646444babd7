"""The model inside a wrapper, such as that of distributed training."""

from mmengine.model import BaseTTAModel, is_model_wrapper
from torch import nn


def unwrap_model(model: nn.Module) -> nn.Module:
    """The model itself, out of as many wrappers as there are.

    MMEngine tells a wrapper (``is_model_wrapper``) but has no public function
    that takes it off; test-time augmentation is a wrapper that it does not
    tell.
    """
    while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
        model = model.module
    return model

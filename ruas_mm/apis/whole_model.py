"""A model and what stands in front of it as one module."""

from typing import Any, Iterator, Tuple, Union

import torch.nn as nn
from mmengine.model import BaseModel
from torch import Tensor


class WholeModel(nn.Module):
    """From the loader's pictures to the network's raw output.

    MMEngine runs the data preprocessor, and with it
    :class:`SceneDataPreprocessor`, outside ``model.forward``. Whatever traces
    or counts ``model`` alone therefore leaves it out without a word: FLOPs
    tools, ``torch.jit.trace``, ``torch.onnx.export``. Give them this instead.
    It works as well with a model that has no front of ours.

    Nothing is copied: mode, device and parameters are those of ``model``.
    Call ``eval()`` before tracing. A trace holds for pictures of its number
    and size, for the hosts' preprocessors pad by numbers, not by shapes.

    Args:
        model: A model of mmdet, mmseg or mmpretrain whose mode ``'tensor'``
            needs no data samples (mmdet's two-stage detectors do).
    """

    def __init__(self, model: BaseModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: Tensor) -> Union[Tensor, Tuple[Tensor, ...]]:
        """Preprocess, then ``model.forward`` in mode ``'tensor'``.

        Args:
            inputs: (N, 3, H, W), in [0, 255], float or uint8, in the channel
                order of the data loader.

        Returns:
            What the model gives; tensors within lists, tuples and
            dictionaries become one flat tuple, in their order, as tracers
            and ONNX want it.
        """
        outputs = self.model(**preprocess(self.model, inputs), mode='tensor')
        if isinstance(outputs, Tensor):
            return outputs
        return tuple(_tensors(outputs))


def preprocess(model: BaseModel, inputs: Tensor) -> dict:
    """What a model's preprocessor, and the front, make of pictures alone.

    Args:
        model: In evaluation mode.
        inputs: As in :meth:`WholeModel.forward`.

    Returns:
        ``inputs`` for the network, and no data samples.
    """
    preprocessor = model.data_preprocessor
    attach = getattr(preprocessor, 'attach_scene', None)
    if attach:  # there are no samples to attach to
        preprocessor.attach_scene = False
    try:
        return preprocessor(dict(inputs=inputs, data_samples=None), False)
    finally:
        if attach:
            preprocessor.attach_scene = attach


def _tensors(outputs: Any) -> Iterator[Tensor]:
    if isinstance(outputs, Tensor):
        yield outputs
    elif isinstance(outputs, dict):
        for value in outputs.values():
            yield from _tensors(value)
    elif isinstance(outputs, (list, tuple)):
        for value in outputs:
            yield from _tensors(value)

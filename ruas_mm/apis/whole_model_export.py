"""Write a model and what stands in front of it as one ONNX file."""

import copy
import json
from pathlib import Path
from typing import Sequence, Tuple, Union

import numpy as np
import torch
from mmengine.model import BaseModel
from torch import Tensor

from ruas_mm.apis.onnx_export import (
    check_difference,
    check_export,
    dark_pictures,
    describe,
    exporting,
    run_file,
    trace,
)
from ruas_mm.apis.whole_model import WholeModel
from ruas_mm.arguments import check_whole_number
from ruas_mm.files.atomic_write import atomic_write

INPUT = 'pictures'
TOLERANCE = 1e-3  # of raw outputs: scores before a softmax or sigmoid


def export_whole_model(
    model: BaseModel,
    path: Union[str, Path],
    size: Sequence[int],
    number: int = 1,
    opset: int = 17,
) -> float:
    """Write front, preprocessing and network as one ONNX file.

    The file's input is ``pictures``, float32 (N, 3, H, W) in [0, 255], in
    the channel order of the data loader (BGR where it reads files); its
    outputs ``output_0`` and so on are those of :class:`WholeModel`: of a
    segmentor the logits of its decode head. Number and size of the pictures
    are fixed. Metadata name the classes, where ``model.dataset_meta`` does,
    and the version of this package.

    Args:
        model: Of mmdet, mmseg or mmpretrain, on any device, in any mode; it
            is not changed.
        path: File to write. What was there stays unless ONNX Runtime gives
            what PyTorch gives.
        size: Height and width of the pictures.
        number: Of pictures at a time.
        opset: 13 to 17.

    Returns:
        The largest difference to PyTorch, on other pictures than traced.

    Raises:
        ValueError: ``opset``, ``size`` or ``number`` is not allowed, ``onnx``
            or ``onnxruntime`` is not installed, the model cannot be
            exported, or the two results differ by more than 1e-3.
    """
    check_export(opset)
    for name, value in zip(('number', 'height', 'width'), (number, *size)):
        check_whole_number(name, value, 1)
    whole = WholeModel(copy.deepcopy(model).cpu().float()).eval()
    pictures = 255 * dark_pictures(number, *size)
    other = 255 * dark_pictures(2 * number, *size)[number:].flip(-1)
    with atomic_write(path) as temporary, torch.no_grad():
        expected = _as_tuple(whole(other))
        with exporting(path, type(model).__name__, opset):
            trace(
                whole,
                (pictures,),
                temporary,
                opset,
                ignored='',  # sizes are fixed
                input_names=[INPUT],
                output_names=[f'output_{i}' for i in range(len(expected))],
            )
            difference = _largest_difference(temporary, other, expected)
        dataset_meta = getattr(model, 'dataset_meta', None) or {}
        classes = list(dataset_meta.get('classes') or ())
        describe(temporary, classes=json.dumps(classes))
        check_difference(path, difference, TOLERANCE)
    return difference


def _as_tuple(outputs: Union[Tensor, Tuple[Tensor, ...]]) -> tuple:
    return outputs if isinstance(outputs, tuple) else (outputs,)


def _largest_difference(
    path: Path, pictures: Tensor, expected: Sequence[Tensor]
) -> float:
    found = run_file(path, {INPUT: pictures.numpy()})
    differences = [
        np.abs(ours - theirs.numpy()).max()
        for ours, theirs in zip(found, expected)
    ]
    return float(np.max(differences))  # unlike max, it tells nan

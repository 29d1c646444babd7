"""Write a model and what stands in front of it as one ONNX file."""

import copy
import inspect
import json
import warnings
from pathlib import Path
from typing import Sequence, Tuple, Union

import numpy as np
import torch
from mmengine.model import BaseModel
from torch import Tensor

from ruas_mm import __version__
from ruas_mm.apis.onnx_export import OPSETS, dark_pictures
from ruas_mm.apis.whole_model import WholeModel
from ruas_mm.arguments import check_interval, check_whole_number
from ruas_mm.compatibility import is_installed
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
    check_interval('opset', opset, *OPSETS)
    for name, value in zip(('number', 'height', 'width'), (number, *size)):
        check_whole_number(name, value, 1)
    missing = [n for n in ('onnx', 'onnxruntime') if not is_installed(n)]
    if missing:
        raise ValueError(
            f'the export needs {missing}: pip install {" ".join(missing)}'
        )
    whole = WholeModel(copy.deepcopy(model).cpu().float()).eval()
    pictures = 255 * dark_pictures(number, *size)
    other = 255 * dark_pictures(2 * number, *size)[number:].flip(-1)
    with atomic_write(path) as temporary, torch.no_grad():
        expected = _as_tuple(whole(other))
        try:
            _trace(whole, pictures, len(expected), temporary, opset)
        except (RuntimeError, TypeError) as error:  # of the exporter
            reason = str(error).strip().partition('\n')[0]
            raise ValueError(
                f'{path} is not written: {type(model).__name__} cannot be '
                f'exported to ONNX with opset {opset} ({reason})'
            ) from None
        _describe(temporary, getattr(model, 'dataset_meta', None) or {})
        difference = _largest_difference(temporary, other, expected)
        if not difference <= TOLERANCE:  # also where it is no number
            raise ValueError(
                f'{path} is not written: ONNX Runtime differs from PyTorch '
                f'by {difference:.1e}, allowed: {TOLERANCE:.0e}'
            )
    return difference


def _as_tuple(outputs: Union[Tensor, Tuple[Tensor, ...]]) -> tuple:
    return outputs if isinstance(outputs, tuple) else (outputs,)


def _trace(
    whole: WholeModel, pictures: Tensor, outputs: int, path: Path, opset: int
) -> None:
    options = {}
    if 'dynamo' in inspect.signature(torch.onnx.export).parameters:
        options['dynamo'] = False
    with warnings.catch_warnings():
        # branches on sizes, which are fixed here
        warnings.simplefilter('ignore', torch.jit.TracerWarning)
        warnings.simplefilter('ignore', UserWarning)
        warnings.simplefilter('ignore', DeprecationWarning)  # dynamo=False
        torch.onnx.export(
            whole,
            (pictures,),
            str(path),
            input_names=[INPUT],
            output_names=[f'output_{i}' for i in range(outputs)],
            opset_version=opset,
            **options,
        )


def _describe(path: Path, dataset_meta: dict) -> None:
    import onnx

    graph = onnx.load(str(path))
    classes = json.dumps(list(dataset_meta.get('classes') or ()))
    onnx.helper.set_model_props(
        graph, dict(classes=classes, ruas_mm_version=__version__)
    )
    onnx.save(graph, str(path))


def _largest_difference(
    path: Path, pictures: Tensor, expected: Sequence[Tensor]
) -> float:
    import onnxruntime

    session = onnxruntime.InferenceSession(
        path.read_bytes(), providers=['CPUExecutionProvider']
    )
    found = session.run(None, {INPUT: pictures.numpy()})
    return max(
        float(np.abs(ours - theirs.numpy()).max())
        for ours, theirs in zip(found, expected)
    )

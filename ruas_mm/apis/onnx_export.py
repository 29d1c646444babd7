"""Write an enhancer as one ONNX file, for pictures of any size."""

import copy
import inspect
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Container,
    Dict,
    Iterator,
    List,
    Optional,
    Sequence,
    Tuple,
    Union,
)

import numpy as np
import torch
import torch.nn as nn
from torch import Tensor

from ruas_mm import __version__
from ruas_mm.apis.onnx_tiles import Tiling
from ruas_mm.arguments import check_interval
from ruas_mm.compatibility import is_installed
from ruas_mm.files.atomic_write import atomic_write
from ruas_mm.models import Enhancer
from ruas_mm.models.measuring import Measuring, Step

if TYPE_CHECKING:
    import onnx

OPSETS = (13, 17)  # 17: the highest of torch 2.1
TOLERANCE = 1e-4
TRACED = (2, 48, 64)  # pictures, height, width
TRIED = ((3, 61, 45), (1, 1, 1))
SMALLEST = 16  # pixels a side, of compared enhancers: they pad smaller ones
AXES = {0: 'N', 2: 'H', 3: 'W'}


class _Plain(nn.Module):
    """:meth:`LowLightEnhancer.plain` as the exporter wants it.

    Any other enhancer gives its ``forward``, in part.
    """

    def __init__(self, enhancer: Enhancer) -> None:
        super().__init__()
        self.enhancer = enhancer

    @property
    def smallest(self) -> int:
        """Of a side, in pixels."""
        return 1 if hasattr(self.enhancer, 'plain') else SMALLEST

    def forward(self, x: Tensor, strength: Tensor) -> Tuple[Tensor, ...]:
        u, steps = self.by_steps(x, strength)
        return (u, *(step.value for step in steps.values()))

    def by_steps(
        self, x: Tensor, strength: Tensor
    ) -> Tuple[Tensor, Dict[str, Step]]:
        """The result, and those on the way."""
        notes = Measuring()
        if hasattr(self.enhancer, 'plain'):
            u = self.enhancer.plain(x, strength, notes)
        else:
            u = x + strength * (self.enhancer(x) - x)
        return u, notes.steps


def export_onnx(
    enhancer: Enhancer, path: Union[str, Path], opset: int = 17
) -> float:
    """Write ``enhancer.plain``, or any other enhancer, as ONNX.

    The file's inputs are ``input``, RGB in [0, 1], float32 (N, 3, H, W), and
    ``strength``, a float32 without dimensions; its output is ``output``, as
    ``input``. N, H and W are free. The noise gate and the automatic strength
    are part of it, each picture of a batch has its own. Its metadata name
    the variant (or the class) and the version of this package, and tell how
    to cut it for tiles (:mod:`ruas_mm.apis.onnx_tiles`). Compared enhancers
    take sides from 16 pixels on.

    Args:
        enhancer: On any device, in any mode; it is not changed.
        path: File to write. What was there stays unless ONNX Runtime gives
            what PyTorch gives.
        opset: 13 to 17.

    Returns:
        The largest difference to PyTorch that was found.

    Raises:
        ValueError: ``opset`` is not allowed, ``onnx`` or ``onnxruntime`` is
            not installed, the enhancer has an operation that ONNX has not,
            or the two results differ by more than 1e-4.
    """
    check_export(opset)
    model = _Plain(copy.deepcopy(enhancer).cpu().float()).eval()
    with atomic_write(path) as temporary, torch.no_grad():
        kind = getattr(enhancer, 'variant', type(enhancer).__name__)
        with exporting(path, kind, opset):
            inputs = dark_pictures(*TRACED), torch.tensor(1.0)
            _, steps = model.by_steps(*inputs)
            trace(
                model,
                inputs,
                temporary,
                opset,
                input_names=['input', 'strength'],
                output_names=['output', *steps],
                dynamic_axes={
                    **dict(input=AXES, output=AXES),
                    **{name: _free_axes(s.value) for name, s in steps.items()},
                },
            )
            keep_inside(temporary, steps)
            tiling = Tiling.of(model.enhancer, steps)
            describe(temporary, variant=kind, tiling=tiling.write())
            difference = _largest_difference(model, temporary)
        check_difference(path, difference, TOLERANCE)
    return difference


def check_export(opset: int) -> None:
    """Make sure that anything can be exported.

    Raises:
        ValueError: ``opset`` is not allowed, or a library is not installed.
    """
    check_interval('opset', opset, *OPSETS)
    missing = [n for n in ('onnx', 'onnxruntime') if not is_installed(n)]
    if missing:
        raise ValueError(
            f'the export needs {missing}: pip install {" ".join(missing)}'
        )


@contextmanager
def exporting(path: Union[str, Path], kind: str, opset: int) -> Iterator[None]:
    """Tell in one line why ``kind`` cannot be exported to ``path``.

    Raises:
        ValueError: In the place of the exporter's errors.
    """
    try:
        yield
    except (RuntimeError, TypeError, AttributeError) as error:
        reason = str(error).strip().partition('\n')[0]
        raise ValueError(
            f'{path} is not written: {kind} cannot be exported to ONNX '
            f'with opset {opset} ({reason})'
        ) from None


def trace(
    model: nn.Module,
    inputs: Tuple[Tensor, ...],
    path: Path,
    opset: int,
    ignored: str = 'Constant folding',
    **names,
) -> None:
    """:func:`torch.onnx.export` by tracing, in any version.

    Args:
        model: In evaluation mode.
        inputs: To trace with; branches on their sizes are the caller's care.
        path: File to write.
        opset: As there.
        ignored: Beginning of warnings that say nothing here.
        **names: As there: of inputs and outputs, and their free axes.
    """
    if 'dynamo' in inspect.signature(torch.onnx.export).parameters:
        names['dynamo'] = False
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', torch.jit.TracerWarning)
        warnings.simplefilter('ignore', DeprecationWarning)  # dynamo=False
        warnings.filterwarnings('ignore', ignored, UserWarning)
        torch.onnx.export(
            model, inputs, str(path), opset_version=opset, **names
        )


@contextmanager
def edited(path: Path) -> Iterator['onnx.ModelProto']:
    """A file to be changed in place."""
    import onnx

    model = onnx.load(str(path))
    yield model
    onnx.save(model, str(path))


def describe(path: Path, **properties: str) -> None:
    """Add metadata, and the version of this package."""
    import onnx

    with edited(path) as model:
        onnx.helper.set_model_props(
            model, dict(properties, ruas_mm_version=__version__)
        )


def keep_inside(path: Path, names: Container[str]) -> None:
    """Let outputs be no more than named values of the graph."""
    with edited(path) as model:
        for value in [v for v in model.graph.output if v.name in names]:
            model.graph.output.remove(value)
            model.graph.value_info.append(value)


def set_numbers(path: Path, numbers: Dict[str, float]) -> None:
    """Put other numbers in the place of buffers without dimensions.

    Args:
        path: File to change.
        numbers: Names of the traced module's buffers -> numbers.

    Raises:
        RuntimeError: The exporter has dropped one of them.
    """
    import onnx

    with edited(path) as model:
        buffers = {tensor.name: tensor for tensor in model.graph.initializer}
        if not numbers.keys() <= buffers.keys():
            raise RuntimeError(f'no {sorted(numbers.keys() - buffers.keys())}')
        for name, number in numbers.items():
            array = np.array(number, np.float32)
            buffers[name].CopyFrom(onnx.numpy_helper.from_array(array, name))


def run_file(
    path: Path,
    inputs: Dict[str, np.ndarray],
    outputs: Optional[Sequence[str]] = None,
) -> List[np.ndarray]:
    """What ONNX Runtime gives on the CPU: all outputs, or those named.

    Raises:
        RuntimeError: It does not know an operation, or cannot run the file.
    """
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(
            path.read_bytes(), providers=['CPUExecutionProvider']
        )
        return session.run(outputs, inputs)
    except Exception as error:  # its errors have no class in common
        raise RuntimeError(f'ONNX Runtime: {error}') from None


def check_difference(
    path: Union[str, Path], difference: float, allowed: float
) -> None:
    """Refuse a file with which ONNX Runtime does not give what PyTorch gives.

    Raises:
        ValueError: ``difference`` is above ``allowed``, or no number.
    """
    if not difference <= allowed:
        raise ValueError(
            f'{path} is not written: ONNX Runtime differs from PyTorch '
            f'by {difference:.1e}, allowed: {allowed:.0e}'
        )


def _free_axes(x: Tensor) -> Dict[int, str]:
    """Of a map, or of numbers."""
    return AXES if x.shape[2:] == TRACED[1:] else {0: 'N'}


def _largest_difference(model: nn.Module, path: Path) -> float:
    from ruas_mm.apis.onnx_runtime import load_onnx_enhancer

    run = load_onnx_enhancer(path, 'cpu')
    differences = []
    for number, *sides in TRIED:
        sides = (max(side, model.smallest) for side in sides)
        x = dark_pictures(number, *sides)
        for strength in (1.0, 0.4):
            expected = model(x, torch.tensor(strength))[0].numpy()
            found = run(x.numpy(), strength)
            differences.append(np.abs(found - expected).max())
    return float(np.max(differences))


def dark_pictures(number: int, height: int, width: int) -> Tensor:
    """Smooth ones and noisy ones in turn, (N, 3, H, W), in [0, 0.4]."""
    x = torch.linspace(0.02, 0.3, width).expand(number, 3, height, width)
    noise = torch.rand(x.shape, generator=torch.Generator().manual_seed(0))
    noisy = torch.arange(number).reshape(-1, 1, 1, 1) % 2
    return x + 0.1 * noisy * noise

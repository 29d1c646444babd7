"""An exported enhancer in ONNX Runtime: no torch model is built."""

from pathlib import Path
from typing import Callable, Optional, Union

import numpy as np
import onnxruntime

ALLOWED = "allowed with runtime='onnx': a file of 'ruas-mm export'"
PROVIDERS = {'cpu': 'CPUExecutionProvider', 'cuda': 'CUDAExecutionProvider'}


def load_onnx_enhancer(
    weights: Optional[Union[str, Path]],
    device: Optional[str] = None,
    tile: Optional[int] = None,
) -> Callable[[np.ndarray, float], np.ndarray]:
    """A function of pictures and strength.

    Args:
        weights: File that ``ruas-mm export`` wrote.
        device: ``'cpu'`` or ``'cuda'``. None: cuda where this ONNX Runtime
            has it.
        tile: Largest side of what is computed at once, in pixels; the result
            is the same up to rounding. Not looked at where an enhancer cannot
            be tiled. None: all at once.

    Returns:
        Takes RGB in [0, 1], float32 (N, 3, H, W), and the strength; gives the
        same shape.

    Raises:
        ValueError: No file is named, it is no exported enhancer, it gives
            numbers that are not finite, the device is not at hand, or the
            file does not tell what tiles need.
        FileNotFoundError: There is no such file.
    """
    if weights is None:
        raise ValueError(f'weights=None, {ALLOWED}')
    if not Path(weights).is_file():
        raise FileNotFoundError(f'{weights}: no such file, {ALLOWED}')
    provider = _provider(device)
    try:
        session = onnxruntime.InferenceSession(
            str(weights), providers=[provider]
        )
    except Exception:  # its errors have no class in common, and many lines
        raise ValueError(
            f'{weights} is no ONNX model that this ONNX Runtime can load, '
            f'{ALLOWED}'
        ) from None
    names = {value.name for value in session.get_inputs()}
    outputs = [value.name for value in session.get_outputs()]
    if names != {'input', 'strength'} or 'output' not in outputs:
        raise ValueError(
            f'{weights} has the inputs {sorted(names)} and outputs {outputs}, '
            f"allowed: ['input', 'strength'] and ['output']; {ALLOWED}"
        )

    def run(x: np.ndarray, strength: float) -> np.ndarray:
        feed = dict(input=x, strength=np.array(strength, np.float32))
        return session.run(['output'], feed)[0]

    grey = np.full((1, 3, 32, 32), 0.2, np.float32)
    if not np.isfinite(run(grey, 1.0)).all():
        raise ValueError(f'{weights} holds numbers that are not finite')
    if tile is None:
        return run
    from ruas_mm.apis.onnx_tiles import TiledRun  # loads torch

    return TiledRun(Path(weights), tile, provider, run)


def _provider(device: Optional[str]) -> str:
    available = onnxruntime.get_available_providers()
    if device is None:
        device = 'cuda' if PROVIDERS['cuda'] in available else 'cpu'
    provider = PROVIDERS.get(device.split(':')[0])
    if provider not in available:
        at_hand = [d for d, name in PROVIDERS.items() if name in available]
        raise ValueError(f'device={device!r}, allowed here: {at_hand}')
    return provider

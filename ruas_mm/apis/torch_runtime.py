"""An enhancer of the zoo in PyTorch, for numpy arrays."""

import inspect
from pathlib import Path
from typing import Callable, Optional, Union

import numpy as np
import torch

from ruas_mm.models import VideoMemory, load_enhancer


def load_torch_enhancer(
    name: str,
    weights: Optional[Union[str, Path]],
    device: Optional[str],
    tile: Optional[int],
) -> Callable[..., np.ndarray]:
    """A function of pictures, strength and the memory of a video.

    Args:
        name: Of the zoo.
        weights: As in :func:`ruas_mm.models.load_enhancer`.
        device: As in torch. None: cuda where there is one.
        tile: As in :class:`ruas_mm.apis.LowLightInferencer`.

    Returns:
        Takes RGB in [0, 1], float32 (N, 3, H, W), the strength, and for the
        frames of a video its memory; gives the same shape.

    Raises:
        ValueError: The device cannot be used; see :func:`load_enhancer`.
        FileNotFoundError: There is no such file of weights.
    """
    if device is None:
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
    try:
        torch.empty(0, device=device).cpu()  # 'meta' has no values
    except (RuntimeError, AssertionError) as error:  # what torch raises
        raise ValueError(
            f'device={device!r} cannot be used: {_first_sentence(error)}'
        ) from None
    enhancer = load_enhancer(name, weights, device)
    is_steady = 'memory' in inspect.signature(enhancer.enhance).parameters

    def run(
        x: np.ndarray, strength: float, memory: Optional[VideoMemory] = None
    ) -> np.ndarray:
        try:
            y = torch.from_numpy(x).to(device)
            arguments = (memory,) if is_steady else ()
            x = enhancer.enhance(y, strength, tile, *arguments)
            return x.cpu().numpy()
        except torch.cuda.OutOfMemoryError:
            raise ValueError(
                f'{x.shape[3]}x{x.shape[2]} pixels do not fit into the '
                f'memory of {device} with tile={tile}, allowed: a smaller '
                "tile, or device='cpu'"
            ) from None

    return run


def _first_sentence(error: Exception) -> str:
    """Without torch's list of all its backends."""
    return str(error).partition('\n')[0].partition('. ')[0]

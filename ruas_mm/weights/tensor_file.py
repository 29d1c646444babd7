"""Files of authors: tensors by name, read without executing anything."""

import pickle
from pathlib import Path
from typing import Dict, List, Union

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

SUFFIXES = ('.pt', '.pth', '.safetensors', '.tar')
BROKEN = (
    SafetensorError,
    pickle.UnpicklingError,
    RuntimeError,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
)
"""What readers raise for a file that is another, or half of one."""


def read_tensors(path: Union[str, Path]) -> Dict[str, Tensor]:
    """Read tensors only, onto the CPU.

    Those below ``weight`` beside an ``epoch`` are read, too.

    Args:
        path: ``.safetensors``, or what ``torch.save`` wrote, whatever its
            suffix.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The file is no checkpoint, or holds more than tensors.
    """
    path = Path(path)
    try:
        if path.suffix.lower() == '.safetensors':
            return load_file(path)
        state = torch.load(path, map_location='cpu', weights_only=True)
    except BROKEN as error:
        raise ValueError(
            f'{path} is not a checkpoint of tensors alone: {error}'
        ) from None
    if isinstance(state, dict) and isinstance(state.get('weight'), dict):
        state = state['weight']
    if not is_state_dict(state):
        raise ValueError(
            f'{path} holds a {type(state).__name__}, allowed: a '
            'dictionary of tensors by name'
        )
    return state


def is_state_dict(state: object) -> bool:
    """Whether it is tensors by name, and nothing else."""
    return isinstance(state, dict) and all(
        isinstance(key, str) and isinstance(value, Tensor)
        for key, value in state.items()
    )


def not_finite(state: Dict[str, Tensor]) -> List[str]:
    """Names of tensors that hold a number that is not finite."""
    return [k for k, v in state.items() if not torch.isfinite(v).all()]


def read_tensors_below(path: Union[str, Path]) -> Dict[str, Tensor]:
    """A file, or all files of a folder together, where authors split them.

    Args:
        path: A file as of :func:`read_tensors`, or a folder with such files
            (:data:`SUFFIXES`) at any depth.

    Raises:
        FileNotFoundError: There is neither, or the folder has no such file.
        ValueError: As of :func:`read_tensors`; two files hold one name.
    """
    path = Path(path)
    if not path.is_dir():
        return read_tensors(path)
    found: Dict[str, Tensor] = {}
    source: Dict[str, Path] = {}
    for file in sorted(path.rglob('*')):
        if file.suffix.lower() not in SUFFIXES:
            continue
        state = read_tensors(file)
        twice = sorted(found.keys() & state.keys())
        if twice:
            raise ValueError(
                f'{file} and {source[twice[0]]} both hold {twice[:3]}, '
                'allowed: a folder with the files of one network'
            )
        found.update(state)
        source.update(dict.fromkeys(state, file))
    if not found:
        raise FileNotFoundError(f'{path}: no file of {SUFFIXES} in it')
    return found

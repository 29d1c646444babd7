"""Weight files of enhancers: tensors and plain numbers, nothing to execute."""

import json
from pathlib import Path
from typing import Dict, Tuple, Union

from mmengine.runner import CheckpointLoader
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from ruas_mm.files.atomic_write import atomic_write
from ruas_mm.weights.tensor_file import BROKEN, is_state_dict

FOLDER = Path(__file__).parent  # of the packaged files: MODEL_CARD.md
TYPES = dict(
    noise_remover=(
        'ruas_mm.ChromaSmoother',
        'ruas_mm.NoiseRemover',
        'ruas_mm.TwoScaleNoiseRemover',
    )
)
"""Classes that a file may choose for a part, beside the usual one."""
SETTINGS = ('scene', 'noise_remover', 'noise_estimator', 'noise_threshold')


def save_enhancer(
    enhancer: nn.Module, path: Union[str, Path], **settings
) -> None:
    """Write the weights of an enhancer, atomically.

    Args:
        enhancer: Its weights are written.
        path: A ``.safetensors`` file.
        settings: What it was built with, out of ``scene``,
            ``noise_remover``, ``noise_estimator`` and ``noise_threshold``.

    Raises:
        ValueError: A setting that is unknown or more than plain values.
    """
    _check_plain(path, settings)
    try:
        metadata = dict(settings=json.dumps(settings))
    except TypeError as error:
        raise ValueError(f'{path}: settings {settings}: {error}') from None
    tensors = {
        key: value.detach().cpu().contiguous()
        for key, value in enhancer.state_dict().items()
    }
    with atomic_write(path) as temporary:
        save_file(tensors, temporary, metadata)


def read_weights(path: Union[str, Path]) -> Tuple[Dict[str, Tensor], dict]:
    """Read the weights of an enhancer.

    Args:
        path: A ``.safetensors`` file of :func:`save_enhancer`, or a
            checkpoint (``.pth``) that ``ruas-mm convert`` or
            training wrote (read by MMEngine's loader).

    Returns:
        State dict, and the settings that the enhancer was built with.

    Raises:
        FileNotFoundError: No such file.
        ValueError: A file that is damaged, holds more than tensors or
            settings, or has another suffix.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such file of weights')
    suffix = path.suffix.lower()
    if suffix not in ('.safetensors', '.pth'):
        hint = ''
        if suffix == '.onnx':
            hint = "; an ONNX file is run with runtime='onnx'"
        raise ValueError(f'{path}: allowed are .safetensors and .pth{hint}')
    if suffix == '.safetensors':
        try:
            with safe_open(path, 'pt') as file:
                settings = (file.metadata() or {}).get('settings', '{}')
                state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            settings = json.loads(settings)
        except (SafetensorError, json.JSONDecodeError) as error:
            raise ValueError(f'{path} is damaged: {error}') from None
    else:
        try:
            checkpoint = CheckpointLoader.load_checkpoint(
                str(path), 'cpu', logger='silent'
            )
        except BROKEN as error:
            raise ValueError(f'{path} is damaged: {error}') from None
        if not isinstance(checkpoint, dict):
            kind = type(checkpoint).__name__
            raise ValueError(f'{path} holds a {kind}, allowed: a dictionary')
        state = checkpoint.get('state_dict', checkpoint)
        meta = checkpoint.get('meta')
        settings = meta.get('enhancer', {}) if isinstance(meta, dict) else {}
    if not is_state_dict(state):
        raise ValueError(f'{path} holds more than tensors')
    _check_plain(path, settings)
    return state, settings


def _check_plain(path: Path, settings: dict) -> None:
    """Settings may choose numbers and forms, not classes or other files."""
    if not isinstance(settings, dict) or not set(settings) <= set(SETTINGS):
        raise ValueError(f'{path}: settings {settings}, allowed: {SETTINGS}')
    for name, value in settings.items():
        if name == 'noise_threshold':
            if not _is_threshold(value):
                raise ValueError(
                    f'{path}: {name}={value!r}, allowed: a number, or two'
                )
            continue
        if not isinstance(value, dict):
            raise ValueError(
                f'{path}: {name}={value!r}, allowed: a dictionary'
            )
        kind = value.get('type')
        if 'init_cfg' in value or (kind and kind not in TYPES.get(name, ())):
            raise ValueError(
                f'{path}: {name} sets {sorted(value)}, allowed: anything but '
                f'init_cfg, and type out of {TYPES.get(name, ())}'
            )


def _is_threshold(value: object) -> bool:
    numbers = value if isinstance(value, (list, tuple)) else [value, value]
    return len(numbers) == 2 and all(
        isinstance(x, (int, float)) for x in numbers
    )

"""Weight files of enhancers: tensors and plain numbers, nothing to execute."""

import json
import pickle
from pathlib import Path
from typing import Dict, Optional, Tuple, Union

import torch
from mmengine.runner import CheckpointLoader
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ruas_mm.files.atomic_write import atomic_write
from ruas_mm.models import LowLightEnhancer

SHIPPED = dict(
    RUAS_S='ruas.safetensors',
    RUAS='ruas.safetensors',
    RUAS_A='ruas_a.safetensors',
)
"""Variant -> file of this folder; see MODEL_CARD.md."""

PARTS = dict(
    RUAS_S=('scene',),
    RUAS=('scene', 'noise_remover'),
    RUAS_A=('scene', 'noise_remover', 'noise_estimator'),
)
DAMAGED = (pickle.UnpicklingError, RuntimeError, EOFError, AttributeError)
SETTINGS = ('scene', 'noise_remover', 'noise_estimator', 'noise_threshold')


def load_enhancer(
    variant: str = 'RUAS_A',
    weights: Optional[Union[str, Path]] = None,
    device: str = 'cpu',
) -> LowLightEnhancer:
    """An enhancer that is ready for use.

    Args:
        variant: ``'RUAS_S'``, ``'RUAS'`` or ``'RUAS_A'``.
        weights: A ``.safetensors`` file of :func:`save_enhancer`, or a
            checkpoint that ``tools/convert_official.py`` or training wrote
            (read by MMEngine's loader). None: those in this package.
        device: As in torch.

    Raises:
        ValueError: Unknown variant; a file that is damaged, holds a number
            that is not finite, lacks a part of the variant, does not fit it,
            or has another suffix.
        FileNotFoundError: No such file.
    """
    if variant not in PARTS:
        raise ValueError(f'variant={variant!r}, allowed: {tuple(PARTS)}')
    path = Path(weights or Path(__file__).parent / SHIPPED[variant])
    state, settings = _read(path)
    parts = PARTS[variant]
    state = {k: v for k, v in state.items() if k.split('.')[0] in parts}
    missing = [p for p in parts if not any(k.startswith(p) for k in state)]
    if missing:
        raise ValueError(f'{path} has no {missing}, which {variant} needs')
    bad = [k for k, v in state.items() if not torch.isfinite(v).all()]
    if bad:
        raise ValueError(f'{path} holds numbers that are not finite: {bad}')
    settings = {
        key: value
        for key, value in settings.items()
        if key in parts or key == 'noise_threshold'
    }
    try:
        enhancer = LowLightEnhancer(variant, **settings)
    except (TypeError, ValueError) as error:
        raise ValueError(f'{path}: settings {settings}: {error}') from None
    enhancer.load_state_dict(state)
    return enhancer.to(device).eval()


def save_enhancer(enhancer: LowLightEnhancer, path: Path, **settings) -> None:
    """Write an enhancer's weights, atomically.

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
    state = {
        key: value.detach().cpu().contiguous()
        for key, value in enhancer.state_dict().items()
    }
    with atomic_write(path) as temporary:
        save_file(state, temporary, metadata)


def _read(path: Path) -> Tuple[Dict[str, Tensor], dict]:
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such file of weights')
    suffix = path.suffix.lower()
    if suffix not in ('.safetensors', '.pth'):
        raise ValueError(f'{path}: allowed are .safetensors and .pth')
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
            state = checkpoint.get('state_dict', checkpoint)
            settings = checkpoint.get('meta', {}).get('enhancer', {})
        except DAMAGED as error:
            raise ValueError(f'{path} is damaged: {error}') from None
    if not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(f'{path} holds more than tensors')
    _check_plain(path, settings)
    return state, settings


def _check_plain(path: Path, settings: dict) -> None:
    """Settings may choose numbers and forms, not classes or other files."""
    if not isinstance(settings, dict) or not set(settings) <= set(SETTINGS):
        raise ValueError(f'{path}: settings {settings}, allowed: {SETTINGS}')
    for name, value in settings.items():
        kinds = (int, float) if name == 'noise_threshold' else dict
        if not isinstance(value, kinds):
            raise ValueError(
                f'{path}: {name}={value!r}, allowed: a number for '
                'noise_threshold, otherwise a dictionary'
            )
        if kinds is dict and set(value) & {'type', 'init_cfg'}:
            raise ValueError(
                f'{path}: {name} sets {sorted(value)}, allowed: anything but '
                'type and init_cfg'
            )

"""From a name of the zoo to an enhancer: ``scene='ruas_s'`` in any config."""

from pathlib import Path
from typing import Mapping, Optional, Union

from torch import nn

from ruas_mm.arguments import check_choice
from ruas_mm.models.enhancers.base import Enhancer, check_enhancer
from ruas_mm.registry import MODELS
from ruas_mm.weights.tensor_file import not_finite, read_tensors_below
from ruas_mm.weights.weight_file import FOLDER, read_weights
from ruas_mm.zoo import COMPARED, DEFAULT, ZOO, all_names

from .ruas import VARIANTS, LowLightEnhancer

FIXED = ('variant', 'device', 'init_cfg')  # of what a name stands for


def build_enhancer(
    enhancer: Union[str, dict, nn.Module], name: str = 'scene'
) -> nn.Module:
    """Whatever a config says stands in front of a model.

    Args:
        enhancer: A name of :data:`ZOO` (packaged weights), a config of a
            module with the interface of :class:`Enhancer`, where ``type`` may
            be a name of the zoo, other entries replace its settings and
            ``weights`` names another file, or the module itself. Names of
            :data:`COMPARED` are of the zoo, too, and mostly need
            ``weights``.
        name: Of the argument, for messages.

    Raises:
        ValueError: Unknown name, or a module without the interface.
    """
    if isinstance(enhancer, str):
        enhancer = dict(type=enhancer)
    if not isinstance(enhancer, dict):
        module = enhancer
    elif enhancer.get('type') in all_names():
        module = _build_from_zoo(**enhancer)
    elif _is_known(enhancer.get('type')):
        module = MODELS.build(enhancer)
    elif str(enhancer.get('type')).lower() in all_names():
        module = _build_from_zoo(**enhancer)
    else:
        raise ValueError(
            f'{name}={enhancer.get("type")!r}, allowed: a name of the zoo, '
            f'{all_names()}, or the config of an enhancer'
        )
    check_enhancer(module, name)
    return module


def _is_known(kind: Union[str, type, None]) -> bool:
    if isinstance(kind, str) and kind:
        return '.' in kind or MODELS.get(kind) is not None
    return isinstance(kind, type)  # as pure-Python configs say it


def _build_from_zoo(
    type: str, weights: Optional[str] = None, **settings
) -> nn.Module:
    parts = [v for v in settings.values() if isinstance(v, dict)]
    refused = [k for part in (settings, *parts) for k in part if k in FIXED]
    if refused:
        raise ValueError(
            f'{type} with {refused}, allowed: weights=FILE for other '
            'weights, and settings of the enhancer'
        )
    return load_enhancer(type, weights, **settings)


def load_enhancer(
    enhancer: str = DEFAULT,
    weights: Optional[Union[str, Path]] = None,
    device: str = 'cpu',
    **settings,
) -> nn.Module:
    """An enhancer that is ready for use.

    Args:
        enhancer: A name of :data:`ZOO` or :data:`COMPARED`, in small or
            capital letters.
        weights: See :func:`read_weights`, of compared ones
            :func:`load_compared`. None: those in this package.
        device: As in torch.
        **settings: Arguments of :class:`LowLightEnhancer`, which replace
            those in the file (a dictionary entry by entry), or of the
            compared one.

    Raises:
        ValueError: Unknown name; a file that is damaged, holds a number
            that is not finite, lacks a part of the variant, does not fit it,
            or has another suffix; no file where none is packaged.
        FileNotFoundError: No such file.
    """
    name = str(enhancer).lower()
    check_choice('enhancer', name, all_names())
    if weights is not None and (
        not isinstance(weights, (str, Path)) or not str(weights)
    ):
        raise ValueError(f'weights={weights!r}, allowed: None or a file')
    load = load_compared if name in COMPARED else _load_own
    return load(name, weights, **settings).to(device).eval()


def _load_own(
    name: str, weights: Optional[Union[str, Path]] = None, **settings
) -> LowLightEnhancer:
    """One of :data:`ZOO`; see :func:`load_enhancer`."""
    entry = ZOO[name]
    variant = entry.variant
    path = FOLDER / entry.weights if weights is None else Path(weights)
    state, saved = read_weights(path)
    parts = VARIANTS[variant].parts
    saved = {
        key: value
        for key, value in saved.items()
        if key in parts or key == 'noise_threshold'
    }
    settings = _merged(_merged(saved, entry.settings), settings)
    try:
        module = LowLightEnhancer(variant, **settings)
    except (TypeError, ValueError) as error:
        raise ValueError(f'{path}: settings {settings}: {error}') from None
    wanted = {key.split('.')[0] for key in module.state_dict()}
    state = {k: v for k, v in state.items() if k.split('.')[0] in wanted}
    missing = sorted(wanted - {key.split('.')[0] for key in state})
    if missing:
        raise ValueError(f'{path} has no {missing}, which {variant} needs')
    bad = not_finite(state)
    if bad:
        raise ValueError(f'{path} holds numbers that are not finite: {bad}')
    module.load_state_dict(state)
    return module


def load_compared(
    name: str,
    weights: Optional[Union[str, Path]] = None,
    from_nothing: bool = False,
    **settings,
) -> Enhancer:
    """One of :data:`COMPARED`, with its weights.

    Args:
        name: In small letters.
        weights: A file as its authors publish it (or of the class's own
            state dict), read as tensors alone; or a folder, where they are
            several files.
        from_nothing: Whether there need be no weights, for training.
        **settings: Arguments of the class.

    Raises:
        ValueError: No weights where there are some, or the reverse; settings
            that the class has not; a file of another network, damaged or
            with numbers that are not finite.
        FileNotFoundError: No such file.
    """
    entry = COMPARED[name]
    if entry.weights is None and weights is not None:
        raise ValueError(f'{name} with weights={weights}, allowed: None')
    if entry.weights is not None and weights is None and not from_nothing:
        raise ValueError(
            f'{name} with weights=None, allowed: a file (on a command line: '
            '--weights FILE), for none is in this package; its authors '
            f'publish {entry.weights}'
        )
    try:
        enhancer = entry.load_class()(**settings)
    except TypeError as error:
        raise ValueError(f'{name} with {settings}: {error}') from None
    if weights is not None:
        state = read_tensors_below(weights)
        enhancer.load_published(state, str(weights))
    return enhancer


def _merged(old: Mapping, new: Mapping) -> dict:
    """``old`` with the entries of ``new``, dictionaries entry by entry.

    Entries of one class are not those of another.
    """
    if new.get('type', old.get('type')) != old.get('type'):
        return dict(new)
    merged = dict(old)
    for key, value in new.items():
        is_nested = isinstance(value, Mapping) and isinstance(
            old.get(key), Mapping
        )
        merged[key] = _merged(old[key], value) if is_nested else value
    return merged

"""Load part of a checkpoint and prove that it fitted.

MMEngine's ``Pretrained`` initialiser loads what happens to match and only
logs the rest, and test tools never run initialisers at all, so an enhancer
can stay random without anyone noticing. Here a key that is missing, left over
or of another shape is an error, and so is testing with random weights.
"""

from typing import Callable, List, NamedTuple, Optional, Tuple, Union

import torch.nn as nn
from mmengine.logging import print_log
from mmengine.model import BaseModule
from mmengine.runner import CheckpointLoader
from torch import Tensor

from ruas_mm.weights.tensor_file import BROKEN
from ruas_mm.weights.weight_file import read_weights

FRONT = 'data_preprocessor.'
WRAPPED = 'module.'  # by DataParallel, or by test-time augmentation
NAMED = 3  # keys that a message tells of a model


class CheckpointError(ValueError):
    """A checkpoint of another model, or none."""


class Random(NamedTuple):
    """Weights as drawn; ``missing_in``: prefix sought in a checkpoint."""

    missing_in: Optional[str] = None


class Pending(NamedTuple):
    """Weights that a ``Pretrained`` entry will load."""

    entry: dict


class Known(NamedTuple):
    """Weights that mean something: loaded, or being trained."""

    source: str


Origin = Union[Random, Pending, Known]


class PretrainedModule(BaseModule):
    """A module that knows where its weights come from.

    A ``Pretrained`` entry loads strictly (see :func:`load_pretrained`): in
    ``init_weights``, or before the first use where nobody calls that (test
    tools). A checkpoint that holds the module replaces it, so the file need
    not exist any more when a trained model is used.

    Weights stay in float32 when a model is cast to half precision, in which
    the scene's arithmetic overflows.

    Args:
        init_cfg: As in MMEngine.

    Attributes:
        origin: :class:`Random`, :class:`Pending` or :class:`Known`.
    """

    def __init__(self, init_cfg: Union[dict, List[dict], None] = None) -> None:
        entry, others = split_pretrained(init_cfg)
        super().__init__(others)
        self.origin: Origin = Pending(entry) if entry else Random()
        self._absent_at: Optional[str] = None  # prefix in the last checkpoint
        self.register_load_state_dict_post_hook(_keep_given)

    def init_weights(self) -> None:
        """Initialise; a ``Pretrained`` entry must fit key by key."""
        super().init_weights()
        if isinstance(self.origin, Random) and self.init_cfg is None:
            self.start_small()
        self.load_pending()

    def start_small(self) -> None:
        """What a module without ``init_cfg`` does to its random weights."""

    def load_pending(self) -> None:
        """Load the ``Pretrained`` entry unless that was done already."""
        if isinstance(self.origin, Pending):
            entry = {k: v for k, v in self.origin.entry.items() if k != 'type'}
            load_pretrained(self, **entry)
            self.origin = Known(entry['checkpoint'])

    def check_ready(self) -> None:
        """Make sure that a test does not run on random weights.

        Raises:
            ValueError: In evaluation mode, after a checkpoint without the
                module was loaded.
        """
        self.load_pending()
        if isinstance(self.origin, Known):
            return
        if self.training:
            self.origin = Known('training')
        elif self.origin.missing_in is not None and self._owns_weights():
            part = self.origin.missing_in.rstrip('.').split('.')[-1]
            raise ValueError(
                f'the checkpoint has no key that starts with '
                f'{self.origin.missing_in!r}, so {type(self).__name__} has '
                'random weights and the result would mean nothing. Name its '
                "weights: init_cfg=dict(type='Pretrained', checkpoint=..., "
                f'prefix={part!r}), or train the model first'
            )

    def check_given(self) -> None:
        """Make sure that a module which is never trained has weights.

        Raises:
            ValueError: Neither ``init_cfg`` nor a checkpoint gave any.
        """
        self.load_pending()
        if isinstance(self.origin, Random) and self._owns_weights():
            raise ValueError(
                f'frozen=True, but {type(self).__name__} has random '
                "weights. Give it init_cfg=dict(type='Pretrained', ...), a "
                "checkpoint that holds it, or name one of the zoo ('ruas_s')"
            )

    def _owns_weights(self) -> bool:
        """Whether it has some beside those of modules of this kind in it."""
        nested = {
            id(parameter)
            for module in self.modules()
            if module is not self and isinstance(module, PretrainedModule)
            for parameter in module.parameters()
        }
        return any(id(p) not in nested for p in self.parameters())

    def _load_from_state_dict(
        self, state_dict: dict, prefix: str, *args
    ) -> None:
        """Accept all keys, or none (a model-zoo checkpoint of the host)."""
        loaded = _below(prefix, state_dict)
        self._absent_at = None if loaded else prefix
        if loaded:
            source = f'the checkpoint, prefix {prefix!r},'
            check_fits(self, self.state_dict(), loaded, source)
            self.origin = Known('a checkpoint')
        elif isinstance(self.origin, Random):
            self.origin = Random(missing_in=prefix)
        super()._load_from_state_dict(state_dict, prefix, *args)

    def _apply(
        self, fn: Callable[[Tensor], Tensor], *args, **kwargs
    ) -> 'PretrainedModule':
        def without_rounding(tensor: Tensor) -> Tensor:
            result = fn(tensor)
            if result.is_floating_point() and result.element_size() < 4:
                return tensor.to(result.device)
            return result

        return super()._apply(without_rounding, *args, **kwargs)


def _keep_given(module: PretrainedModule, incompatible: NamedTuple) -> None:
    """What has weights of its own is not missing in a host's checkpoint."""
    prefix = module._absent_at
    if prefix is None or isinstance(module.origin, Random):
        return
    missing = incompatible.missing_keys
    others = [key for key in missing if not key.startswith(prefix)]
    if len(others) < len(missing):
        missing[:] = others
        print_log(
            f'{type(module).__name__} keeps the weights that it was given: '
            f'the checkpoint has no key that starts with {prefix!r}',
            logger='current',
        )


def split_pretrained(
    init_cfg: Union[dict, List[dict], None],
) -> Tuple[Optional[dict], Optional[List[dict]]]:
    """The ``Pretrained`` entry of an ``init_cfg``, and the others."""
    entries = init_cfg or []
    entries = [entries] if isinstance(entries, dict) else list(entries)
    pretrained = [e for e in entries if e['type'] == 'Pretrained']
    others = [e for e in entries if e['type'] != 'Pretrained']
    return (pretrained[-1] if pretrained else None), (others or None)


def entry_of_part(pretrained: dict, part: str) -> dict:
    """A ``Pretrained`` entry of a whole model, for one of its parts."""
    prefix = pretrained.get('prefix')
    prefix = f'{prefix.rstrip(".")}.{part}' if prefix else part
    return dict(pretrained, prefix=prefix)


def load_pretrained(
    module: nn.Module,
    checkpoint: str,
    prefix: Optional[str] = None,
    map_location: str = 'cpu',
) -> None:
    """Load ``checkpoint`` into ``module``; every key must fit.

    Args:
        module: Module to fill.
        checkpoint: A ``.safetensors`` file, or a path or URL that MMEngine's
            loader reads.
        prefix: The module's place in the checkpoint, for example ``'scene'``
            (converted weights) or ``'data_preprocessor.scene'`` (a model
            trained with :class:`SceneDataPreprocessor`).
        map_location: As in :func:`torch.load`.

    Raises:
        ValueError: The checkpoint has no key under ``prefix``, or keys or
            shapes differ; the message names them.
    """
    name = type(module).__name__
    state = read_state(checkpoint, map_location)
    start = f'{prefix.rstrip(".")}.' if prefix else ''
    loaded = _below(start, state)
    own = module.state_dict()
    if not loaded:
        raise ValueError(
            f'{checkpoint} has no key that starts with {start!r}, so {name} '
            f'cannot be loaded. Prefixes where it would fit: '
            f'{_find_prefixes(state, own) or "none"}'
        )
    check_fits(module, own, loaded, f'{checkpoint}, prefix {start!r},')
    module.load_state_dict(loaded, strict=True)
    print_log(
        f'{name}: all {len(loaded)} tensors loaded from {checkpoint}',
        logger='current',
    )


def check_checkpoint(model: nn.Module, checkpoint: str) -> None:
    """Make sure that a checkpoint fills a host's model.

    MMEngine loads what happens to match, and would test the rest as drawn.
    What stands in front of the model is left out: it knows by itself whether
    it has weights (see :meth:`PretrainedModule.check_ready`). Tensors beyond
    the model's own, such as those of a teacher, do no harm.

    Args:
        model: As the config builds it, test-time augmentation around or not.
        checkpoint: As in :func:`load_pretrained`.

    Raises:
        CheckpointError: A parameter is missing or has another shape.
    """
    state = {
        key.removeprefix(WRAPPED): value
        for key, value in read_state(checkpoint).items()
    }
    own = {
        key.removeprefix(WRAPPED): tuple(parameter.shape)
        for key, parameter in model.named_parameters()
    }
    own = {k: shape for k, shape in own.items() if not k.startswith(FRONT)}
    missing = sorted(own.keys() - state.keys())
    shapes = [
        f'{key}: {tuple(state[key].shape)} instead of {shape}'
        for key, shape in own.items()
        if key in state and tuple(state[key].shape) != shape
    ]
    if missing or shapes:
        raise CheckpointError(
            f'{checkpoint} does not fit {type(model).__name__}: of '
            f'{len(own)} parameters {len(missing)} are missing '
            f'{missing[:NAMED]}, {len(shapes)} have another shape '
            f'{shapes[:NAMED]}; it holds {sorted(state)[:NAMED]} and so on. '
            "Allowed: a checkpoint of this config's model"
        )


def check_fits(
    module: nn.Module, own: dict, loaded: dict, source: str
) -> None:
    """Compare keys and shapes of two state dicts.

    Raises:
        ValueError: They differ; the message names every difference.
    """
    missing = sorted(own.keys() - loaded.keys())
    unexpected = sorted(loaded.keys() - own.keys())
    shapes = [
        f'{key}: {tuple(loaded[key].shape)} instead of {tuple(own[key].shape)}'
        for key in sorted(own.keys() & loaded.keys())
        if loaded[key].shape != own[key].shape
    ]
    if missing or unexpected or shapes:
        raise ValueError(
            f'{source} does not fit {type(module).__name__}: missing '
            f'{missing}, unexpected {unexpected}, other shapes {shapes}. '
            'Is the genotype the one that it was trained with?'
        )


def read_state(checkpoint: str, map_location: str = 'cpu') -> dict:
    """State dict of a checkpoint, see :func:`load_pretrained`.

    Raises:
        CheckpointError: The file is damaged, or no checkpoint.
    """
    if str(checkpoint).endswith('.safetensors'):
        return read_weights(checkpoint)[0]
    try:
        state = CheckpointLoader.load_checkpoint(checkpoint, map_location)
    except BROKEN as error:
        raise CheckpointError(f'{checkpoint} is damaged: {error}') from None
    state = state.get('state_dict', state) if isinstance(state, dict) else None
    if not isinstance(state, dict):
        raise CheckpointError(
            f'{checkpoint} holds no state dict, allowed: a checkpoint'
        )
    return state


def _below(prefix: str, state: dict) -> dict:
    """Entries of a state dict whose keys start with ``prefix``."""
    return {
        key[len(prefix) :]: value
        for key, value in state.items()
        if key.startswith(prefix)
    }


def _find_prefixes(state: dict, own: dict) -> list:
    key = next(iter(own))
    candidates = {k[: -len(key)] for k in state if k.endswith(key)}
    return sorted(
        p.rstrip('.') for p in candidates if all(p + k in state for k in own)
    )

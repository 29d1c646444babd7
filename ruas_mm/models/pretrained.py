"""Load part of a checkpoint and prove that it fitted.

MMEngine's ``Pretrained`` initialiser loads what happens to match and only
logs the rest, and test tools never run initialisers at all, so an enhancer
can stay random without anyone noticing. Here a key that is missing, left over
or of another shape is an error, and so is testing with random weights.
"""

from typing import Optional

import torch.nn as nn
from mmengine.logging import print_log
from mmengine.model import BaseModule
from mmengine.runner import CheckpointLoader


class PretrainedWeights:
    """Where the weights of one module came from.

    Takes the ``Pretrained`` entry out of the module's ``init_cfg`` and loads
    it strictly: in ``init_weights``, or before the first use where nobody
    calls that (test tools). A checkpoint that holds the module replaces it,
    so the file need not exist any more when a trained model is used.

    Args:
        module: The module; its ``init_cfg`` keeps the other entries.
    """

    def __init__(self, module: BaseModule) -> None:
        entries = module.init_cfg or []
        entries = [entries] if isinstance(entries, dict) else list(entries)
        pretrained = [e for e in entries if e['type'] == 'Pretrained']
        module.init_cfg = [e for e in entries if e not in pretrained] or None
        self.pending = pretrained[-1] if pretrained else None
        self.is_random = True
        self.missing_in = None

    def load_pending(self, module: nn.Module) -> None:
        """Load the ``Pretrained`` entry unless that was done already."""
        if self.pending is None:
            return
        arguments = {k: v for k, v in self.pending.items() if k != 'type'}
        load_pretrained(module, **arguments)
        self.pending = None
        self.is_random = False

    def check_checkpoint(
        self, module: nn.Module, state: dict, prefix: str
    ) -> None:
        """Check a state dict that is about to be loaded into ``module``.

        A state dict without any key of the module is accepted (a model-zoo
        checkpoint of the host, to be trained on); one with some of them, or
        with other shapes, is not.

        Raises:
            ValueError: The module's keys or shapes differ.
        """
        own = module.state_dict()
        loaded = {
            key[len(prefix) :]: value
            for key, value in state.items()
            if key.startswith(prefix)
        }
        if not loaded:
            self.missing_in = prefix
            return
        check_fits(module, own, loaded, f'the checkpoint, prefix {prefix!r},')
        self.pending = None
        self.missing_in = None
        self.is_random = False

    def check_ready(self, module: nn.Module) -> None:
        """Make sure that a test does not run on random weights.

        Raises:
            ValueError: In evaluation mode, after a checkpoint without the
                module was loaded.
        """
        self.load_pending(module)
        if module.training:
            self.missing_in = None
            self.is_random = False
        elif self.is_random and self.missing_in is not None:
            name = type(module).__name__
            part = self.missing_in.rstrip('.').split('.')[-1]
            raise ValueError(
                f'the checkpoint has no key that starts with '
                f'{self.missing_in!r}, so {name} has random weights and the '
                'result would mean nothing. Name its weights: init_cfg='
                f"dict(type='Pretrained', checkpoint=..., prefix={part!r}), "
                'or train the model first'
            )

    def check_given(self, module: nn.Module) -> None:
        """Make sure that a module which is never trained has weights.

        Raises:
            ValueError: Neither ``init_cfg`` nor a checkpoint gave any.
        """
        self.load_pending(module)
        if self.is_random:
            raise ValueError(
                f'frozen=True, but {type(module).__name__} has random '
                "weights. Give it init_cfg=dict(type='Pretrained', ...) or a "
                'checkpoint that holds it'
            )


class PretrainedModule(BaseModule):
    """A module whose ``Pretrained`` entry must fit key by key.

    Args:
        init_cfg: As in MMEngine; a ``Pretrained`` entry loads strictly (see
            :func:`load_pretrained`) and at the latest before the first use.
    """

    def __init__(self, init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg)
        self.weights = PretrainedWeights(self)

    def init_weights(self) -> None:
        """Initialise; a ``Pretrained`` entry must fit key by key."""
        super().init_weights()
        if self.weights.pending is None and self.init_cfg is None:
            self.start_small()
        self.weights.load_pending(self)

    def start_small(self) -> None:
        """What a module without ``init_cfg`` does to its random weights."""

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
        self.weights.check_checkpoint(self, state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *args)


def load_pretrained(
    module: nn.Module,
    checkpoint: str,
    prefix: Optional[str] = None,
    map_location: str = 'cpu',
) -> None:
    """Load ``checkpoint`` into ``module``; every key must fit.

    Args:
        module: Module to fill.
        checkpoint: Path or URL, read by MMEngine's loader.
        prefix: The module's place in the checkpoint, for example ``'scene'``
            (converted weights) or ``'data_preprocessor.scene'`` (a model
            trained with :class:`SceneDataPreprocessor`).
        map_location: As in :func:`torch.load`.

    Raises:
        ValueError: The checkpoint has no key under ``prefix``, or keys or
            shapes differ; the message names them.
    """
    name = type(module).__name__
    state = CheckpointLoader.load_checkpoint(checkpoint, map_location)
    state = state.get('state_dict', state)
    start = f'{prefix.rstrip(".")}.' if prefix else ''
    loaded = {
        key[len(start) :]: value
        for key, value in state.items()
        if key.startswith(start)
    }
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


def _find_prefixes(state: dict, own: dict) -> list:
    key = next(iter(own))
    candidates = {k[: -len(key)] for k in state if k.endswith(key)}
    return sorted(
        p.rstrip('.') for p in candidates if all(p + k in state for k in own)
    )

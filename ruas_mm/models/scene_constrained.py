"""Any host's model under the scene loss as well.

Paper: Sec. 3, Eq. (5), ``l_t + lambda l_s``, and Table 6.
https://arxiv.org/abs/2112.04719

Differs from the paper: nothing; the release has no training code for
high-level tasks.
"""

from functools import lru_cache
from typing import Dict, Iterable, Optional, Tuple

import torch
import torch.nn as nn
from torch import Tensor

from ruas_mm.arguments import check_choice
from ruas_mm.models.architecture import (
    architecture_parameters,
    weight_parameters,
)
from ruas_mm.models.data_preprocessors.scene_data_preprocessor import (
    SceneDataPreprocessor,
    attached_scenes,
)
from ruas_mm.models.scene_module import SceneOutput
from ruas_mm.registry import MODELS

PARTS = ('scene', 'task', 'end_to_end')


@MODELS.register_module(name='SceneConstrained')
def scene_constrained(
    host: str,
    scene_loss: Optional[dict] = None,
    scene_weight: float = 1.0,
    **kwargs,
) -> nn.Module:
    """Build a host's model whose loss is ``l_t + lambda l_s``.

    It is the host's model: same parameters, same keys, same results; a
    checkpoint loads into the plain model and the other way round. In addition
    it has :meth:`SceneConstraint.train_only`, which a search needs.

    In a config it takes the place of the type, and all else stays::

        _base_ = './ruas_ssd_exdark.py'
        model = dict(
            type='ruas_mm.SceneConstrained', host={{_base_.model.type}})

    Args:
        host: Type of the host's model.
        scene_loss: Config of l_s; default :class:`SceneLoss`.
        scene_weight: lambda, where both are trained at once. 1: the paper
            gives no value.
        **kwargs: Of the host's model; its ``data_preprocessor`` is a
            :class:`SceneDataPreprocessor`.

    Raises:
        ValueError: Unknown host, or no scene module in the preprocessor.
    """
    with MODELS.switch_scope_and_registry(None) as registry:
        host_class = registry.get(host)
        if host_class is None:
            raise ValueError(
                f'host={host!r}, allowed: a model of the default scope '
                f'{registry.scope!r}, or of a named one (mmdet.SSD)'
            )
        preprocessor = kwargs.get('data_preprocessor') or {}
        if 'scene' in preprocessor:
            kwargs['data_preprocessor'] = dict(dict(host=host), **preprocessor)
        model = _constrained_class(host_class)(**kwargs)
    if not isinstance(model.data_preprocessor, SceneDataPreprocessor):
        raise ValueError(
            'SceneConstrained needs ruas_mm.SceneDataPreprocessor as '
            f'data_preprocessor of {host}, got '
            f'{type(model.data_preprocessor).__name__}'
        )
    model.constrain(scene_loss, scene_weight)
    return model


@lru_cache(maxsize=None)
def _constrained_class(host: type) -> type:
    """A subclass of the host's, so that keys stay."""
    name = f'SceneConstrained{host.__name__}'
    return type(name, (SceneConstraint, host), dict(host_class=host))


class SceneConstraint:
    """What :func:`scene_constrained` puts in front of a host's class."""

    trained_part = 'end_to_end'

    def constrain(self, scene_loss: Optional[dict], weight: float) -> None:
        """Add the loss to a model that is built already."""
        self.data_preprocessor.attach_in_training = True
        self.scene_loss = MODELS.build(
            scene_loss or dict(type='ruas_mm.SceneLoss')
        )
        self.scene_weight = weight
        self._frozen_by_host = {
            name for name, p in self.named_parameters() if not p.requires_grad
        }

    def __reduce__(self) -> tuple:
        """Copies and pickles name the host's class, which has a module."""
        return _new_constrained, (self.host_class,), self.__dict__

    def train_only(self, part: str) -> None:
        """Choose what is trained, and by which loss.

        Args:
            part: ``'scene'``, the scene module by l_s (the host's network is
                not even run), ``'task'``, everything else by l_t, or
                ``'end_to_end'``. What the host has frozen stays so.

        Raises:
            ValueError: Unknown part.
        """
        check_choice('part', part, PARTS)
        self.trained_part = part
        for each in ('scene', 'task'):
            parameters = {
                **weight_parameters(self, each),
                **architecture_parameters(self, each),
            }
            for name, parameter in parameters.items():
                parameter.requires_grad_(
                    part in (each, 'end_to_end')
                    and name not in self._frozen_by_host
                )

    def forward(
        self,
        inputs: Optional[Tensor] = None,
        data_samples: Optional[list] = None,
        mode: str = 'tensor',
        **kwargs,
    ):
        """The host's; in mode ``'loss'`` with l_s, by ``trained_part``."""
        if inputs is not None:  # mmpretrain's multimodal ones call it images
            kwargs['inputs'] = inputs
        kwargs['data_samples'] = data_samples
        if mode == 'loss':
            return self.part_losses(self.trained_part, **kwargs)
        return super().forward(mode=mode, **kwargs)

    def part_losses(
        self, part: str, data_samples: Optional[list] = None, **kwargs
    ) -> Dict[str, Tensor]:
        """Losses of one part, whatever is being trained.

        Args:
            part: As in :meth:`train_only`.
            data_samples: What the preprocessor returns, in training mode.
            **kwargs: The same, what else the host's ``forward`` takes.
        """
        weight = {'scene': 1.0, 'task': 0.0}.get(part, self.scene_weight)
        losses = {}
        if weight:
            scene = self._scene_losses(attached_scenes(data_samples))
            losses.update({name: weight * scene[name] for name in scene})
        if part != 'scene':
            losses.update(
                super().forward(
                    data_samples=data_samples, mode='loss', **kwargs
                )
            )
        return losses

    def _scene_losses(
        self, scenes: Iterable[Tuple[Tensor, Tensor, Optional[Tensor]]]
    ) -> Dict[str, Tensor]:
        """Means over the pictures, whose sizes may differ."""
        each = []
        for y, u, t in scenes:
            illuminations = () if t is None else (t[None],)
            scene = SceneOutput((u[None],), illuminations)
            each.append(self.scene_loss(y[None], scene))
        return {
            name: torch.stack([losses[name] for losses in each]).mean()
            for name in each[0]
        }


def _new_constrained(host: type) -> SceneConstraint:
    kind = _constrained_class(host)
    return kind.__new__(kind)

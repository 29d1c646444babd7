"""Any host's model under the scene loss as well.

Paper: Sec. 3, Eq. (5), ``l_t + lambda l_s``, and Table 6.
https://arxiv.org/abs/2112.04719

Differs from the paper: nothing; the release has no training code for
high-level tasks.
"""

from typing import Dict, Optional

import torch
import torch.nn as nn
from torch import Tensor

from ruas_mm.models.architecture import (
    architecture_parameters,
    weight_parameters,
)
from ruas_mm.models.scene_module import SceneOutput
from ruas_mm.registry import MODELS

STAGES = ('scene', 'task', 'end_to_end')


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
        scene_weight: lambda. 1: the paper gives no value.
        **kwargs: Of the host's model; its ``data_preprocessor`` is a
            :class:`SceneDataPreprocessor`.

    Raises:
        ValueError: There is no scene module in the preprocessor.
    """
    model = MODELS.build(dict(type=host, **kwargs))
    if not hasattr(model.data_preprocessor, 'attach_scene'):
        raise ValueError(
            'SceneConstrained needs ruas_mm.SceneDataPreprocessor as '
            f'data_preprocessor of {host}, got '
            f'{type(model.data_preprocessor).__name__}'
        )
    kind = type(model)
    # a subclass of whatever the host's class is, so that keys stay
    model.__class__ = type(
        f'SceneConstrained{kind.__name__}', (SceneConstraint, kind), {}
    )
    model.constrain(scene_loss, scene_weight)
    return model


class SceneConstraint:
    """What :func:`scene_constrained` puts in front of a host's class."""

    stage = 'end_to_end'

    def constrain(self, scene_loss: Optional[dict], weight: float) -> None:
        """Add the loss to a model that is built already."""
        self.data_preprocessor.attach_scene = True
        self.scene_loss = MODELS.build(
            scene_loss or dict(type='ruas_mm.SceneLoss')
        )
        self.scene_weight = weight
        self._frozen_by_host = {
            name for name, p in self.named_parameters() if not p.requires_grad
        }

    def train_only(self, stage: str) -> None:
        """Choose what is trained, and by which loss.

        Args:
            stage: ``'scene'``, the scene module by l_s (the host's network is
                not even run), ``'task'``, everything else by l_t, or
                ``'end_to_end'``. What the host has frozen stays so.

        Raises:
            ValueError: Unknown stage.
        """
        if stage not in STAGES:
            raise ValueError(f'stage={stage!r}, allowed: {STAGES}')
        self.stage = stage
        for part in ('scene', 'task'):
            parameters = {
                **weight_parameters(self, part),
                **architecture_parameters(self, part),
            }
            for name, parameter in parameters.items():
                parameter.requires_grad_(
                    stage in (part, 'end_to_end')
                    and name not in self._frozen_by_host
                )

    def forward(
        self,
        inputs: Tensor,
        data_samples: Optional[list] = None,
        mode: str = 'tensor',
        **kwargs,
    ):
        """The host's; in mode ``'loss'`` with l_s, by ``stage``."""
        if mode != 'loss':
            return super().forward(inputs, data_samples, mode, **kwargs)
        losses = {}
        if self.stage != 'task':
            losses.update(self._scene_losses(data_samples))
        if self.stage != 'scene':
            losses.update(
                super().forward(inputs, data_samples, mode, **kwargs)
            )
        return losses

    def _scene_losses(self, data_samples: list) -> Dict[str, Tensor]:
        """Means over the pictures, whose sizes may differ."""
        each = []
        for sample in data_samples:
            y, u, t = (
                getattr(sample.scene, name)[None]
                for name in ('low_light', 'enhanced', 'illumination')
            )
            each.append(self.scene_loss(y, SceneOutput((u,), (t,))))
        return {
            name: self.scene_weight
            * torch.stack([x[name] for x in each]).mean()
            for name in each[0]
        }

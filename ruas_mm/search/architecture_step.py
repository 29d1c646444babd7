"""One update of the architecture: steps 5 and 10 of Algorithm 1.

Paper: Sec. 4.2, Eq. (7), Algorithm 1. https://arxiv.org/abs/2112.04719

Differs from the paper: nothing known; where step 5 leaves open which weights
L_val^t sees, here both losses see omega_s after its virtual step.
"""

import copy
from functools import partial
from typing import Dict, List, Optional, Tuple

import torch
from mmengine.dist import all_reduce_params, get_world_size
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from ruas_mm.models.architecture import (
    architecture_parameters,
    weight_parameters,
)
from ruas_mm.models.losses import SCENE_LOSSES
from ruas_mm.models.unwrap import unwrap_model

from .bilevel import Loss, architecture_gradient
from .functional_loss import functional_loss
from .virtual_step import momentum_buffers, sgd_steps

Parameters = Dict[str, nn.Parameter]


class ArchitectureStep:
    """Move the alphas of one part by the losses of two batches.

    Everything is computed in full precision, also under AMP: finite
    differences drown in the rounding of half precision. Over several
    processes all gradients are averaged, so that each moves its alphas as one
    process would on the joined batch.

    The virtual step is that of the run's ``torch.optim.SGD``, weight by
    weight (rate, momentum with its buffers, weight decay); for other
    optimisers it is a plain gradient step at their rates, as in DARTS.
    Clipping is left out.

    Args:
        model: The model, wrapped or not, whose ``part_losses`` gives the
            losses of a part (:class:`LowLightEnhancer`, or any host's model in
            :func:`SceneConstrained`). For a global search any model.
        optim_wrapper: Of the weights.
        optimizer: Of the alphas.
        gradient: See :func:`architecture_gradient`.

    Raises:
        ValueError: Several optimisers for the weights.
    """

    def __init__(
        self,
        model: nn.Module,
        optim_wrapper: OptimWrapper,
        optimizer: torch.optim.Optimizer,
        gradient: str,
    ) -> None:
        if not isinstance(optim_wrapper, OptimWrapper):
            raise ValueError(
                'search needs one optimiser of the weights, got '
                f'{type(optim_wrapper).__name__}; allowed: OptimWrapper'
            )
        self.model = unwrap_model(model)
        self.optim_wrapper = optim_wrapper
        self.optimizer = optimizer
        self.gradient = gradient
        self._found: Dict[str, Tuple[Parameters, Parameters]] = {}
        self.average = None
        if get_world_size() > 1:
            self.average = partial(all_reduce_params, op='mean')

    def __call__(
        self,
        part: str,
        task_weight: Optional[float],
        train_batch: dict,
        val_batch: dict,
    ) -> None:
        """Update the alphas of ``part``.

        Args:
            part: ``'scene'``, ``'task'`` or ``'end_to_end'``.
            task_weight: beta of Eq. (7), ``L_val^s + beta L_val^t``; None:
                ``L_val^t`` alone.
            train_batch: What the training loader delivers.
            val_batch: The same of the validation loader.

        Raises:
            NotFiniteError: A loss or a gradient is not finite; alphas stay as
                they were.
        """
        gradients = self.gradients(part, task_weight, train_batch, val_batch)
        alphas, _ = self._parameters(part)
        for name, gradient in gradients.items():
            alphas[name].grad = gradient
        self.optimizer.step()
        for alpha in alphas.values():
            alpha.grad = None  # the optimiser of the weights must not see it

    def gradients(
        self,
        part: str,
        task_weight: Optional[float],
        train_batch: dict,
        val_batch: dict,
    ) -> Dict[str, Tensor]:
        """By name of the alphas; see :meth:`__call__`."""
        alphas, weights = self._parameters(part)
        # detached, all may vary; the model's own are off in weight steps
        alphas = {name: alpha.detach() for name, alpha in alphas.items()}
        weights = {n: w for n, w in weights.items() if w.requires_grad}
        val_part = 'end_to_end' if part == 'scene' and task_weight else part
        optimizer = self.optim_wrapper.optimizer
        return architecture_gradient(
            self._loss(train_batch, part, 1.0),
            self._loss(val_batch, val_part, task_weight),
            weights,
            alphas,
            steps=sgd_steps(optimizer, weights),
            momentum_buffers=momentum_buffers(optimizer, weights),
            gradient=self.gradient,
            average=self.average,
        )

    def _parameters(self, part: str) -> Tuple[Parameters, Parameters]:
        """Alphas and weights of a part, which is looked for once."""
        if part not in self._found:
            searched = None if part == 'end_to_end' else part
            self._found[part] = (
                architecture_parameters(self.model, searched),
                weight_parameters(self.model, searched),
            )
        return self._found[part]

    def _loss(
        self, batch: dict, part: str, task_weight: Optional[float]
    ) -> Loss:
        def closure(model: nn.Module) -> Tensor:
            # the hosts' preprocessors change the labels of a batch in place
            data = model.data_preprocessor(copy.deepcopy(batch), True)
            if hasattr(model, 'part_losses'):
                losses = model.part_losses(part, **data)
            else:
                losses = model(**data, mode='loss')
            return weigh_losses(losses, task_weight)

        return functional_loss(self.model, closure)


def weigh_losses(
    losses: Dict[str, Tensor], task_weight: Optional[float]
) -> Tensor:
    """``l_s + task_weight * l_t``; None: ``l_t`` alone.

    Args:
        losses: What a model returns in mode ``'loss'``: tensors, or lists of
            them. Entries without ``loss`` in their name are figures to be
            logged, as in MMEngine.
        task_weight: beta of Eq. (7).
    """
    scene, task = [], []
    for name, loss in losses.items():
        if 'loss' in name:
            of_scene = name.startswith(SCENE_LOSSES)
            (scene if of_scene else task).append(_mean(loss))
    if task_weight is None:
        return sum(task)
    total = sum(scene)
    return total + task_weight * sum(task) if task_weight else total


def _mean(loss) -> Tensor:
    """As ``parse_losses`` of MMEngine: a tensor, or a list of them."""
    parts: List[Tensor] = [loss] if isinstance(loss, Tensor) else loss
    return sum(part.mean() for part in parts)

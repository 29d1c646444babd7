"""One update of the architecture: steps 5 and 10 of Algorithm 1.

Paper: Sec. 4.2, Eq. (7), Algorithm 1. https://arxiv.org/abs/2112.04719

Differs from the paper: nothing known; where step 5 leaves open which weights
L_val^t sees, here both losses see omega_s after its virtual step.
"""

from functools import partial
from typing import Callable, Dict, List, Optional, Tuple

import torch
from mmengine.dist import all_reduce_params, get_world_size
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from ruas_mm.models.architecture import (
    architecture_parameters,
    weight_parameters,
)
from ruas_mm.models.losses import SCENE_LOSSES

from .bilevel import MODES, Loss, architecture_gradient
from .functional_loss import functional_loss

FIRST_ORDER = MODES[0]
Parameters = Dict[str, nn.Parameter]
Combine = Callable[[Dict[str, Tensor]], Tensor]


class ArchitectureStep:
    """Move the alphas of one part by the losses of two batches.

    Everything is computed in full precision, also under AMP: finite
    differences drown in the rounding of half precision. Over several
    processes all gradients are averaged, so that each moves its alphas as one
    process would on the joined batch.

    The virtual step is that of the run's ``torch.optim.SGD`` (rate, momentum
    with its buffers, weight decay); for other optimisers it is a plain
    gradient step at their rate, as in DARTS. Clipping is left out.

    Args:
        model: The model, wrapped or not; its ``part_losses`` tells the losses
            of one part (:class:`LowLightEnhancer`, or any host's model in
            :func:`SceneConstrained`). For a global search any model.
        optim_wrapper: Of the weights.
        optimizer: Of the alphas.
        mode: See :func:`architecture_gradient`.

    Raises:
        ValueError: Several optimisers for the weights.
    """

    def __init__(
        self,
        model: nn.Module,
        optim_wrapper: OptimWrapper,
        optimizer: torch.optim.Optimizer,
        mode: str,
    ) -> None:
        if not isinstance(optim_wrapper, OptimWrapper):
            raise ValueError(
                'search needs one optimiser of the weights, got '
                f'{type(optim_wrapper).__name__}; allowed: OptimWrapper'
            )
        self.model = model.module if is_model_wrapper(model) else model
        self.optim_wrapper = optim_wrapper
        self.optimizer = optimizer
        self.mode = mode
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
        settings = dict(lr=0.0)
        if self.mode != FIRST_ORDER:
            settings = sgd_settings(self.optim_wrapper.optimizer, weights)
        return architecture_gradient(
            self._loss(train_batch, part, _sum),
            self._loss(val_batch, val_part, partial(_weigh, task_weight)),
            weights,
            alphas,
            mode=self.mode,
            average=self.average,
            **settings,
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

    def _loss(self, batch: dict, part: str, combine: Combine) -> Loss:
        def closure(model: nn.Module) -> Tensor:
            data = model.data_preprocessor(batch, True)
            if hasattr(model, 'part_losses'):
                return combine(model.part_losses(part, **data))
            return combine(model._run_forward(data, mode='loss'))

        return functional_loss(self.model, closure)


def sgd_settings(
    optimizer: torch.optim.Optimizer, weights: Dict[str, Tensor]
) -> dict:
    """What the virtual step shares with the real one.

    Args:
        optimizer: Of the weights.
        weights: Those that the step moves, by name.

    Returns:
        ``lr``, and of an SGD ``momentum``, ``momentum_buffers`` and
        ``weight_decay``: arguments of :func:`architecture_gradient`.

    Raises:
        ValueError: The weights are in groups of different settings.
    """
    is_sgd = type(optimizer) is torch.optim.SGD
    keys = ('lr', 'momentum', 'weight_decay') if is_sgd else ('lr',)
    moved = {id(weight) for weight in weights.values()}
    found = {
        tuple(group[key] for key in keys)
        for group in optimizer.param_groups
        if moved.intersection(map(id, group['params']))
    }
    if len(found) > 1:
        raise ValueError(
            f'the searched weights have different {keys}: {sorted(found)}; '
            'allowed: one setting (no paramwise_cfg), or '
            "second_order='first_order'"
        )
    settings = dict(zip(keys, *found)) if found else dict(lr=0.0)
    if settings.get('momentum'):
        settings['momentum_buffers'] = {
            name: optimizer.state[weight].get('momentum_buffer')
            for name, weight in weights.items()
            if weight in optimizer.state
        }
    return settings


def _sum(losses: Dict[str, Tensor]) -> Tensor:
    return _weigh(1.0, losses)


def _weigh(task_weight: Optional[float], losses: Dict[str, Tensor]) -> Tensor:
    """``l_s + task_weight * l_t``; None: ``l_t`` alone."""
    scene, task = [], []
    for name, loss in losses.items():
        if 'loss' in name:  # others are figures to be logged: MMEngine
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

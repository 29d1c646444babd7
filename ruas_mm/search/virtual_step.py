"""The virtual training step: what ``torch.optim.SGD`` is about to do.

Paper: Sec. 4.2, Eq. (7), ``omega' = omega - xi grad L_tr(omega, alpha)``.
https://arxiv.org/abs/2112.04719

Differs from the paper: beside its rate xi the step has momentum and weight
decay, as the real one has, and each weight may have settings of its own.
"""

import math
from typing import Dict, List, NamedTuple, Optional

import torch
from torch import Tensor

from ruas_mm.arguments import check_at_least

Tensors = Dict[str, Tensor]
Buffers = Dict[str, Optional[Tensor]]


class SgdStep(NamedTuple):
    """Settings of one weight, as in ``torch.optim.SGD``."""

    lr: float
    momentum: float = 0.0
    dampening: float = 0.0
    weight_decay: float = 0.0
    nesterov: bool = False

    def slope(self, has_buffer: bool) -> float:
        """How far the weight goes back if its gradient grows by one."""
        share = 1 - self.dampening if has_buffer else 1.0
        if self.nesterov:
            share = 1 + self.momentum * share
        elif not self.momentum:
            share = 1.0
        return self.lr * share


Steps = Dict[str, SgdStep]


def sgd_steps(
    optimizer: torch.optim.Optimizer, weights: Dict[str, Tensor]
) -> Steps:
    """The next step of the weights' optimiser, weight by weight.

    Args:
        optimizer: Of any kind; if it is no SGD, the step is a plain gradient
            step at its rate, as in DARTS.
        weights: By name. Those that the optimiser has not do not move.

    Raises:
        ValueError: An SGD with ``maximize=True``.
    """
    found = {}
    is_sgd = type(optimizer) is torch.optim.SGD
    names = {id(weight): name for name, weight in weights.items()}
    for group in optimizer.param_groups:
        if is_sgd and group.get('maximize'):
            raise ValueError(
                'maximize=True in the optimiser of the weights, allowed: '
                'False; a search descends'
            )
        settings = {
            key: group[key] for key in (SgdStep._fields if is_sgd else ('lr',))
        }
        settings['lr'] = float(settings['lr'])
        for weight in group['params']:
            if id(weight) in names:
                found[names[id(weight)]] = SgdStep(**settings)
    return found


def momentum_buffers(
    optimizer: torch.optim.Optimizer, weights: Dict[str, Tensor]
) -> Buffers:
    """Momentum of each weight that has one, by name; of an SGD alone."""
    if type(optimizer) is not torch.optim.SGD:
        return {}
    return {
        name: optimizer.state[weight].get('momentum_buffer')
        for name, weight in weights.items()
        if weight in optimizer.state
    }


def take_step(
    weights: Tensors, gradient: Tensors, steps: Steps, buffers: Buffers
) -> Tensors:
    """What ``torch.optim.SGD`` does, into new tensors that require grad.

    Weights without a gradient or without settings are left out.
    """
    stepped = {}
    with torch.no_grad():
        for step, names in _alike(gradient, steps).items():
            before = [weights[name] for name in names]
            change = torch._foreach_add(
                [gradient[name] for name in names],
                before,
                alpha=step.weight_decay,
            )
            if step.momentum:
                for name, g in zip(names, change):
                    _add_momentum(g, buffers.get(name), step)
            after = torch._foreach_add(before, change, alpha=-step.lr)
            stepped.update(zip(names, after))
    return {
        name: stepped[name].requires_grad_()
        for name in gradient
        if name in stepped
    }


def scale_by_slope(v: Tensors, steps: Steps, buffers: Buffers) -> Tensors:
    """``v`` times how much each weight's step follows its gradient.

    By the chain rule this is what the gradient's change counts for.
    """
    return {
        name: value * steps[name].slope(buffers.get(name) is not None)
        for name, value in v.items()
    }


def check_steps(
    weights: Tensors, steps: Steps, buffers: Optional[Buffers]
) -> None:
    """Raise a ValueError for names, numbers or shapes that do not fit."""
    for argument, names in dict(steps=steps, momentum_buffers=buffers).items():
        for name in names or {}:
            if name not in weights:
                raise ValueError(
                    f'{argument} have {name!r}, allowed: names of weights, '
                    f'such as {sorted(weights)[:3]}'
                )
    for step in set(steps.values()):
        for key in ('lr', 'momentum', 'weight_decay'):
            check_at_least(key, getattr(step, key), 0)
        if not -math.inf < step.dampening < math.inf:
            raise ValueError(
                f'dampening={step.dampening}, allowed: a finite number'
            )
        if step.nesterov and (not step.momentum or step.dampening):
            raise ValueError(
                f'nesterov=True with momentum={step.momentum} and dampening='
                f'{step.dampening}, allowed: a momentum and no dampening'
            )
    for name, buffer in (buffers or {}).items():
        if buffer is not None and buffer.shape != weights[name].shape:
            raise ValueError(
                f'momentum_buffers[{name!r}] has shape {list(buffer.shape)}, '
                f'allowed: {list(weights[name].shape)}, that of the weight'
            )


def _add_momentum(
    gradient: Tensor, buffer: Optional[Tensor], step: SgdStep
) -> None:
    """In place, from the gradient with its decay to what ``lr`` multiplies."""
    new = gradient
    if buffer is not None:
        new = buffer * step.momentum
        new.add_(gradient, alpha=1 - step.dampening)
    if step.nesterov:
        gradient.add_(new, alpha=step.momentum)
    else:
        gradient.copy_(new)


def _alike(gradient: Tensors, steps: Steps) -> Dict[SgdStep, List[str]]:
    groups: Dict[SgdStep, List[str]] = {}
    for name in gradient:
        if name in steps:
            groups.setdefault(steps[name], []).append(name)
    return groups

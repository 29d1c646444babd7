"""Gradient of the validation loss by the architecture.

Paper: Sec. 4.2, Eq. (6)-(8), Algorithm 1 (steps 5 and 10): the architecture
descends the validation loss of weights that made one virtual training step.
https://arxiv.org/abs/2112.04719

Differs from the paper: beside its finite differences (DARTS, Eq. 7 and 8,
https://arxiv.org/abs/1806.09055) there are the exact second order and the
first order; for the virtual step see ``virtual_step.py``.
"""

import random
from contextlib import contextmanager
from typing import Callable, Iterator, List, Optional

import numpy as np
import torch
from torch import Tensor, nn

from ruas_mm.arguments import check_choice

from .virtual_step import (
    Buffers,
    Steps,
    Tensors,
    check_steps,
    scale_by_slope,
    take_step,
)

Loss = Callable[[Tensors, Tensors, Callable], object]
"""Takes (weights, alphas, use) and returns what ``use`` makes of the loss.

``use`` takes the loss, a tensor of one number, and may run its backward pass;
until it returns, the loss must stand by the weights and alphas it was given.
"""
Average = Callable[[List[Tensor]], object]

GRADIENTS = ('first_order', 'finite_difference', 'exact')
RADIUS = 0.01  # how far the weights move in a finite difference: DARTS


class NotFiniteError(ValueError):
    """A loss or a gradient of a search is inf or NaN."""


def architecture_gradient(
    train_loss: Loss,
    val_loss: Loss,
    weights: Tensors,
    alphas: Tensors,
    steps: Steps,
    momentum_buffers: Optional[Buffers] = None,
    gradient: str = 'finite_difference',
    average: Optional[Average] = None,
) -> Tensors:
    """Gradient of ``val_loss(w', alphas)`` by the alphas.

    ``w'`` is ``w`` after the step that ``torch.optim.SGD`` would do on
    ``train_loss``, so that it depends on the alphas. No input is changed, no
    ``.grad`` is read or written and nothing that is returned shares memory
    with an input.

    With ``s`` the slope of each weight's step (``lr``, times its share of the
    momentum) the gradient is ``d L_val/d alphas - d<g, s v>/d alphas``, where
    ``v = d L_val/d w'`` and ``g = d L_train/d w``.

    Each evaluation of a loss starts from the random states of the call
    (PyTorch's, NumPy's and Python's), which are put back: all of them, and
    the real step on the same batch, see the same dropout and the same
    augmentation of batches. Finite differences want losses in float32 or
    float64: under float16 autocast they drown in rounding.

    Args:
        train_loss: See ``Loss``.
        val_loss: The same, on other pictures.
        weights: By name; entries with ``requires_grad=False`` stay fixed. Only
            where no entry is an ``nn.Parameter`` or requires a gradient (plain
            tensors), all vary.
        alphas: As ``weights``; the names are independent of theirs.
        steps: By the names of ``weights``; a weight that is missing does not
            move.
        momentum_buffers: By the names of ``weights``, as in the state of
            ``torch.optim.SGD``; missing or None: its first step.
        gradient: ``'first_order'``: no virtual step, the direct term at ``w``
            (``train_loss`` is not called). ``'finite_difference'``: two more
            gradients at ``w +- .01 s v / |s v|`` stand for the derivative
            (paper). ``'exact'``: through the graph of the training gradient,
            which takes more memory and is blind to the curvature that sits
            in the kinks of a (leaky) ReLU.
        average: Averages a list of tensors over processes, in place, as
            ``partial(mmengine.dist.all_reduce_params, op='mean')`` does. With
            it, every process gets the gradient of the joined batch; without,
            each gets that of its own (the mean of those is not the same: the
            virtual step is not linear). All processes must call together.

    Returns:
        Like ``alphas``; zeros where neither loss depends on an entry.

    Raises:
        NotFiniteError: A loss (named) or a gradient is not finite.
        ValueError: A loss that is not one number, or an argument out of its
            range.
    """
    check_choice('gradient', gradient, GRADIENTS)
    check_steps(weights, steps, momentum_buffers)
    buffers = momentum_buffers or {}
    weights, alphas = _leaves(weights), _leaves(alphas)
    train = _Evaluation('train_loss', train_loss, average)
    val = _Evaluation('val_loss', val_loss, average)
    if gradient == 'first_order':
        (direct,) = val.gradients(weights, alphas, by=[alphas])
        return _like(alphas, val.averaged(direct, alphas))

    exact = gradient == 'exact'
    (own,) = train.gradients(weights, alphas, by=[weights], create_graph=exact)
    mean = train.averaged(own, weights)
    stepped = take_step(weights, mean, steps, buffers)
    direct, v = val.gradients(
        {**weights, **stepped}, alphas, by=[alphas, stepped]
    )
    direct, v = val.averaged(direct, alphas), val.averaged(v, stepped)
    v = scale_by_slope(v, steps, buffers)
    if exact:
        mixed = _derivative_along(own, v, alphas)
    else:
        mixed = _difference_along(train, v, weights, alphas)
    return _like(alphas, direct, train.averaged(mixed, alphas))


class _Evaluation:
    """One of the two losses, with its name for messages."""

    def __init__(
        self, name: str, function: Loss, average: Optional[Average]
    ) -> None:
        self.name, self.function, self.average = name, function, average

    def gradients(
        self,
        weights: Tensors,
        alphas: Tensors,
        by: List[Tensors],
        create_graph: bool = False,
    ) -> List[Tensors]:
        """Of this process; entries that the loss does not reach are absent."""
        varying = [
            (part, name, t)
            for part, tensors in enumerate(by)
            for name, t in tensors.items()
            if t.requires_grad
        ]

        def differentiate(loss: Tensor) -> List[Optional[Tensor]]:
            self._check(loss)
            if not (loss.requires_grad and varying):
                return [None] * len(varying)
            inputs = [t for _, _, t in varying]
            return torch.autograd.grad(
                loss, inputs, create_graph=create_graph, allow_unused=True
            )

        with torch.enable_grad(), _same_random_numbers(weights, alphas):
            found = self.function(weights, alphas, differentiate)
        gradients = [{} for _ in by]
        for (part, name, _), gradient in zip(varying, found):
            if gradient is not None:
                gradients[part][name] = gradient
        return gradients

    def averaged(self, gradient: Tensors, like: Tensors) -> Tensors:
        """Detached; the mean over processes, where they are to be averaged."""
        mean = {name: g.detach() for name, g in gradient.items()}
        if self.average is not None:
            # the lists of all processes must match, whatever a loss reached
            mean = {
                name: torch.zeros_like(t, requires_grad=False)
                for name, t in like.items()
                if t.requires_grad
            }
            for name, g in gradient.items():
                mean[name] += g.detach()
            self.average(list(mean.values()))
            mean = {n: g for n, g in mean.items() if n in gradient or g.any()}
        if not _norms(mean).isfinite().all():
            for name, g in mean.items():
                if not g.isfinite().all():
                    raise NotFiniteError(
                        f'the gradient of {self.name} by {name!r} is not '
                        'finite; the architecture was not updated'
                    )
        return mean

    def _check(self, loss: Tensor) -> None:
        if not isinstance(loss, Tensor) or loss.numel() != 1:
            shape = list(loss.shape) if isinstance(loss, Tensor) else loss
            raise ValueError(
                f'{self.name} gave {shape!r}, allowed: a tensor of one number'
            )
        value = loss.detach().clone()
        if self.average is not None:
            self.average([value])  # all processes stop, or none
        if not torch.isfinite(value):
            raise NotFiniteError(
                f'{self.name} is {value.item()}, allowed: a finite number; '
                'the architecture was not updated'
            )


def _derivative_along(
    gradient: Tensors, v: Tensors, alphas: Tensors
) -> Tensors:
    """Derivative by the alphas of ``<gradient, v>``, through its graph."""
    inputs = {name: t for name, t in alphas.items() if t.requires_grad}
    names = [n for n in gradient if n in v and gradient[n].requires_grad]
    if not (names and inputs):
        return {}
    mixed = torch.autograd.grad(
        [gradient[name] for name in names],
        list(inputs.values()),
        [v[name] for name in names],
        allow_unused=True,
    )
    return {n: g for n, g in zip(inputs, mixed) if g is not None}


def _difference_along(
    train: _Evaluation, v: Tensors, weights: Tensors, alphas: Tensors
) -> Tensors:
    """The same as a central difference between two gradients: DARTS, Eq. 8."""
    if not v:
        return {}
    norm = _norms(v).norm().item()
    if norm == 0:
        return {}
    epsilon = RADIUS / norm
    centre, direction = [weights[name] for name in v], list(v.values())
    sides = []
    for signed in (epsilon, -epsilon):
        with torch.no_grad():
            ends = torch._foreach_add(centre, direction, alpha=signed)
        moved = dict(zip(v, ends))
        sides += train.gradients({**weights, **moved}, alphas, by=[alphas])
    plus, minus = (_like(alphas, side) for side in sides)
    return {n: (plus[n] - minus[n]) / (2 * epsilon) for n in alphas}


def _norms(tensors: Tensors) -> Tensor:
    """Norm of each in float64, (number of tensors,), in a few calls."""
    if not tensors:
        return torch.zeros(0)
    norms = torch._foreach_norm(list(tensors.values()))
    return torch.stack([norm.double() for norm in norms])


def _like(
    alphas: Tensors, direct: Tensors, mixed: Optional[Tensors] = None
) -> Tensors:
    """``direct - mixed`` for each alpha, in memory of its own."""
    total = {}
    for name, alpha in alphas.items():
        # new memory: autograd may hand out one tensor twice, or expanded
        total[name] = torch.zeros_like(alpha, requires_grad=False)
        if name in direct:
            total[name] += direct[name]
        if mixed and name in mixed:
            total[name] -= mixed[name]
    return total


def _leaves(tensors: Tensors) -> Tensors:
    """The same memory, with ``requires_grad`` where an entry may vary."""
    plain = not any(
        isinstance(t, nn.Parameter) or t.requires_grad
        for t in tensors.values()
    )
    return {
        name: t.detach().requires_grad_(
            t.requires_grad or (plain and t.is_floating_point())
        )
        for name, t in tensors.items()
    }


@contextmanager
def _same_random_numbers(*tensors: Tensors) -> Iterator[None]:
    devices = {t.device for group in tensors for t in group.values()}
    with torch.random.fork_rng([d for d in devices if d.type == 'cuda']):
        python, numpy = random.getstate(), np.random.get_state()
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)

"""Gradient of the validation loss by the architecture.

Paper: Sec. 4.2, Eq. (6)-(8), Algorithm 1 (steps 5 and 10): the architecture
descends the validation loss of weights that made one virtual training step.
https://arxiv.org/abs/2112.04719

Differs from the paper: beside its finite differences (DARTS, Eq. 7 and 8,
https://arxiv.org/abs/1806.09055) there are the exact second order and the
first order; the virtual step has momentum and weight decay, as the real one.
"""

import math
from contextlib import contextmanager
from typing import Callable, Dict, Iterator, List, Optional

import torch
from torch import Tensor, nn

Tensors = Dict[str, Tensor]
Loss = Callable[[Tensors, Tensors], Tensor]
Average = Callable[[List[Tensor]], object]

MODES = ('first_order', 'finite_difference', 'exact')
RADIUS = 0.01  # how far the weights move in a finite difference: DARTS


class NotFiniteError(ValueError):
    """A loss or a gradient of a search is inf or NaN."""


def architecture_gradient(
    train_loss: Loss,
    val_loss: Loss,
    weights: Tensors,
    alphas: Tensors,
    lr: float,
    momentum: float = 0.0,
    momentum_buffers: Optional[Dict[str, Optional[Tensor]]] = None,
    weight_decay: float = 0.0,
    mode: str = 'finite_difference',
    average: Optional[Average] = None,
) -> Tensors:
    """Gradient of ``val_loss(w', alphas)`` by the alphas.

    ``w' = w - lr (momentum * buffer + gradient + weight_decay * w)`` is the
    step that ``torch.optim.SGD`` would do on ``train_loss``, so that ``w'``
    depends on the alphas. No input is changed, no ``.grad`` is read or written
    and nothing that is returned shares memory with an input.

    Each evaluation of a loss starts from PyTorch's random state of the call
    (CPU and CUDA), which is put back: all of them, and the real step on the
    same batch, see the same dropout. Finite differences want losses in
    float32 or float64: under float16 autocast they drown in rounding.

    Args:
        train_loss: From (weights, alphas) to one number.
        val_loss: The same, on other pictures.
        weights: By name; entries with ``requires_grad=False`` stay fixed. Only
            where no entry is an ``nn.Parameter`` or requires a gradient (plain
            tensors), all vary.
        alphas: As ``weights``; the names are independent of theirs.
        lr: Step size of the virtual step.
        momentum: Of the virtual step.
        momentum_buffers: By the names of ``weights``, as in the state of
            ``torch.optim.SGD``; missing or None: its first step.
        weight_decay: Of the virtual step.
        mode: ``'first_order'``: no virtual step, the direct term at ``w``
            (``train_loss`` is not called). ``'finite_difference'``: two more
            gradients at ``w +- .01 v / |v|`` stand for the second derivative
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
    _check_arguments(
        weights, lr, momentum, momentum_buffers, weight_decay, mode
    )
    weights, alphas = _leaves(weights), _leaves(alphas)
    train = _Evaluation('train_loss', train_loss, average)
    val = _Evaluation('val_loss', val_loss, average)
    if mode == 'first_order':
        (direct,) = val.gradients(weights, alphas, by=[alphas])
        return _like(alphas, val.averaged(direct, alphas))

    exact = mode == 'exact'
    (own,) = train.gradients(weights, alphas, by=[weights], create_graph=exact)
    stepped = _virtual_step(
        weights,
        train.averaged(own, weights),
        lr,
        momentum,
        momentum_buffers or {},
        weight_decay,
    )
    direct, v = val.gradients(
        {**weights, **stepped}, alphas, by=[alphas, stepped]
    )
    direct, v = val.averaged(direct, alphas), val.averaged(v, stepped)
    if exact:
        mixed = _derivative_along(own, v, alphas)
    else:
        mixed = _difference_along(train, v, weights, alphas)
    return _like(alphas, direct, train.averaged(mixed, alphas), -lr)


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
        with torch.enable_grad(), _same_random_numbers(weights, alphas):
            loss = self.function(weights, alphas)
            self._check(loss)
            varying = [
                (part, name, t)
                for part, tensors in enumerate(by)
                for name, t in tensors.items()
                if t.requires_grad
            ]
            gradients = [{} for _ in by]
            if not (loss.requires_grad and varying):
                return gradients
            inputs = [t for _, _, t in varying]
            found = torch.autograd.grad(
                loss, inputs, create_graph=create_graph, allow_unused=True
            )
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


def _virtual_step(
    weights: Tensors,
    gradient: Tensors,
    lr: float,
    momentum: float,
    buffers: Dict[str, Optional[Tensor]],
    weight_decay: float,
) -> Tensors:
    """What ``torch.optim.SGD`` does, into new tensors."""
    if not gradient:
        return {}
    with torch.no_grad():
        before = [weights[name] for name in gradient]  # others do not move
        step = torch._foreach_add(
            list(gradient.values()), before, alpha=weight_decay
        )
        for name, s in zip(gradient, step):
            if buffers.get(name) is not None:
                s.add_(buffers[name], alpha=momentum)
        stepped = torch._foreach_add(before, step, alpha=-lr)
    return {n: t.requires_grad_() for n, t in zip(gradient, stepped)}


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
    alphas: Tensors,
    direct: Tensors,
    mixed: Optional[Tensors] = None,
    factor: float = 0.0,
) -> Tensors:
    """``direct + factor * mixed`` for each alpha, in memory of its own."""
    total = {}
    for name, alpha in alphas.items():
        # new memory: autograd may hand out one tensor twice, or expanded
        total[name] = torch.zeros_like(alpha, requires_grad=False)
        if name in direct:
            total[name] += direct[name]
        if mixed and name in mixed:
            total[name] += factor * mixed[name]
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
        yield


def _check_arguments(
    weights: Tensors,
    lr: float,
    momentum: float,
    buffers: Optional[Dict[str, Optional[Tensor]]],
    weight_decay: float,
    mode: str,
) -> None:
    if mode not in MODES:
        raise ValueError(f'mode={mode!r}, allowed: {MODES}')
    numbers = dict(lr=lr, momentum=momentum, weight_decay=weight_decay)
    for name, value in numbers.items():
        if not 0 <= value < math.inf:
            raise ValueError(f'{name}={value}, allowed: at least 0')
    for name, buffer in (buffers or {}).items():
        if name not in weights:
            raise ValueError(
                f'momentum_buffers have {name!r}, allowed: names of weights, '
                f'such as {sorted(weights)[:3]}'
            )
        if buffer is not None and buffer.shape != weights[name].shape:
            raise ValueError(
                f'momentum_buffers[{name!r}] has shape {list(buffer.shape)}, '
                f'allowed: {list(weights[name].shape)}, that of the weight'
            )

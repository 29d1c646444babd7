"""A model's loss as a pure function of its weights and architecture."""

from contextlib import contextmanager
from typing import Any, Callable, Iterator, Set

from torch import Tensor, nn
from torch.func import functional_call

from ruas_mm.models.unwrap import unwrap_model

from .bilevel import Loss
from .virtual_step import Tensors


def functional_loss(
    model: nn.Module, closure: Callable[[nn.Module], Tensor]
) -> Loss:
    """A loss of (weights, alphas) out of a loss of a model.

    The model keeps its parameters and buffers: it is run with those that are
    given and, if none is, with its own; batch statistics go to a copy, and
    attributes that the run binds anew are put back (mmdet's
    ``BatchSyncRandomResize`` draws the size of the next batch).

    Activation checkpoints recompute with what was given, too, as long as the
    backward pass runs in ``use``. Those that a module's ``with_cp`` switches
    on are off meanwhile: the hosts' are reentrant, which PyTorch refuses
    outside of ``backward()``.

    Args:
        model: The model. Of a distributed wrapper, the model inside is run,
            which averages nothing: see ``average`` of
            :func:`~ruas_mm.search.bilevel.architecture_gradient`.
        closure: From the model to one number; for one of MMEngine's
            ``model.parse_losses(model(**data, mode='loss'))[0]``.

    Returns:
        A callable of two dictionaries, both with names as in
        ``model.named_parameters()``, and of ``use``, by default nothing; see
        :data:`~ruas_mm.search.bilevel.Loss`. It raises a ValueError for names
        that the model has not, or that are in both.
    """
    model = unwrap_model(model)
    parameters = dict(model.named_parameters(remove_duplicate=False))
    has_ties = len(parameters) > len(set(map(id, parameters.values())))
    known = set(parameters)

    def loss(
        weights: Tensors,
        alphas: Tensors,
        use: Callable[[Tensor], Any] = _itself,
    ) -> Any:
        _check_names(type(model).__name__, known, weights, alphas)
        tensors = {name: b.clone() for name, b in model.named_buffers()}
        tensors.update(weights)
        tensors.update(alphas)
        with _as_it_was(model):
            return functional_call(
                _Runner(model, lambda: use(closure(model))),
                {f'model.{k}': v for k, v in tensors.items()},
                (),
                tie_weights=has_ties,  # looking for them takes its time
            )

    return loss


def _itself(loss: Tensor) -> Tensor:
    return loss


class _Runner(nn.Module):
    """Gives ``functional_call`` a forward that runs a function."""

    def __init__(self, model: nn.Module, function: Callable[[], Any]) -> None:
        super().__init__()
        self.model = model
        self.function = function

    def forward(self) -> Any:
        return self.function()


@contextmanager
def _as_it_was(model: nn.Module) -> Iterator[None]:
    """Switch ``with_cp`` off and, in the end, put all attributes back."""
    modules = list(model.modules())
    before = [dict(vars(module)) for module in modules]
    for module in modules:
        if getattr(module, 'with_cp', False):
            module.with_cp = False
    try:
        yield
    finally:
        for module, attributes in zip(modules, before):
            vars(module).clear()
            vars(module).update(attributes)


def _check_names(
    model: str, known: Set[str], weights: Tensors, alphas: Tensors
) -> None:
    for kind, tensors in dict(weights=weights, alphas=alphas).items():
        unknown = sorted(set(tensors) - known)
        if unknown:
            raise ValueError(
                f'{kind} have {unknown}, allowed: names of parameters of '
                f'{model}, such as {sorted(known)[:3]}'
            )
    twice = sorted(set(weights) & set(alphas))
    if twice:
        raise ValueError(
            f'weights and alphas both have {twice}, allowed: each parameter '
            'in one of them'
        )

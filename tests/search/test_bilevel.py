"""The architecture gradient against formulas, real SGD steps and two ranks."""

import copy
import random
from functools import partial

import numpy as np
import pytest
import torch
from mixed_problems import plain, problem, relative, same_step, scene_problem
from torch import nn

from ruas_mm.search.bilevel import GRADIENTS, architecture_gradient
from ruas_mm.search.virtual_step import SgdStep

SECOND_ORDER = GRADIENTS[1:]
LR = 0.3


class Quadratic:
    """Losses whose exact gradient is known; the train loss has a cube, too.

    L_tr = w'Aw / 2 + w'B tanh(a) + <p, a> sum(w^3) / 3
    L_val = |w - t|^2 / 2 + a'Da / 2 + w'Ea
    """

    def __init__(self, dtype):
        def draw(*shape):
            return torch.randn(*shape, dtype=dtype) / shape[0] ** 0.5

        half = draw(5, 5)
        self.A, self.B, self.p = half + half.T, draw(5, 3), draw(3)
        self.t, self.D, self.E = draw(5), draw(3, 3), draw(5, 3)
        self.weights = dict(w=draw(5))
        self.alphas = dict(a=draw(3))
        self.buffers = dict(w=draw(5))

    def train(self, weights, alphas):
        w, a = weights['w'], alphas['a']
        cubic = (self.p @ a) * w.pow(3).sum() / 3
        return w @ self.A @ w / 2 + w @ self.B @ a.tanh() + cubic

    def val(self, weights, alphas):
        w, a = weights['w'], alphas['a']
        away = (w - self.t).square().sum() / 2
        return away + a @ self.D @ a / 2 + w @ self.E @ a

    def solution(self, momentum, weight_decay, buffer):
        w, a = self.weights['w'], self.alphas['a']
        gradient = self.A @ w + self.B @ a.tanh() + (self.p @ a) * w**2
        step = momentum * buffer + gradient + weight_decay * w
        stepped = w - LR * step
        v = stepped - self.t + self.E @ a
        mixed = (1 - a.tanh() ** 2) * (self.B.T @ v) + self.p * (w**2 @ v)
        return self.direct(stepped) - LR * mixed

    def direct(self, w):
        a = self.alphas['a']
        return (self.D + self.D.T) @ a / 2 + self.E.T @ w


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
@pytest.mark.parametrize('weight_decay', [0, 0.2])
@pytest.mark.parametrize(
    'momentum, buffered', [(0, False), (0.9, False), (0.9, True)]
)
def test_closed_form(dtype, momentum, buffered, weight_decay):
    case = Quadratic(dtype)
    buffer = case.buffers['w'] if buffered else 0
    find = partial(
        architecture_gradient,
        plain(case.train),
        plain(case.val),
        case.weights,
        case.alphas,
        same_step(
            case.weights, LR, momentum=momentum, weight_decay=weight_decay
        ),
        case.buffers if buffered else None,
    )
    expected = case.solution(momentum, weight_decay, buffer)
    assert relative(find(gradient='exact')['a'], expected) < 1e-6
    assert relative(find(gradient='finite_difference')['a'], expected) < 0.01
    first = case.direct(case.weights['w'])
    assert relative(find(gradient='first_order')['a'], first) < 1e-6
    assert relative(first, expected) > 0.1


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
@pytest.mark.parametrize('kind', ['plain', 'batch norm', 'scene'])
def test_finite_differences_on_a_supernet(dtype, kind):
    if kind == 'scene':
        weights, alphas, train, val = scene_problem(dtype)
    else:
        _, weights, alphas, _, (train, val) = problem(
            dtype, norm=kind == 'batch norm'
        )

    def indirect(weights, alphas, use):  # without the direct term: the rest
        return val(weights, {k: a.detach() for k, a in alphas.items()}, use)

    steps = same_step(weights, LR)
    # the exact mode does not see the kinks of the scene module's leaky ReLU
    smooth = kind != 'scene'
    for loss in (val, indirect) if smooth else (val,):
        exact, found = (
            architecture_gradient(
                train, loss, weights, alphas, steps, gradient=gradient
            )
            for gradient in ('exact', 'finite_difference')
        )
        exact, found = exact['alphas'].flatten(), found['alphas'].flatten()
        assert exact.norm() > 1e-5
        assert torch.cosine_similarity(exact, found, dim=0) > 0.99
        assert relative(found, exact) < (0.01 if smooth else 0.1)


def snapshot(net, buffers):
    state = [*net.state_dict().values(), *buffers.values()]
    state += [p.grad for p in net.parameters()]
    return [t.clone() for t in [*state, torch.get_rng_state()]]


@pytest.mark.parametrize('gradient', GRADIENTS)
def test_inputs_stay_as_they_are(gradient, monkeypatch):
    net, weights, alphas, _, (train, val) = problem(norm=True, dropout=0.2)
    buffers = {n: torch.randn_like(p) for n, p in weights.items()}
    for parameter in net.parameters():
        parameter.grad = torch.randn_like(parameter)
    steps = same_step(weights, LR, momentum=0.9, weight_decay=0.1)
    before = snapshot(net, buffers)
    states = random.getstate(), np.random.get_state()[1].tolist()
    ids = [id(t) for t in [*net.parameters(), *net.buffers()]]
    monkeypatch.delattr(copy, 'deepcopy')
    with torch.no_grad():
        found = architecture_gradient(
            train, val, weights, alphas, steps, buffers, gradient
        )
    assert not found['alphas'].requires_grad
    assert found['alphas'].norm() > 1e-4
    found['alphas'].fill_(7)  # an alias would carry this into an input
    after = snapshot(net, buffers)
    assert all(torch.equal(a, b) for a, b in zip(before, after))
    assert states == (random.getstate(), np.random.get_state()[1].tolist())
    assert ids == [id(t) for t in [*net.parameters(), *net.buffers()]]
    assert all(p.requires_grad for p in net.parameters())


@pytest.mark.parametrize('gradient', GRADIENTS)
def test_results_do_not_share_memory(gradient):
    alphas = dict(a=torch.zeros(3), b=torch.zeros(3), c=torch.zeros(3))
    weights = dict(w=torch.ones(3))

    def loss(weights, alphas):
        return (alphas['a'] + alphas['b'] + weights['w']).sum()

    found = architecture_gradient(
        plain(loss),
        plain(loss),
        weights,
        alphas,
        same_step(weights, LR),
        gradient=gradient,
    )
    found['a'] += torch.arange(3)
    assert found['a'].tolist() == [1, 2, 3]
    assert found['b'].tolist() == [1, 1, 1]
    assert found['c'].tolist() == [0, 0, 0]


@pytest.mark.parametrize('gradient', SECOND_ORDER)
def test_frozen_and_unreached_entries(gradient):
    def train(weights, alphas):
        w, a = weights, alphas
        return (w['w'] * a['a'] + w['frozen'] * a['b'] * w['w']).sum()

    def val(weights, alphas):
        w = weights
        return (w['w'] ** 2 + w['frozen'] * w['unreached']).sum()

    weights = dict(
        w=nn.Parameter(torch.tensor(2.0)),
        frozen=nn.Parameter(torch.tensor(3.0), requires_grad=False),
        unreached=nn.Parameter(torch.tensor(4.0)),
    )
    alphas = dict(
        a=nn.Parameter(torch.tensor(0.5)),
        b=nn.Parameter(torch.tensor(0.5)),
        fixed=nn.Parameter(torch.tensor(1.0), requires_grad=False),
    )
    seen = []

    def spy(weights, alphas):
        seen.append({k: w.item() for k, w in weights.items()})
        return val(weights, alphas)

    found = architecture_gradient(
        plain(train),
        plain(spy),
        weights,
        alphas,
        same_step(weights, 0.1, weight_decay=1.0),
        gradient=gradient,
    )
    stepped = 2 - 0.1 * (0.5 + 3 * 0.5 + 2)
    # like SGD: no decay where there is no gradient
    (seen,) = seen
    assert seen == dict(w=pytest.approx(stepped), frozen=3, unreached=4)
    assert float(found['a']) == pytest.approx(-0.1 * 2 * stepped, rel=1e-4)
    assert float(found['b']) == pytest.approx(-0.3 * 2 * stepped, rel=1e-4)
    assert float(found['fixed']) == 0


@pytest.mark.parametrize('gradient', GRADIENTS)
@pytest.mark.parametrize('reached', ['nothing', 'weights', 'alphas'])
def test_losses_that_depend_on_little(gradient, reached):
    def loss(weights, alphas):
        parts = dict(nothing=torch.ones(2), weights=weights['x'])
        return dict(parts, alphas=alphas['x'])[reached].square().sum()

    x = torch.tensor([1.0, 2.0])
    (found,) = architecture_gradient(
        plain(loss),
        plain(loss),
        dict(x=x),
        dict(x=x),
        same_step('x', LR),
        gradient=gradient,
    ).values()
    expected = 2 * x if reached == 'alphas' else torch.zeros(2)
    assert torch.equal(found, expected)


def test_dropout_is_the_same_in_every_evaluation():
    _, weights, alphas, _, (train, val) = problem(dropout=0.5)
    exact, found = (
        architecture_gradient(
            train,
            val,
            weights,
            alphas,
            same_step(weights, LR),
            gradient=gradient,
        )
        for gradient in ('exact', 'finite_difference')
    )
    assert relative(found['alphas'], exact['alphas']) < 0.02


def test_augmentation_of_batches_is_the_same_in_every_evaluation():
    _, weights, alphas, _, (train, val) = problem()
    drawn = []

    def augmented(loss):
        def of(weights, alphas, use):
            factors = [
                random.random(),
                np.random.rand(),
                torch.rand(()).item(),
            ]
            drawn.append(factors)
            return loss(weights, alphas, lambda value: use(value * factors[1]))

        return of

    architecture_gradient(
        augmented(train),
        augmented(val),
        weights,
        alphas,
        same_step(weights, LR),
    )
    assert len(drawn) == 4
    assert drawn == drawn[:1] * 4


@pytest.mark.parametrize('gradient', SECOND_ORDER)
@pytest.mark.parametrize('which', ['train', 'val'])
@pytest.mark.parametrize(
    'bad, message',
    [
        (lambda x: x.sum() * float('nan'), '{}_loss is nan'),
        (lambda x: x.sum() / 0, '{}_loss is inf'),
        (lambda x: x, r'{}_loss gave \[2\]'),
        (lambda x: None, '{}_loss gave None'),
        (lambda x: (0 * x.sum()).sqrt(), 'gradient of {}_loss by'),
    ],
)
def test_bad_losses_are_named(gradient, which, bad, message):
    def good(weights, alphas):
        return (weights['w'] * alphas['a']).sum()

    def broken(weights, alphas):
        return bad(weights['w'] * alphas['a'])

    losses = dict(train=good, val=good)
    losses[which] = broken
    state = torch.get_rng_state()
    with pytest.raises(ValueError, match=message.format(which)):
        architecture_gradient(
            *map(plain, losses.values()),
            dict(w=torch.ones(2)),
            dict(a=torch.ones(2)),
            same_step('w', LR),
            gradient=gradient,
        )
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    'kwargs, message',
    [
        (dict(gradient='second'), "gradient='second', allowed: .*first_order"),
        (dict(steps=dict(w=SgdStep(-1.0))), 'lr=-1.0'),
        (dict(steps=dict(w=SgdStep(0.1, float('nan')))), 'momentum=nan'),
        (
            dict(steps=dict(w=SgdStep(0.1, weight_decay=-0.1))),
            'weight_decay=-0.1',
        ),
        (
            dict(steps=dict(w=SgdStep(0.1, dampening=float('inf')))),
            'dampening=inf',
        ),
        (dict(steps=dict(w=SgdStep(0.1, nesterov=True))), 'nesterov=True'),
        (dict(steps=dict(v=SgdStep(0.1))), "steps have 'v'"),
        (dict(momentum_buffers=dict(v=None)), "momentum_buffers have 'v'"),
        (dict(momentum_buffers=dict(w=torch.ones(3))), r'shape \[3\]'),
    ],
)
def test_bad_arguments(kwargs, message):
    arguments = dict(steps={}, weights=dict(w=torch.ones(2)), alphas={})
    arguments.update(train_loss=None, val_loss=None)
    arguments.update(kwargs)
    with pytest.raises(ValueError, match=message):
        architecture_gradient(**arguments)

"""The virtual step is the real one: of each weight, with its settings."""

import copy
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from mixed_problems import problem, relative
from torch import nn

from ruas_mm.search.bilevel import architecture_gradient
from ruas_mm.search.functional_loss import functional_loss
from ruas_mm.search.virtual_step import SgdStep, momentum_buffers, sgd_steps

LR = 0.3

GROUPS = dict(  # of the stem, the layers and the head
    alike=[dict(momentum=0.9, weight_decay=0.1)] * 3,
    nesterov=[dict(momentum=0.9, nesterov=True, weight_decay=0.1)] * 3,
    different=[
        dict(lr=0.1 * LR, momentum=0.9, nesterov=True),
        dict(lr=2 * LR, momentum=0.5, dampening=0.3, weight_decay=0.1),
        dict(weight_decay=0.5),
    ],
    frozen=[dict(lr=0.0), dict(momentum=0.9, dampening=0.9), dict(lr=2 * LR)],
    missing=[dict(momentum=0.9), dict(lr=2 * LR)],
)


@pytest.mark.parametrize('groups', GROUPS)
@pytest.mark.parametrize('steps_before', [0, 2])
def test_equals_real_sgd_steps(groups, steps_before):
    net, weights, alphas, (train, val), _ = problem()

    def make_optimizer(net):
        parts = (net.stem, net.layers, net.head)
        return torch.optim.SGD(
            [
                dict(params=list(part.parameters()), **settings)
                for part, settings in zip(parts, GROUPS[groups])
            ],
            LR,
        )

    def step(net, optimizer):
        optimizer.zero_grad()
        F.mse_loss(net(train[0]), train[1]).backward()
        optimizer.step()

    optimizer = make_optimizer(net)

    def loss_after_step(alphas):
        twin = copy.deepcopy(net)
        twin.alphas.data = alphas
        own = make_optimizer(twin)
        own.load_state_dict(copy.deepcopy(optimizer.state_dict()))
        step(twin, own)
        return F.mse_loss(twin(val[0]), val[1]).item()

    for _ in range(steps_before):
        step(net, optimizer)
    find = partial(
        architecture_gradient,
        functional_loss(net, lambda net: F.mse_loss(net(train[0]), train[1])),
        functional_loss(net, lambda net: F.mse_loss(net(val[0]), val[1])),
        weights,
        alphas,
        sgd_steps(optimizer, weights),
        momentum_buffers(optimizer, weights),
    )
    expected = torch.zeros_like(net.alphas)
    for index in range(expected.numel()):
        shift = torch.zeros_like(expected)
        shift.view(-1)[index] = 1e-5
        plus, minus = (
            loss_after_step(net.alphas.detach() + s) for s in (shift, -shift)
        )
        expected.view(-1)[index] = (plus - minus) / 2e-5
    assert relative(find(gradient='exact')['alphas'], expected) < 1e-5
    assert relative(find()['alphas'], expected) < 0.01
    assert relative(find(gradient='first_order')['alphas'], expected) > 0.02


def test_the_step_is_that_of_the_optimizer():
    weights = {name: nn.Parameter(torch.randn(3)) for name in 'abc'}
    groups = [dict(params=[weights['a']], lr=0.5), dict(params=[weights['b']])]
    adam = torch.optim.Adam(groups, lr=0.1, weight_decay=1)
    assert sgd_steps(adam, weights) == dict(a=SgdStep(0.5), b=SgdStep(0.1))
    assert momentum_buffers(adam, weights) == {}
    ascent = torch.optim.SGD(weights.values(), lr=0.1, maximize=True)
    with pytest.raises(ValueError, match='maximize=True.*allowed: False'):
        sgd_steps(ascent, weights)

"""Losses as functions of weights and alphas, also in two processes."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from mixed_problems import MixedNet, problem
from mmengine.dist import all_reduce_params
from torch import nn

from ruas_mm.search.bilevel import MODES, architecture_gradient
from ruas_mm.search.functional_loss import functional_loss

LR = 0.3


def test_checkpointed_parts_use_the_given_weights():
    net, weights, _, (pair, _), (loss, _) = problem()
    moved = {n: w.detach() * 1.5 for n, w in weights.items()}
    plain = MixedNet.forward

    def recompute(self, x):
        if self.with_cp:
            return torch.utils.checkpoint.checkpoint(
                partial(plain, self), x, use_reentrant=False
            )
        return plain(self, x)

    found = []
    net.forward = recompute.__get__(net)
    for net.with_cp in (False, True):
        stem = moved['stem.weight'].requires_grad_()
        value = loss(moved, dict(alphas=net.alphas))
        found += torch.autograd.grad(value, [stem])
    assert net.with_cp
    assert torch.equal(*found)


@pytest.mark.parametrize(
    'weights, alphas, message',
    [
        (['other'], [], r"weights have \['other'\].*MixedNet"),
        (['stem.bias'], ['alpha'], r"alphas have \['alpha'\]"),
        (['alphas'], ['alphas'], r"both have \['alphas'\]"),
    ],
)
def test_names_of_weights_and_alphas(weights, alphas, message):
    _, _, _, _, (loss, _) = problem()
    with pytest.raises(ValueError, match=message):
        loss(*(dict.fromkeys(n, torch.ones(4)) for n in (weights, alphas)))


def rank_gradients(rank, folder):
    """What one of two processes finds on its half of the batch."""
    torch.distributed.init_process_group(
        'gloo', f'file://{folder}/store', rank=rank, world_size=2
    )
    torch.manual_seed(0)
    net, weights, alphas, pairs, _ = problem(batch=4)
    wrapped = nn.parallel.DistributedDataParallel(net)
    losses = [
        functional_loss(
            wrapped, lambda net, p=p: 4 * F.mse_loss(net(p[0]), p[1])
        )
        for p in (pair[:, 2 * rank : 2 * rank + 2] for pair in pairs)
    ]
    arguments = (weights, alphas, LR, 0.9, None, 0.1)
    average = partial(all_reduce_params, op='mean')
    found = {
        mode: architecture_gradient(
            *losses, *arguments, mode=mode, average=average
        )['alphas']
        for mode in MODES
    }

    def broken_on_one(weights, alphas):
        return losses[0](weights, alphas) * (float('nan') if rank else 1)

    with pytest.raises(ValueError, match='train_loss is nan'):
        architecture_gradient(
            broken_on_one, losses[1], *arguments, average=average
        )
    torch.save(found, f'{folder}/{rank}.pt')


def test_two_processes_equal_the_joined_batch(tmp_path):
    torch.multiprocessing.spawn(rank_gradients, (str(tmp_path),), nprocs=2)
    first, second = (torch.load(tmp_path / f'{r}.pt') for r in range(2))
    torch.manual_seed(0)
    _, weights, alphas, _, losses = problem(batch=4)
    for mode in MODES:
        expected = architecture_gradient(
            *losses, weights, alphas, LR, 0.9, None, 0.1, mode
        )['alphas']
        assert torch.equal(first[mode], second[mode])
        torch.testing.assert_close(first[mode], expected, rtol=1e-5, atol=1e-9)


def test_tied_weights_stay_tied():
    net, _, alphas, (pair, _), _ = problem()
    net.layers[1][0].weight = net.layers[0][0].weight
    weights = {n: p for n, p in net.named_parameters() if n != 'alphas'}
    loss = functional_loss(net, lambda net: net(pair[0]).square().mean())
    moved = {
        n: (p.detach() * 1.1).requires_grad_() for n, p in weights.items()
    }
    found = torch.autograd.grad(loss(moved, alphas), list(moved.values()))
    for name, parameter in weights.items():
        parameter.data.copy_(moved[name].detach())
    net(pair[0]).square().mean().backward()
    for gradient, parameter in zip(found, weights.values()):
        torch.testing.assert_close(gradient, parameter.grad)

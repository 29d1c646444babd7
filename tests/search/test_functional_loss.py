"""Losses as functions of weights and alphas, also in two processes."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from mixed_problems import problem, same_step
from mmengine.dist import all_reduce_params
from torch import nn

from ruas_mm.models.cells import task_cell
from ruas_mm.search.bilevel import GRADIENTS, architecture_gradient
from ruas_mm.search.functional_loss import functional_loss

LR = 0.3


class Block(nn.Module):
    """A host's block around a searched convolution."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.cell = task_cell(None, nn.Conv2d(4, 4, 3, padding=1))
        self.checkpoint = None

    def forward(self, x):
        if self.checkpoint is None:
            return self.run(x)
        return self.checkpoint(self.run, x)

    def run(self, x):
        return self.cell(torch.tanh(self.first(x))).tanh()


def reentrant(function, x):
    return torch.utils.checkpoint.checkpoint(function, x, use_reentrant=True)


def lasting(function, x):
    return torch.utils.checkpoint.checkpoint(function, x, use_reentrant=False)


@pytest.mark.parametrize('checkpoint', [reentrant, lasting])
def test_a_checkpointed_cell_trains_alike(checkpoint):
    block, x = Block(), torch.rand(2, 3, 8, 8, requires_grad=True)
    found = []
    for block.checkpoint in (None, checkpoint):
        block.zero_grad()
        block(x).square().mean().backward()
        found.append([p.grad.clone() for p in block.parameters()])
    assert block.cell.alphas.grad.abs().min() > 0
    assert all(torch.equal(*pair) for pair in zip(*found))


@pytest.mark.parametrize('gradient', GRADIENTS)
def test_checkpoints_recompute_with_what_is_given(gradient):
    """At weights that have moved on, also in the backward pass."""
    block = Block().double()
    weights = dict(block.named_parameters())
    alphas = {'cell.alphas': weights.pop('cell.alphas')}
    pairs = torch.rand(2, 2, 2, 3, 8, 8).double()
    losses = [
        functional_loss(
            block, lambda block, p=p: block(p[0]).sub(p[1, :, :1]).pow(2).sum()
        )
        for p in pairs
    ]
    found = []
    for block.checkpoint in (None, lasting):
        (gradients,) = architecture_gradient(
            *losses, weights, alphas, same_step(weights, LR), gradient=gradient
        ).values()
        found.append(gradients)
    assert found[0].abs().min() > 0
    assert torch.equal(*found)


def test_reentrant_checkpoints_of_the_hosts_are_off():
    from mmdet.models.backbones.resnet import BasicBlock

    block = BasicBlock(4, 4, with_cp=True)
    x = torch.ones(2, 4, 8, 8, requires_grad=True)
    loss = functional_loss(block, lambda block: block(x).square().mean())
    weights = dict(block.named_parameters())
    moved = {n: w.detach().requires_grad_() for n, w in weights.items()}
    found = torch.autograd.grad(loss(moved, {}), list(moved.values()))
    assert block.with_cp and all(g.isfinite().all() for g in found)


class Changing(Block):
    """Each call sees another size than the one before."""

    size = 4

    def forward(self, x):
        y = super().forward(F.interpolate(x, size=(self.size, self.size)))
        self.size += 4
        return y


def test_what_the_model_remembers_is_put_back():
    block, x = Changing(), torch.rand(2, 3, 8, 8)
    loss = functional_loss(block, lambda block: block(x).square().mean())
    weights = dict(block.named_parameters())
    first, second = loss(weights, {}), loss(weights, {})
    assert torch.equal(first, second) and block.size == 4
    assert block(x).shape[-1] == 4 and block(x).shape[-1] == 8


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


def momentum_step(weights):
    return same_step(weights, LR, momentum=0.9, weight_decay=0.1)


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
    arguments = (weights, alphas, momentum_step(weights))
    average = partial(all_reduce_params, op='mean')
    found = {
        gradient: architecture_gradient(
            *losses, *arguments, gradient=gradient, average=average
        )['alphas']
        for gradient in GRADIENTS
    }

    def broken_on_one(weights, alphas, use):
        factor = float('nan') if rank else 1
        return losses[0](weights, alphas, lambda loss: use(loss * factor))

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
    steps = momentum_step(weights)
    for gradient, of_first in first.items():
        expected = architecture_gradient(
            *losses, weights, alphas, steps, gradient=gradient
        )['alphas']
        assert torch.equal(of_first, second[gradient])
        torch.testing.assert_close(of_first, expected, rtol=1e-5, atol=1e-9)


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

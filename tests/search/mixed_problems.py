"""Small bilevel problems over mixed operations, for tests."""

import torch
import torch.nn.functional as F
from torch import nn

from ruas_mm.registry import MODELS
from ruas_mm.search.functional_loss import functional_loss
from ruas_mm.search.virtual_step import SgdStep


def plain(function):
    """A loss of (weights, alphas) in the form that a search wants."""
    return lambda weights, alphas, use: use(function(weights, alphas))


def same_step(weights, *settings, **more):
    """One setting for all weights."""
    return dict.fromkeys(weights, SgdStep(*settings, **more))


def relative(found, expected):
    return float((found - expected).norm() / expected.norm())


class MixedNet(nn.Module):
    """Two layers, each a softmax-weighted sum of three operations."""

    def __init__(self, norm=False, dropout=0.0):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.layers = nn.ModuleList(
            nn.ModuleList(
                [
                    nn.Conv2d(4, 4, 1),
                    nn.Conv2d(4, 4, 3, padding=1),
                    nn.Conv2d(4, 4, 3, padding=2, dilation=2),
                ]
            )
            for _ in range(2)
        )
        self.norm = nn.BatchNorm2d(4) if norm else nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Conv2d(4, 3, 1)
        self.alphas = nn.Parameter(0.5 * torch.randn(2, 3))

    def forward(self, x):
        x = self.norm(self.stem(x))
        for layer, mixture in zip(self.layers, self.alphas.softmax(-1)):
            x = torch.tanh(sum(m * op(x) for m, op in zip(mixture, layer)))
        return self.head(self.dropout(x))


def problem(dtype=torch.float64, batch=2, **kwargs):
    """A net, its weights and alphas, and its two losses."""
    net = MixedNet(**kwargs).to(dtype)
    alphas = dict(alphas=net.alphas)
    weights = {n: p for n, p in net.named_parameters() if n != 'alphas'}
    pairs = [torch.randn(2, batch, 3, 8, 8).to(dtype) for _ in range(2)]
    losses = [
        functional_loss(net, lambda net, p=p: 4 * F.mse_loss(net(p[0]), p[1]))
        for p in pairs
    ]
    return net, weights, alphas, pairs, losses


def scene_problem(dtype):
    scene = MODELS.build(
        dict(type='ruas_mm.SceneModule', genotype=None, num_stages=2)
    ).to(dtype)
    weights = dict(scene.named_parameters())
    alphas = dict(alphas=weights.pop('alphas'))
    measure = MODELS.build(dict(type='ruas_mm.SceneLoss'))

    def loss(dark):
        return functional_loss(
            scene,
            lambda scene: sum(measure(dark, scene.unroll(dark)).values()),
        )

    coarse = 0.3 * torch.rand(2, 1, 3, 6, 6, dtype=dtype)
    dark = [F.interpolate(c, size=(24, 24), mode='bilinear') for c in coarse]
    return weights, alphas, loss(dark[0]), loss(dark[1])

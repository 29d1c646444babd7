"""Parameters and multiply-adds against formulas."""

import pytest
import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.hub import get_config

from ruas_mm.evaluation import count_macs, count_parameters
from ruas_mm.models import LowLightEnhancer
from ruas_mm.models.cells import LOW_LEVEL_OPERATIONS, MixedOperation
from ruas_mm.registry import MODELS


class Model(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, inputs, mode):
        assert mode == 'tensor' and not self.training
        return self.network(inputs)


class OwnForward(nn.Conv2d):
    def forward(self, x):
        return F.conv2d(x, self.weight, self.bias, padding=1) + 0


@pytest.mark.parametrize(
    'network, expected',
    [
        # pixels * channels out * (weights of one + bias)
        (nn.Conv2d(3, 5, 3, padding=1), 8 * 12 * 5 * (27 + 1)),
        (nn.Conv2d(3, 5, 3, padding=1, bias=False), 8 * 12 * 5 * 27),
        (nn.Conv2d(3, 6, 3, padding=1, stride=2), 4 * 6 * 6 * 28),
        (nn.Conv2d(3, 6, 5, padding=2, groups=3), 8 * 12 * 6 * 26),
        (nn.Conv2d(3, 6, 3, padding=2, dilation=2), 8 * 12 * 6 * 28),
        (OwnForward(3, 5, 3), 8 * 12 * 5 * 28),
        # pixels in * weights + pixels out * bias
        (
            nn.ConvTranspose2d(3, 4, 2, stride=2),
            8 * 12 * 3 * 4 * 4 + 16 * 24 * 4,
        ),
        (
            nn.ConvTranspose2d(3, 6, 2, stride=2, groups=3, bias=False),
            8 * 12 * 3 * 2 * 4,
        ),
        # a product of matrices has no bias
        (nn.Linear(12, 7), 3 * 8 * 7 * 12),
        (
            nn.Sequential(nn.ReLU(), nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)),
            1536,
        ),
    ],
)
def test_layer(network, expected):
    assert count_macs(Model(network), (8, 12)) == expected


def test_layer_that_runs_twice_counts_twice():
    layer = nn.Conv2d(3, 3, 1)
    assert count_macs(Model(nn.Sequential(layer, layer)), (4, 5)) == 20 * 24


class Attention(nn.Module):
    """Six patches of eight channels that look at each other."""

    def __init__(self, by_hand):
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, stride=4, bias=False)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.by_hand = by_hand

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        if not self.by_hand:
            return self.attention(x, x, x, need_weights=False)[0]
        qkv = F.linear(x, self.attention.in_proj_weight).chunk(3, -1)
        q, k, v = (m.reshape(6, 2, 4).transpose(0, 1) for m in qkv)
        x = (q @ k.transpose(1, 2)).softmax(-1) @ v
        return self.attention.out_proj(x.transpose(0, 1).reshape(6, 8))


@pytest.mark.parametrize('by_hand', [True, False])
def test_attention(by_hand):
    patches, projections = 6 * 8 * 48, 4 * 6 * 8 * 8
    products = 2 * (6 * 6 * 8)  # of queries and keys, of scores and values
    macs = count_macs(Model(Attention(by_hand)), (8, 12))
    assert macs == patches + projections + products


@pytest.mark.parametrize(
    'variant, parameters, giga',
    [('RUAS_S', 1161, 0.279), ('RUAS', 3438, 0.825), ('RUAS_A', 36653, 8.797)],
)
def test_enhancer_costs_parameters_times_pixels(variant, parameters, giga):
    model = LowLightEnhancer(variant=variant)
    assert count_parameters(model) == parameters
    macs = count_macs(model, (20, 30))  # gated parts too
    assert macs == parameters * 20 * 30
    assert round(macs * 400 / 1e9, 3) == giga  # at 400x600


class Mixture(MixedOperation):
    """Of six channels, whose candidates share a 3x3 and a dilated 3x3."""

    def __init__(self):
        super().__init__(LOW_LEVEL_OPERATIONS, 6, 6)

    def forward(self, x):
        return super().forward(x.repeat(1, 2, 1, 1), torch.ones(7) / 7)


def test_supernet_costs_the_kernels_that_it_mixes():
    assert count_macs(Model(Mixture()), (4, 5)) == 20 * 6 * (54 + 1 + 54)
    # three stages: nodes with both their edges in one 5x5, the last edge,
    # and the 1x1 behind them
    model = LowLightEnhancer('RUAS_S', scene=dict(genotype=None))
    cell = 3 * 6 * (75 + 1) + 3 * (75 + 1) + 3 * (12 + 1)
    assert count_macs(model, (4, 5)) == 20 * 3 * cell


@pytest.mark.parametrize('frozen', [False, True])
def test_detector_costs_its_front_too(host, frozen):
    host('mmdet')
    cfg = get_config(
        'mmdet::ssd/ssdlite_mobilenetv2-scratch_8xb24-600e_coco.py'
    ).model
    cfg.data_preprocessor = dict(
        type='ruas_mm.SceneDataPreprocessor',
        scene=dict(type='ruas_mm.SceneModule'),
        data_preprocessor=cfg.data_preprocessor,
        frozen=frozen,
    )
    model = MODELS.build(cfg)
    macs = count_macs(model, (40, 60))
    assert model.data_preprocessor.frozen == frozen
    model.data_preprocessor = model.data_preprocessor.data_preprocessor
    assert macs == count_macs(model, (40, 60)) + 1161 * 40 * 60


def test_model_stays_as_it_was():
    model = Model(nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)))
    model.train()
    model.network[1].eval()
    count_macs(model, (4, 5))
    assert model.training and model.network[0].training
    assert not model.network[1].training
    assert not model.network[0]._forward_hooks
    assert model.network[1].num_batches_tracked == 0
    assert torch.equal(model.network[1].running_mean, torch.zeros(3))
    assert model.network[0].weight.grad is None

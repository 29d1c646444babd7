"""Parameters and multiply-adds against formulas."""

import pytest
import torch
import torch.nn as nn
import torch.nn.functional as F

from ruas_mm.evaluation import count_macs, count_parameters
from ruas_mm.models import LowLightEnhancer


class Model(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x, mode):
        assert mode == 'tensor' and not self.training
        return self.network(x)


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
        (nn.Linear(12, 7), 3 * 8 * 7 * (12 + 1)),
        (nn.Sequential(nn.ReLU(), nn.BatchNorm2d(3)), 0),
    ],
)
def test_layer(network, expected):
    assert count_macs(Model(network), (8, 12)) == expected


def test_layer_that_runs_twice_counts_twice():
    layer = nn.Conv2d(3, 3, 1)
    assert count_macs(Model(nn.Sequential(layer, layer)), (4, 5)) == 20 * 24


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


def test_layer_that_does_not_run_is_named(monkeypatch):
    messages = []
    monkeypatch.setattr(
        'ruas_mm.evaluation.complexity.print_log',
        lambda message, **kwargs: messages.append(message),
    )
    model = Model(nn.Conv2d(3, 3, 1))
    model.unused = nn.Linear(2, 2)
    assert count_macs(model, (4, 5)) == 20 * 12
    assert '1 layers did not run' in messages[0] and 'unused' in messages[0]

"""The authors' enhancement network as released, in plain PyTorch.

The yardstick of ``measure_enhancement.py``: module by module in PyTorch's own
memory layout, the window maximum by slices, one gate for the whole batch. It
takes nothing from ``ruas_mm`` but the names of the weights.

Restated from https://arxiv.org/abs/2112.04719 and from what the release
computes. Differs from the release: activations are not in place (a skip
connection must not overwrite its input), and the denoised picture is clamped.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

SCENE = (
    'skip_connect',
    'resconv_1x1',
    'resdilconv_3x3',
    'conv_3x3',
    'conv_3x3',
    'skip_connect',
    'conv_3x3',
)
NOISE_REMOVAL = (
    'resconv_1x1',
    'resconv_3x3',
    'dilconv_3x3',
    'resconv_1x1',
    'resconv_3x3',
    'conv_3x3',
    'resconv_3x3',
)


class Residual(nn.Conv2d):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + x


def make_operation(name: str, channels: int) -> nn.Module:
    if name == 'skip_connect':
        return nn.Identity()
    kind = Residual if name.startswith('res') else nn.Conv2d
    dilation = 2 if 'dil' in name else 1
    size = int(name[-1])
    padding = dilation * (size // 2)
    return kind(channels, channels, size, padding=padding, dilation=dilation)


class Cell(nn.Module):
    def __init__(self, genotype: tuple, channels: int) -> None:
        super().__init__()
        self.edges = nn.ModuleList(
            make_operation(name, channels) for name in genotype
        )
        self.fuse = nn.Conv2d(4 * channels, channels, 1)
        self.act = nn.LeakyReLU(0.05)

    def forward(self, x: Tensor) -> Tensor:
        c1_d, c1_r, c2_d, c2_r, c3_d, c3_r, c4 = self.edges
        d1, r1 = self.act(c1_d(x)), self.act(c1_r(x) + x)
        d2, r2 = self.act(c2_d(r1)), self.act(c2_r(r1) + r1)
        d3, r3 = self.act(c3_d(r2)), self.act(c3_r(r2) + r2)
        return self.fuse(torch.cat([d1, d2, d3, self.act(c4(r3))], dim=1))


class Scene(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList(Cell(SCENE, 3) for _ in range(3))

    def forward(self, y: Tensor) -> Tensor:
        u, t_hat = None, window_maximum(y)
        for k, cell in enumerate(self.stages):
            if k > 0:
                t_hat = window_maximum(u) - 0.5 * (u - y)
            t = torch.clamp(torch.sigmoid(cell(t_hat)), 1e-4, 1)
            u = torch.clamp(y / t, 0, 1)
        return u


class NoiseRemoval(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, padding=1)
        self.cells = nn.Sequential(*(Cell(NOISE_REMOVAL, 6) for _ in range(3)))
        self.to_noise = nn.Conv2d(6, 3, 3, padding=1)

    def forward(self, u: Tensor) -> Tensor:
        return u - self.to_noise(self.cells(self.stem(u)))


class NoiseEstimation(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layers = [nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(inplace=True)]
        for _ in range(3):
            layers += [nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(32, 3, 3, padding=1))

    def forward(self, u: Tensor) -> Tensor:
        return self.layers(u).abs().mean()


class ReleasedNetwork(nn.Module):
    """RUAS_S, or RUAS_A where a threshold of the noise score is given."""

    def __init__(self, noise_threshold: float = None) -> None:
        super().__init__()
        self.noise_threshold = noise_threshold
        self.scene = Scene()
        if noise_threshold is not None:
            self.noise_remover = NoiseRemoval()
            self.noise_estimator = NoiseEstimation()

    @torch.no_grad()
    def forward(self, y: Tensor) -> Tensor:
        """RGB in [0, 1], (1, 3, H, W); the same out."""
        u = self.scene(y)
        if self.noise_threshold is None:
            return u
        if self.noise_estimator(u).item() < self.noise_threshold:
            return u
        return torch.clamp(self.noise_remover(u), 0, 1)


def window_maximum(x: Tensor) -> Tensor:
    """2x2, right and down, zeros beyond the border; by slices."""
    x = F.pad(x, (0, 1, 0, 1))
    upper = torch.max(x[..., :-1, :-1], x[..., :-1, 1:])
    lower = torch.max(x[..., 1:, :-1], x[..., 1:, 1:])
    return torch.max(upper, lower)

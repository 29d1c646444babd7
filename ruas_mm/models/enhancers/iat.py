"""IAT: two light maps for each pixel, a gamma and colours for each picture.

Cui et al., You Only Need 90K Parameters to Adapt Light: a Light Weight
Transformer for Image Enhancement and Exposure Correction, BMVC 2022.
https://arxiv.org/abs/2205.14871

Differs from the paper: its losses are not here.
Weights: github.com/cuiziteng/Illumination-Adaptive-Transformer, Apache-2.0
(best_Epoch_lol_v1.pth: LOL, best_Epoch_exposure.pth: exposure errors).
"""

import math
from typing import Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ruas_mm.models.enhancers.published import PublishedEnhancer

WIDTH, TOKEN = 16, 64  # channels of the local and of the global branch
NUM_QUERIES, NUM_HEADS = 10, 4  # one for gamma, nine for the matrix
DROPPED = (0.01, 0.05, 0.1)  # share of the pictures that skip a local block
DARKEST = 1e-8
LOCAL = {
    'attn': 'depthwise',
    'mlp.fc1': 'expand',
    'mlp.fc2': 'reduce',
    'gamma_1': 'mixed_scale',
    'gamma_2': 'expanded_scale',
}
GLOBAL = {
    'conv_large.proj': 'stem',
    'generator.pos_embed': 'position',
    'generator.norm1': 'norm',
    'generator.attn.q': 'queries',
    'generator.attn.k': 'to_keys',
    'generator.attn.v': 'to_values',
    'generator.attn.proj': 'attended',
    'generator.norm2': 'mlp.0',
    'generator.mlp.fc1': 'mlp.1',
    'generator.mlp.fc2': 'mlp.3',
    'gamma_linear': 'to_gamma',
    'color_linear': 'to_colors',
}


class IAT(PublishedEnhancer):
    """u = (C (y * M + D)) ** gamma.

    Args:
        init_cfg: See :class:`PretrainedModule`.
    """

    theirs = {
        **{
            f'local_net.{kind}_blocks.{i}.{name}': f'{branch}.{i}.{ours}'
            for kind, branch in (('mul', 'multiply'), ('add', 'add'))
            for i in range(len(DROPPED))
            for name, ours in LOCAL.items()
        },
        'local_net.conv1': 'stem',
        'local_net.mul_blocks': 'multiply',
        'local_net.add_blocks': 'add',
        'local_net.mul_end.0': 'to_factor',
        'local_net.add_end.0': 'to_summand',
        **{f'global_net.{k}': f'colors.{v}' for k, v in GLOBAL.items()},
        'global_net': 'colors',
    }

    def __init__(self, init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg)
        self.stem = nn.Conv2d(3, WIDTH, 3, padding=1)
        self.multiply = nn.Sequential(*map(_LocalBlock, DROPPED))
        self.add = nn.Sequential(*map(_LocalBlock, DROPPED))
        self.to_factor = nn.Conv2d(WIDTH, 3, 3, padding=1)
        self.to_summand = nn.Conv2d(WIDTH, 3, 3, padding=1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                _start(module)
        self.colors = _GlobalBranch()

    def forward(self, y: Tensor) -> Tensor:
        """See :meth:`Enhancer.forward`."""
        factor, summand = self.light_maps(y)
        gamma, colors = self.colors(y)  # (N, 1), (N, 3, 3)
        z = y * factor + summand
        mixed = torch.einsum('nck,nkhw->nchw', colors, z).clamp(DARKEST, 1)
        return (mixed ** gamma[:, :, None, None]).clamp(max=1)

    def light_maps(self, y: Tensor) -> Tuple[Tensor, Tensor]:
        """M (from 0 on) and D (in [-1, 1]), each (N, 3, H, W)."""
        h = F.leaky_relu(self.stem(y), 0.2)
        factor = F.relu(self.to_factor(self.multiply(h) + h))
        summand = torch.tanh(self.to_summand(self.add(h) + h))
        return factor, summand


class _Affine(nn.Module):
    """A linear map of the channels of each pixel, in the place of a norm."""

    def __init__(self) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1, 1, WIDTH))
        self.beta = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.color = nn.Parameter(torch.eye(WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        weight = self.alpha[0, 0, :, None] * self.color
        return F.conv2d(x, weight[..., None, None], self.beta[0, 0])


class _LocalBlock(nn.Module):
    """Depthwise mixing of 5 x 5 pixels, then of channels; (N, 16, H, W).

    Args:
        dropped: Share of the pictures that a branch is left out for while
            training.
    """

    def __init__(self, dropped: float) -> None:
        super().__init__()
        self.dropped = dropped
        self.pos_embed = _depthwise(WIDTH, 3)
        self.norm1, self.norm2 = _Affine(), _Affine()
        self.conv1 = nn.Conv2d(WIDTH, WIDTH, 1)
        self.depthwise = _depthwise(WIDTH, 5)
        self.conv2 = nn.Conv2d(WIDTH, WIDTH, 1)
        self.expand = nn.Conv2d(WIDTH, 4 * WIDTH, 1)
        self.reduce = nn.Conv2d(4 * WIDTH, WIDTH, 1)
        small = torch.full((1, WIDTH, 1, 1), 1e-4)
        self.mixed_scale = nn.Parameter(small)
        self.expanded_scale = nn.Parameter(small.clone())

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.pos_embed(x)
        mixed = self.conv2(self.depthwise(self.conv1(self.norm1(x))))
        x = x + self._kept(self.mixed_scale * mixed)
        expanded = self.reduce(F.gelu(self.expand(self.norm2(x))))
        return x + self._kept(self.expanded_scale * expanded)

    def _kept(self, branch: Tensor) -> Tensor:
        """Stochastic depth: all of it or nothing of each picture."""
        if not self.training:
            return branch
        share = 1 - self.dropped
        kept = torch.rand_like(branch[:, :1, :1, :1]) < share
        return branch * kept / share


class _GlobalBranch(nn.Module):
    """Ten learned queries to the whole picture."""

    def __init__(self) -> None:
        super().__init__()
        self.gamma_base = nn.Parameter(torch.ones(1))
        self.color_base = nn.Parameter(torch.eye(3))
        self.stem = nn.Sequential(
            nn.Conv2d(3, TOKEN // 2, 3, 2, 1),
            nn.BatchNorm2d(TOKEN // 2),
            nn.GELU(),
            nn.Conv2d(TOKEN // 2, TOKEN, 3, 2, 1),
            nn.BatchNorm2d(TOKEN),
        )
        self.position = _depthwise(TOKEN, 3)
        self.norm = nn.LayerNorm(TOKEN)
        self.queries = nn.Parameter(torch.ones(1, NUM_QUERIES, TOKEN))
        self.to_keys = nn.Linear(TOKEN, TOKEN, bias=False)
        self.to_values = nn.Linear(TOKEN, TOKEN, bias=False)
        self.attended = nn.Linear(TOKEN, TOKEN)
        self.mlp = nn.Sequential(
            nn.LayerNorm(TOKEN),
            nn.Linear(TOKEN, 4 * TOKEN),
            nn.GELU(),
            nn.Linear(4 * TOKEN, TOKEN),
        )
        self.to_gamma = nn.Linear(TOKEN, 1)
        self.to_colors = nn.Linear(TOKEN, 1)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
        nn.init.zeros_(self.to_values.weight)

    def forward(self, y: Tensor) -> Tuple[Tensor, Tensor]:
        """gamma (N, 1) and C (N, 3, 3)."""
        x = self.stem(y)
        x = x + self.position(x)
        x = self.norm(x.flatten(2).transpose(1, 2))  # (N, H / 4 * W / 4, 64)
        t = self.attended(self._attend(x))  # (N, 10, 64)
        t = t + self.mlp(t)
        gamma = self.to_gamma(t[:, 0]) + self.gamma_base
        colors = self.to_colors(t[:, 1:]).reshape(-1, 3, 3)
        return gamma, colors + self.color_base

    def _attend(self, x: Tensor) -> Tensor:
        def heads(tokens: Tensor) -> Tensor:
            return tokens.unflatten(-1, (NUM_HEADS, -1)).transpose(1, 2)

        queries = heads(self.queries) / math.sqrt(TOKEN // NUM_HEADS)
        keys, values = heads(self.to_keys(x)), heads(self.to_values(x))
        weights = (queries @ keys.transpose(-2, -1)).softmax(-1)
        return (weights @ values).transpose(1, 2).flatten(2)


def _depthwise(channels: int, size: int) -> nn.Conv2d:
    return nn.Conv2d(
        channels, channels, size, padding=size // 2, groups=channels
    )


def _start(conv: nn.Conv2d) -> None:
    height, width = conv.kernel_size
    fan_out = height * width * conv.out_channels / conv.groups
    nn.init.normal_(conv.weight, std=math.sqrt(2 / fan_out))
    nn.init.zeros_(conv.bias)

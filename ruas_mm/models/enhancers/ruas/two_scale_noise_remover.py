"""Noise remover that works on luma and chroma at two scales.

Beyond the paper, whose searched remover is :class:`NoiseRemover`: most noise
of dark pictures is coarse and coloured, which cells of a few pixels at full
size do not reach. It knows how much the light has amplified the noise, and
takes a colour cast off as well.
"""

import math
from functools import partial
from typing import Callable, List, Optional, Tuple, Union

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from ruas_mm.arguments import check_interval, check_whole_number
from ruas_mm.models.lit import Lit
from ruas_mm.models.low_resolution import enlarge, filled_up, shrunk
from ruas_mm.models.metering import (
    block_means,
    content_mask,
    normalised,
    weighted_mean,
)
from ruas_mm.models.precision import at_least_float32, full_precision
from ruas_mm.models.pretrained import PretrainedModule
from ruas_mm.models.tiling import tiled
from ruas_mm.models.tone import Tone
from ruas_mm.models.ycbcr import rgb_to_ycbcr, ycbcr_to_rgb
from ruas_mm.registry import MODELS

COARSE, FINE = 4, 2  # by how much the picture is shrunk
BLOCK = 16  # pixels a side of what statistics are taken of
STATISTICS = 11
GREY = 0.01  # mean |chroma| below which a picture counts as grey
NEARLY_WHITE = 0.1  # distance from which on lights are left alone
GRAIN = 0.4  # pixels, a Gaussian that takes the last of it; docs/notes.md
MARGINS = 6  # of which a strip is high
GRID = 4  # every 4th pixel of every 4th row tells it
Amplification = Callable[[Tensor], Tensor]


@MODELS.register_module()
class TwoScaleNoiseRemover(PretrainedModule):
    """Estimates the noise, which is then taken from the picture.

    The coarse branch, at a quarter of the size, finds a correction of luma
    and chroma, and features for the fine one, at half of the size, which
    corrects each pixel's luma and says where luma and chroma are to be
    smoothed: what is smooth already need not be learned. Where luma was, the
    grain of single pixels that is left goes too.

    Args:
        channels: Width of both branches.
        coarse_depth: Residual convolutions 3x3 of the coarse branch, with
            dilations 1, 2, 4 and so on.
        fine_depth: The same of the fine branch, without dilation.
        features: What the fine branch is told by the coarse one.
        hidden: Width of what makes a bias of the picture's statistics.
        balance: Largest |ln| of the gains of R, G and B that bring the means
            of x half of the way to grey; not in training. .05 is little
            enough for scenes of one colour; docs/notes.md.
        init_cfg: See :class:`PretrainedModule`.

    Raises:
        ValueError: A width or depth is no positive whole number, or another
            argument is out of range.
    """

    noise_map = False  # of the estimator is not looked at
    multiple = COARSE  # of which tiles and margins are

    def __init__(
        self,
        channels: int = 24,
        coarse_depth: int = 3,
        fine_depth: int = 2,
        features: int = 10,
        hidden: int = 16,
        balance: float = 0.05,
        init_cfg: dict = None,
    ) -> None:
        super().__init__(init_cfg)
        for name, value in dict(
            channels=channels,
            coarse_depth=coarse_depth,
            fine_depth=fine_depth,
            features=features,
            hidden=hidden,
        ).items():
            check_whole_number(name, value, 1)
        check_interval('balance', balance, 0, 1)
        self.features = features
        self.balance = balance
        self.of_statistics = nn.Sequential(
            nn.Linear(STATISTICS, hidden),
            nn.ReLU(),
            nn.Linear(hidden, channels),
        )
        # YCbCr, amplification, deviations of Y and Cb
        self.coarse_stem = _conv(6, channels)
        self.coarse_blocks = nn.ModuleList(
            _conv(channels, channels, 2**i) for i in range(coarse_depth)
        )
        self.to_coarse = nn.Conv2d(channels, features + 3, 1)
        # four pixels of Y, CbCr, amplification
        self.fine_stem = _conv(7 + features, channels)
        self.fine_blocks = nn.ModuleList(
            _conv(channels, channels) for _ in range(fine_depth)
        )
        # four pixels of Y, CbCr, smoothing of luma and of chroma
        self.to_fine = _conv(channels, 10)

    @property
    def radius(self) -> int:
        """How far away a pixel can change the result, in pixels."""
        coarse = 1 + sum(block.dilation[0] for block in self.coarse_blocks)
        fine = 2 + len(self.fine_blocks)
        # what is raised reaches one pixel more, and so does the grain
        return COARSE * (coarse + 2) + FINE * (fine + 1) + 1

    def start_small(self) -> None:
        """Training starts from "no noise"."""
        for last in (self.to_coarse, self.to_fine):
            last.weight.data.mul_(0.1)
            last.bias.data.zero_()

    def inputs(
        self, lit: Lit, tone: Tone, theta: Optional[Tensor] = None
    ) -> Tuple[Union[Tensor, Callable], ...]:
        """What :meth:`forward` takes, of a picture with the light on.

        Args:
            lit: The picture.
            tone: What lit it.
            theta: Not looked at.

        Raises:
            ValueError: ``lit.u`` has not the size of ``lit.t``.
        """
        if lit.u.shape != lit.t.shape:
            raise ValueError(
                f'u has shape {tuple(lit.u.shape)}, allowed: that of its '
                f'illumination, {tuple(lit.t.shape)}; a loss that takes some '
                'of the pixels does not fit TwoScaleNoiseRemover'
            )
        # channels mostly share one illumination
        t = lit.t[:, :1] if lit.t.stride(1) == 0 else lit.t.mean(1, True)
        content = content_mask(lit.y, BLOCK // 2)
        lit.note('illumination', t)
        lit.note('content', content, is_local=False)
        return (
            lit.u,
            t,
            partial(tone.amplification, s=lit.strength),
            lit.steady('statistics', statistics(lit, content)),
            lit.steady('colour', colour(lit.u)),
            content,
            lit.note,
        )

    def forward(
        self,
        u: Tensor,
        t: Tensor,
        amplification: Amplification,
        statistics: Tensor,
        colour: Tensor,
        content: Tensor,
        note: Callable[..., None],
        tile: Optional[Tuple[int, int]] = None,
    ) -> Tensor:
        """The noise in ``u``; x = u - noise.

        Not in half precision under autocast, whose rounding is noise, too.

        Args:
            u: Picture with the light on, RGB in [0, 1], (N, 3, H, W).
            t: Its illumination, (N, 1, H, W).
            amplification: Of an illumination, of any height and width.
            statistics: Of each picture, (N, 11); see :func:`statistics`.
            colour: Of each picture, (N, 1, 1, 1); see :func:`colour`.
            content: Of each pixel, 0 in padding, (N, 1, H, W).
            note: See :meth:`Lit.note`.
            tile: Height and width of a tile, rounded up to 4 pixels; None:
                all at once.

        Returns:
            As ``u``.
        """
        self.check_ready()
        with full_precision(u):
            bias = self.of_statistics(at_least_float32(statistics))
            noise = tiled(
                partial(self._find_noise, amplification, bias, colour),
                u,
                t,
                tile=tile,
                radius=self.radius,
                multiple=self.multiple,
            )
            below_white = (1 - u.amax(1, keepdim=True)) / NEARLY_WHITE
            below_white = below_white.clamp(0, 1)  # lights are left alone
            noise = noise * below_white
            return self._balanced(u, noise, below_white, content, note)

    @torch.no_grad()
    def find_noise(
        self, u: Tensor, *inputs, tile: Optional[Tuple[int, int]] = None
    ) -> Tensor:
        """:meth:`forward` for inference.

        Strips are made so high that their margins are a third of them.
        """
        if tile is not None and tile[1] >= u.shape[-1] > tile[0]:
            tile = max(tile[0], MARGINS * self.radius), tile[1]
        return self(u, *inputs, tile=tile)

    def _balanced(
        self,
        u: Tensor,
        noise: Tensor,
        below_white: Tensor,
        content: Tensor,
        note: Callable[..., None],
    ) -> Tensor:
        if self.training or not self.balance:
            return noise
        x = u - noise
        note('denoised', x)
        means = _means(x, content) / content.sum((2, 3), True)
        note('means', means, is_local=False)
        means = means.clamp(min=1e-3).log()
        gain = (means.mean(1, keepdim=True) - means) / 2
        gain = gain.clamp(-self.balance, self.balance).exp()
        return noise - x * (gain - 1) * below_white

    def _find_noise(
        self,
        amplification: Amplification,
        bias: Tensor,
        colour: Tensor,
        u: Tensor,
        t: Tensor,
    ) -> Tensor:
        u = at_least_float32(u).contiguous()  # planes, of which each is mixed
        picture = rgb_to_ycbcr(filled_up(u, COARSE))
        gain = amplification(shrunk(filled_up(t, COARSE), FINE))
        gain = gain.clamp(min=1e-3).log() / 3
        features, correction = self._coarse(picture, gain, bias)
        half = shrunk(picture, FINE)
        seen = [
            F.pixel_unshuffle(picture[:, :1], FINE),
            half[:, 1:],
            gain,
            enlarge(features, COARSE // FINE, half),
        ]
        x = F.relu(self.fine_stem(torch.cat(seen, 1)))
        for block in self.fine_blocks:
            x = x + F.relu(block(x))
        of_luma, of_chroma, scores = self.to_fine(x).split([4, 2, 4], 1)
        scores = enlarge(scores, FINE, picture)
        smoothing, smoothness = _smoothing(picture, half, scores)
        correction = (
            enlarge(correction, COARSE, picture)
            + torch.cat(
                [
                    F.pixel_shuffle(of_luma, FINE),
                    enlarge(of_chroma, FINE, picture),
                ],
                1,
            )
            + smoothing
        )
        luma, chroma = correction[:, :1], correction[:, 1:]
        luma = luma - smoothness * _grain(picture[:, :1] + luma)
        noise = -ycbcr_to_rgb(torch.cat([luma, colour * chroma], 1))
        return noise[..., : u.shape[-2], : u.shape[-1]]

    def _coarse(
        self, picture: Tensor, gain: Tensor, bias: Tensor
    ) -> List[Tensor]:
        """Features for the fine branch, and corrections of Y, Cb and Cr."""
        mean = shrunk(picture, COARSE)
        square = shrunk(picture[:, :2].square(), COARSE)
        variance = square - mean[:, :2].square()
        deviation = variance.clamp(min=1e-6).sqrt()
        gain = shrunk(gain, COARSE // FINE)
        x = self.coarse_stem(torch.cat([mean, gain, deviation], 1))
        x = F.relu(x + bias[:, :, None, None])
        for block in self.coarse_blocks:
            x = x + F.relu(block(x))
        return self.to_coarse(x).split([self.features, 3], 1)


def colour(u: Tensor) -> Tensor:
    """How far a picture is not grey, in [0, 1], (N, 1, 1, 1).

    Of a grey one, whose cast is anyone's guess, chroma is left alone.
    """
    chroma = rgb_to_ycbcr(at_least_float32(u[..., ::GRID, ::GRID]))[:, 1:]
    return (chroma.abs().mean((1, 2, 3), True) / GREY).clamp(max=1)


def _smoothing(
    picture: Tensor, half: Tensor, scores: Tensor
) -> Tuple[Tensor, Tensor]:
    """What smoothing adds to a picture, and how smooth its luma becomes.

    Each pixel of luma and of chroma lies between itself and the picture
    averaged to a half and to a quarter of the size, by softmax.

    Args:
        picture: YCbCr, (N, 3, H, W).
        half: The same averaged to a half.
        scores: Of half and quarter, for luma and for chroma, (N, 4, H, W).

    Returns:
        As ``picture``; and 0 (as it is) to 1 of each pixel, (N, 1, H, W).
    """
    quarter = shrunk(half, COARSE // FINE)
    half = enlarge(half, FINE, picture) - picture
    quarter = enlarge(quarter, COARSE, picture) - picture
    weights = scores.clamp(max=10).exp()
    parts, smoothness = [], []
    for channels, first in ((slice(0, 1), 0), (slice(1, 3), 2)):
        a, b = weights[:, first : first + 1], weights[:, first + 1 : first + 2]
        mixed = a * half[:, channels] + b * quarter[:, channels]
        parts.append(mixed / (1 + a + b))
        smoothness.append((a + b) / (1 + a + b))
    return torch.cat(parts, 1), smoothness[0]


def _grain(luma: Tensor) -> Tensor:
    """What a Gaussian of :data:`GRAIN` pixels takes away, (N, 1, H, W)."""
    side = math.exp(-0.5 / GRAIN**2)
    line = luma.new_tensor([side, 1, side]) / (1 + 2 * side)
    kernel = (line[:, None] * line)[None, None]
    padded = F.pad(luma, (1, 1, 1, 1), mode='replicate')
    return luma - F.conv2d(padded, kernel)


def statistics(lit: Lit, content: Tensor) -> Tensor:
    """What a picture is like as a whole, (N, 11); padding is left out.

    Means of Y, Cb and Cr; standard deviations of these; means of Cb
    and Cr in the darker and in the brighter half; strength of the tone; each
    of blocks of 16 pixels a side, as far as they are ``content``.
    """
    u, weight = block_means(at_least_float32(lit.u), content, BLOCK)
    weight = normalised(weight)
    picture = rgb_to_ycbcr(u)
    luma, chroma = picture[:, :1], picture[:, 1:]
    mean = weighted_mean(luma, weight)
    tint = _means(chroma, weight)
    brighter = torch.sigmoid((luma - mean) / 0.02)
    halves = [
        _means(chroma, normalised(weight * half + 1e-6 * weight))
        for half in (1 - brighter, brighter)
    ]
    columns = [
        mean,
        tint,
        _deviation(luma - mean, weight),
        _deviation(chroma - tint, weight),
        *halves,
        mean * 0 + lit.strength,
    ]
    return torch.cat(columns, 1).flatten(1)


def _means(x: Tensor, weight: Tensor) -> Tensor:
    """Of each channel, (N, C, 1, 1)."""
    return (x * weight).sum((2, 3), keepdim=True)


def _deviation(difference: Tensor, weight: Tensor) -> Tensor:
    return _means(difference.square(), weight).clamp(min=1e-8).sqrt()


def _conv(inputs: int, outputs: int, dilation: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=dilation, dilation=dilation)

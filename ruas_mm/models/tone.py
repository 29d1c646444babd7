"""Tone: how the picture y and its illumination t become the result u.

The paper divides, ``u = y / t`` (Eq. (3)): :class:`DivisionTone`. Beyond the
paper is :class:`FilmTone`, the inverse of underexposure under a film's
response, which neither clips lights nor flattens them.

A tone has a strength s for each picture: 0 gives the input back.
"""

from typing import Optional, Union

import torch
from torch import Tensor

from ruas_mm.arguments import check_choice, check_interval

from .automatic_strength import automatic_strength
from .metering import (
    block_means,
    content_mask,
    normalised,
    towards_centre,
    weighted_mean,
)

Strength = Union[float, Tensor]
BISECTIONS = 12


class DivisionTone:
    """``u = y / t ** s``.

    Args:
        exposure: Mean of u in (0, 1), met by an automatic s that
            :func:`automatic_strength` solves for each picture. None: s = 1.

    Raises:
        ValueError: ``exposure`` is out of range.
    """

    def __init__(self, exposure: Optional[float] = None) -> None:
        if exposure is not None and not 0 < exposure < 1:
            raise ValueError(
                f'exposure={exposure}, allowed: None, or between 0 and 1'
            )
        self.exposure = exposure

    def meter(self, y: Tensor, t: Tensor, scale: int = 1) -> Strength:
        """s of the full result: 1, or one for each picture, (N, 1, 1, 1).

        Args:
            y: RGB in [0, 1], (N, 3, H, W).
            t: Illumination in (0, 1], (N, 1 or 3, H, W).
            scale: By how much both were shrunk already.
        """
        if self.exposure is None:
            return 1.0
        return automatic_strength(y, t, self.exposure)

    def denoising(self, s: Strength) -> Strength:
        """Share of the noise to be removed at a strength: all of it."""
        return 1.0

    def amplification(self, t: Tensor, s: Strength) -> Tensor:
        """How much u moves with y where y = t, as ``t``."""
        return t**-s

    def __call__(self, y: Tensor, t: Tensor, s: Strength = 1.0) -> Tensor:
        """u in [0, 1], as ``y``."""
        if isinstance(s, Tensor) or s != 1:
            t = t**s
        return (y / t).clamp_(0, 1)


class FilmTone:
    """``u = F(t) * ((y + e) / (t + e)) ** (1/2)``, both growing with s.

    ``F(t) = 1 - exp(-c (-ln(1 - t)) ** p)``: on film, light x leaves
    ``1 - exp(-x)``, so that -ln(1 - t) is the light that made t, which is
    then multiplied. The reflectance y / t gets an exponent, as otherwise noise
    and clipped lights grow with it. With k = min(s, 1) the exponents are
    ``response ** k`` and ``reflectance ** k``, e = k times half a grey level,
    and ln c = ``gain * s``. A tenth of y's distance from white is kept, so
    that lights do not clip.

    s is metered: the mean of u, weighted towards the centre and away from
    black, meets ``exposure``. Two things bound it. A picture that is not dark
    is left alone: ``brightness`` is its mean plus the share of it that is
    brighter than .3, and s goes to 0 between ``dark`` and ``bright``. And in
    the noise of a black frame there is nothing to be lit.

    Args:
        exposure: Mean of u. .46 and all that follows: docs/notes.md.
        response: Exponent p of the light at s = 1.
        reflectance: Exponent of y / t at s = 1.
        gain: ln c at s = 1.
        dark: Brightness up to which s is as metered.
        bright: Brightness from which on the picture is returned.
        amount: Part of the metered s that is used.
        full_denoising: s from which on all noise is removed.

    Raises:
        ValueError: An argument is out of range.
    """

    lowest_t = 0.03
    highest_t = 0.996
    tiny = 1e-12  # in the place of black, whose slope is not finite
    headroom = 0.1  # of a pixel's distance from white that is kept
    half_level = 0.5 / 255
    most = 1.75  # s at most
    block = 16  # pixels a side of what is metered
    black = 4 / 255  # level below which blocks count less: docs/notes.md

    def __init__(
        self,
        exposure: float = 0.46,
        response: float = 0.7,
        reflectance: float = 0.5,
        gain: float = 1.9,
        dark: float = 0.4,
        bright: float = 0.64,
        amount: float = 1.0,
        full_denoising: float = 0.8,
    ) -> None:
        for name, value in dict(
            exposure=exposure,
            response=response,
            reflectance=reflectance,
            amount=amount,
            full_denoising=full_denoising,
        ).items():
            check_interval(name, value, 0.01, 1)
        check_interval('gain', gain, 0, 10)
        if not 0 <= dark < bright:
            raise ValueError(
                f'dark={dark}, allowed: at least 0 and below bright={bright}'
            )
        self.exposure = exposure
        self.response = response
        self.reflectance = reflectance
        self.gain = gain
        self.dark = dark
        self.bright = bright
        self.amount = amount
        self.full_denoising = full_denoising

    def denoising(self, s: Tensor) -> Tensor:
        """Noise is removed as far as it was amplified."""
        return (s / self.full_denoising).clamp(max=1)

    def amplification(self, t: Tensor, s: Tensor) -> Tensor:
        """How much u moves with y where y = t, as ``t``."""
        k = s.clamp(max=1)
        t = t.clamp(self.lowest_t, self.highest_t)
        e = k * self.half_level
        return self._film(t, s) * self.reflectance**k / (t + e)

    def __call__(self, y: Tensor, t: Tensor, s: Strength = 1.0) -> Tensor:
        """u in [0, 1], as ``y``; see :class:`DivisionTone`."""
        if not isinstance(s, Tensor):
            s = y.new_tensor(s)
        k = s.clamp(max=1)
        e = k * self.half_level
        power = self.reflectance**k
        t = t.clamp(self.lowest_t, self.highest_t)
        # powers and products by way of exp and log are three times as fast
        log_y = (y + e).clamp_(min=self.tiny).log_()
        log_light = self._film(t, s).log_() - (t + e).log_().mul_(power)
        u = torch.addcmul(log_light, power, log_y).exp_()
        white = y.new_tensor(1 - self.headroom)
        kept = torch.add(white, y, alpha=self.headroom)
        return torch.minimum(u, kept).clamp_(max=1)  # y can be above 1

    def _film(self, t: Tensor, s: Tensor) -> Tensor:
        """F(t)."""
        light = (1 - t).log_().neg_().log_()
        power = self.response ** s.clamp(max=1)
        light = torch.addcmul(self.gain * s, light, power)
        return 1 - (-light.exp_()).exp_()

    def meter(self, y: Tensor, t: Tensor, scale: int = 1) -> Tensor:
        """s for each picture, (N, 1, 1, 1); see :class:`DivisionTone`.

        The bisection is followed by a Newton step, which is differentiable
        and squares the error. No step depends on a value, so that it can be
        exported.
        """
        block = max(self.block // scale, 1)
        content = content_mask(y)
        y, weight = block_means(y, content, block)
        t, _ = block_means(t, content, block)
        centre = towards_centre(weight)
        lightness = (y.mean(1, keepdim=True) / self.black).clamp(0.01, 1)
        centred = normalised(weight * centre * lightness)

        def mean(s: Tensor) -> Tensor:
            return weighted_mean(self(y, t, s), centred)

        with torch.no_grad():
            low = torch.zeros_like(y[:, :1, :1, :1])
            high = torch.full_like(low, self.most)
            for _ in range(BISECTIONS):
                middle = (low + high) / 2
                is_dark = mean(middle) < self.exposure
                low = torch.where(is_dark, middle, low)
                high = torch.where(is_dark, high, middle)
            s = (low + high) / 2
            step = 1e-2
            slope = (mean(s + step) - mean(s - step)) / (2 * step)
        s = s - (mean(s) - self.exposure) / slope.clamp(min=0.05)
        s = s.clamp(0, self.most)
        level = weighted_mean(y, normalised(weight))
        noise = (level / (3 * self.half_level)).clamp(max=1)
        s = torch.minimum(s, self.most * noise)
        return self.amount * s * self.share(y, weight)

    def share(self, y: Tensor, weight: Optional[Tensor] = None) -> Tensor:
        """How much of s a picture gets: 1 if dark, 0 if not, (N, 1, 1, 1)."""
        weight = torch.ones_like(y[:, :1]) if weight is None else weight
        weight = normalised(weight)
        lights = torch.sigmoid((y.amax(1, keepdim=True) - 0.3) / 0.03)
        brightness = weighted_mean(y, weight) + weighted_mean(lights, weight)
        x = (self.bright - brightness) / (self.bright - self.dark)
        x = x.clamp(0, 1)
        return x * x * (3 - 2 * x)


TONES = dict(division=DivisionTone, film=FilmTone)
Tone = Union[DivisionTone, FilmTone]


def build_tone(tone: Union[str, dict]) -> Tone:
    """A tone by its name, or ``dict(type=name, ...)`` with arguments.

    Raises:
        ValueError: Unknown name, or an argument that the tone does not take.
    """
    arguments = dict(type=tone) if isinstance(tone, str) else dict(tone)
    name = arguments.pop('type', None)
    check_choice('tone', name, tuple(TONES))
    try:
        return TONES[name](**arguments)
    except TypeError as error:
        raise ValueError(f'tone={tone}: {error}') from None

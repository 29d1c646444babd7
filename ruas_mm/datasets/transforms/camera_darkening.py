"""A dark, noisy picture and its clean twin, out of a daylight photograph."""

from typing import Tuple

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from ruas_mm.arguments import check_range
from ruas_mm.registry import TRANSFORMS

from .low_light_simulation import draw_log_uniform

Range = Tuple[float, float]
FULL_SCALE = 65535
GREY_16 = 16 / 255  # mean of LOL's dark pictures


@TRANSFORMS.register_module()
class CameraDarkening(BaseTransform):
    """Less light on a sensor, and what a camera makes of it.

    The photograph is made linear by a response that is drawn, exposed less
    and stored again: that is the twin. The dark picture also has a colour
    cast, a black level, read and shot noise, partly correlated between
    neighbouring pixels and between channels, 8 bits, and sometimes JPEG.
    Ranges are drawn from uniformly, ``exposure``, ``read_noise`` and
    ``shot_noise`` on a logarithmic scale.

    Unlike :class:`LowLightSimulation`, which only darkens, it gives pairs.

    Required keys: ``img``, (H, W, 3), BGR, uint8. Modified key: ``img``.
    Added key: ``clean``, the same shape, uint16.

    Args:
        exposure: Part of the light that is left.
        response: Exponent p of the camera, ``x ** p`` or, on film,
            ``1 - exp(-x ** p)`` for linear light x.
        cast: Largest |ln| of the gains of blue and red.
        black: Largest |black level| of a channel, in grey levels of 255.
        read_noise: Standard deviation in black, in grey levels of 255.
        shot_noise: The same at a grey level of 16.
        correlation: Sigma of the blur of correlated noise, in pixels.
        blur: Largest sigma of the lens' blur, in pixels; half are sharp.
        jpeg: Share of pictures that are compressed.
        quality: Of compression.

    Raises:
        ValueError: A range that is empty or not positive.
    """

    def __init__(
        self,
        exposure: Range = (1 / 250, 1 / 3),
        response: Range = (0.45, 0.8),
        cast: float = 0.3,
        black: float = 1.5,
        read_noise: Range = (0.2, 4),
        shot_noise: Range = (0.3, 5),
        correlation: Range = (0.4, 1.2),
        blur: float = 0.8,
        jpeg: float = 0.2,
        quality: Tuple[int, int] = (60, 96),
    ) -> None:
        ranges = dict(
            exposure=exposure,
            response=response,
            read_noise=read_noise,
            shot_noise=shot_noise,
            correlation=correlation,
            quality=quality,
        )
        for name, value in ranges.items():
            check_range(name, value)
        self.exposure = exposure
        self.response = response
        self.cast = cast
        self.black = black
        self.read_noise = read_noise
        self.shot_noise = shot_noise
        self.correlation = correlation
        self.blur = blur
        self.jpeg = jpeg
        self.quality = quality

    def transform(self, results: dict) -> dict:
        """Darken ``img`` with numpy's global generator."""
        generator = np.random.RandomState(np.random.randint(2**31))
        clean = self.darken(results['img'], generator)
        results['img'] = self.record(clean, generator)
        results['clean'] = (clean * FULL_SCALE).round().astype(np.uint16)
        return results

    def darken(
        self, image: np.ndarray, generator: np.random.RandomState
    ) -> np.ndarray:
        """Less light, nothing else: (H, W, 3), float32 in [0, 1]."""
        image = image.astype(np.float32) / 255
        if generator.rand() < 0.5:
            sigma = generator.uniform(0.1, max(self.blur, 0.1))
            image = cv2.GaussianBlur(image, (0, 0), sigma)
        exposure = draw_log_uniform(generator, self.exposure)
        power = generator.uniform(*self.response)
        if generator.rand() < 0.5:  # light ** p scales with the exposure
            return image * exposure**power
        light = -np.log1p(-np.minimum(image, 0.996))
        return -np.expm1(-light * exposure**power)

    def record(
        self, clean: np.ndarray, generator: np.random.RandomState
    ) -> np.ndarray:
        """What the camera stores: (H, W, 3), uint8."""
        gains = np.exp(generator.uniform(-self.cast, self.cast, 3))
        gains[1] = 1
        black = generator.uniform(-self.black, self.black, 3) / 255
        stored = clean * gains + black
        read = draw_log_uniform(generator, self.read_noise) / 255
        shot = draw_log_uniform(generator, self.shot_noise) / 255
        # blue and red are amplified more than green
        channels = 1 + generator.uniform(0, 0.6, 3) * (1, 0, 1)
        deviation = np.sqrt(read**2 + shot**2 * clean / GREY_16) * channels
        stored = stored + deviation * self._noise(clean.shape, generator)
        stored = (stored * 255).round().clip(0, 255).astype(np.uint8)
        if generator.rand() < self.jpeg:
            quality = int(generator.uniform(*self.quality))
            flags = [cv2.IMWRITE_JPEG_QUALITY, quality]
            stored = cv2.imdecode(cv2.imencode('.jpg', stored, flags)[1], 1)
        return stored

    def _noise(
        self, shape: Tuple[int, ...], generator: np.random.RandomState
    ) -> np.ndarray:
        """Standard deviation 1; half of the time not white."""
        noise = generator.standard_normal(shape).astype(np.float32)
        if generator.rand() < 0.5:
            share = generator.uniform(0.2, 1)
            sigma = generator.uniform(*self.correlation)
            coarse = generator.standard_normal(shape).astype(np.float32)
            coarse = cv2.GaussianBlur(coarse, (0, 0), sigma)
            noise = noise * (1 - share) + share * coarse / coarse.std()
        if generator.rand() < 0.5:
            common = generator.uniform(0, 0.7)
            grey = noise.mean(2, keepdims=True) * np.sqrt(3)
            noise = noise * (1 - common) + common * grey
        return noise / noise.std()

"""Turn a daylight picture into one taken in the dark, by a camera model."""

from typing import Tuple

import numpy as np
from mmcv.transforms import BaseTransform

from ruas_mm.arguments import check_range
from ruas_mm.registry import TRANSFORMS

DISPLAY_GAMMA = 2.2  # between linear light and the stored 8-bit value


@TRANSFORMS.register_module()
class LowLightSimulation(BaseTransform):
    """Exposure, white balance and sensor noise in linear light.

    The picture is made linear, multiplied by an exposure and a gain per
    channel, given Poisson (shot) and Gaussian (read) noise, and stored again
    in 8 bits. Every range is drawn from uniformly, exposure on a logarithmic
    scale.

    Required keys: ``img``. Modified keys: ``img`` (same shape, uint8).

    Args:
        exposure: Range of the exposure; .02 to .12 gives mean greys of about
            20 to 60 out of 255, as ExDark has.
        white_balance: Range of the gain of the first and the last channel
            against green.
        full_well: Range of the electrons at white; fewer means more shot
            noise.
        read_noise: Range of the read noise, in electrons.

    Raises:
        ValueError: A range that is empty or not positive.
    """

    def __init__(
        self,
        exposure: Tuple[float, float] = (0.02, 0.12),
        white_balance: Tuple[float, float] = (0.8, 1.2),
        full_well: Tuple[float, float] = (2000, 8000),
        read_noise: Tuple[float, float] = (2, 8),
    ) -> None:
        ranges = dict(
            exposure=exposure,
            white_balance=white_balance,
            full_well=full_well,
            read_noise=read_noise,
        )
        for name, value in ranges.items():
            check_range(name, value)
        self.exposure = exposure
        self.white_balance = white_balance
        self.full_well = full_well
        self.read_noise = read_noise

    def darken(
        self, image: np.ndarray, generator: np.random.RandomState
    ) -> np.ndarray:
        """Darken one picture.

        Args:
            image: (H, W, 3), uint8.
            generator: Where the random numbers come from.

        Returns:
            (H, W, 3), uint8.
        """
        exposure = draw_log_uniform(generator, self.exposure)
        first, last = generator.uniform(*self.white_balance, size=2)
        full_well = generator.uniform(*self.full_well)
        read_noise = generator.uniform(*self.read_noise)
        light = (image / 255.0) ** DISPLAY_GAMMA * exposure * (first, 1, last)
        electrons = generator.poisson(light * full_well)
        electrons = electrons + generator.normal(0, read_noise, light.shape)
        light = (electrons / full_well).clip(0, 1)
        stored = light ** (1 / DISPLAY_GAMMA)
        return (stored * 255).round().astype(np.uint8)

    def transform(self, results: dict) -> dict:
        """Darken ``img`` with numpy's global generator."""
        generator = np.random.RandomState(np.random.randint(2**31))
        results['img'] = self.darken(results['img'], generator)
        return results


def draw_log_uniform(
    generator: np.random.RandomState, limits: Tuple[float, float]
) -> float:
    """A number whose logarithm is uniform between those of ``limits``."""
    return np.exp(generator.uniform(*np.log(limits)))

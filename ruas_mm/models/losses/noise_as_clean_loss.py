"""Train noise estimator and remover without any clean picture.

Paper: Noisy-As-Clean: Learning Self-supervised Denoising from Corrupted
Image, Xu et al., IEEE TIP 2020. https://arxiv.org/abs/1906.06878

Differs from the paper: the picture that stands in for the clean one is first
shrunk, which averages its own noise away, and enlarged again, so that edges
are as soft as at full size; the noise is put on the *dark* picture, as a
sensor does, and both go through the scene module, so that it is amplified as
at test time. RUAS (https://arxiv.org/abs/2112.04719) names no loss for this.
"""

from typing import Callable, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ruas_mm.models.gaussian_blur import gaussian_blur
from ruas_mm.registry import MODELS

from .noise_loss import NoiseLoss, Samples

DARK_GREY = 16 / 255  # mean of LOL's dark pictures


@MODELS.register_module()
class NoiseAsCleanLoss(NoiseLoss):
    """Mean absolute difference between denoised and noise-free picture.

    Args:
        noise: Largest standard deviation of read noise, and of shot noise at
            a grey level of 16, in grey levels of 255. 10: docs/notes.md;
            LOL's pictures have about 2 in flat regions.
        shrink: By how much pictures are shrunk. 4: less leaves the noise of
            LOL's pictures, whose neighbouring pixels are correlated.
        enlarge: By how much they are enlarged again. 3: docs/notes.md.
    """

    def __init__(
        self, noise: float = 10.0, shrink: int = 4, enlarge: int = 3
    ) -> None:
        super().__init__()
        self.noise = noise
        self.shrink = shrink
        self.enlarge = enlarge

    @torch.no_grad()
    def pictures(
        self, y: Tensor, data_samples: Samples = None
    ) -> Tuple[Tensor, Tensor]:
        """A noisy and a nearly noise-free dark picture.

        Args:
            y: RGB in [0, 1], (N, 3, H, W), at least ``shrink`` pixels a side.
            data_samples: Not looked at.

        Returns:
            Both (N, 3, h, w) with h = H // shrink * enlarge.

        Raises:
            ValueError: Smaller pictures.
        """
        height, width = y.shape[-2:]
        if min(height, width) < self.shrink:
            raise ValueError(
                f'y has {height}x{width} pixels, allowed: at least '
                f'{self.shrink}x{self.shrink}'
            )
        clean = F.avg_pool2d(y, self.shrink)
        clean = F.interpolate(clean, scale_factor=self.enlarge, mode='bicubic')
        clean = clean.clamp(0, 1)
        noisy = clean + self._noise_like(clean)
        return (noisy.clamp(0, 1) * 255).round() / 255, clean  # 8-bit files

    def forward(
        self, denoise: Callable[[Tensor], Tensor], noisy: Tensor, clean: Tensor
    ) -> Tensor:
        """Loss of a batch.

        Args:
            denoise: Pictures to denoised pictures.
            noisy: With the light on, (N, 3, h, w).
            clean: The same without noise.
        """
        return (denoise(noisy) - clean).abs().mean()

    def _noise_like(self, y: Tensor) -> Tensor:
        """Read and shot noise as it is after development: correlated."""
        coarse_share = _uniform(0.3, 1)
        fine = _correlated_noise(y, _uniform(0.3, 0.8))
        coarse = _correlated_noise(y, _uniform(1, 2))
        noise = fine + coarse_share * coarse
        noise = noise / (1 + coarse_share**2) ** 0.5
        shape = (y.shape[0], 1, 1, 1)
        read, shot = (
            torch.rand(shape, device=y.device) * self.noise / 255
            for _ in range(2)
        )
        return noise * (read**2 + shot**2 * y / DARK_GREY).sqrt()


def _correlated_noise(y: Tensor, sigma: float) -> Tensor:
    """Blurred white noise, standard deviation 1."""
    noise = gaussian_blur(torch.randn_like(y), sigma)
    return noise / noise.std().clamp(min=1e-6)


def _uniform(low: float, high: float) -> float:
    return low + (high - low) * torch.rand(()).item()

"""Train noise estimator and remover on daylight photographs, darkened.

Beyond the paper, which names no loss for this. The twin of a noisy dark
picture is the same dark picture without noise, colour cast and black level
(:class:`~ruas_mm.datasets.transforms.CameraDarkening`). Both get the same
light, so that what is learned is noise and colour, never tone: a tone learned
from simulated darkness would not hold for real darkness.
"""

from typing import Callable, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ruas_mm.registry import MODELS

from .noise_loss import NoiseLoss, Samples

FULL_SCALE = 65535
WINDOW = 7  # of SSIM, as in scikit-image
STRIDE = 2  # a quarter of the windows, as good for training
STABILISERS = (0.01**2, 0.03**2)


@MODELS.register_module()
class CleanTwinLoss(NoiseLoss):
    """Charbonnier distance and dissimilarity of denoised picture and twin.

    Args:
        dissimilarity: Weight of 1 - SSIM.
        softness: Difference below which the distance becomes quadratic.
    """

    def __init__(
        self, dissimilarity: float = 0.25, softness: float = 3e-3
    ) -> None:
        super().__init__()
        self.dissimilarity = dissimilarity
        self.softness = softness

    def pictures(
        self, y: Tensor, data_samples: Samples = None
    ) -> Tuple[Tensor, Tensor]:
        """The noisy dark pictures and their twins, both (N, 3, H, W).

        Args:
            y: RGB in [0, 1].
            data_samples: Each with ``clean``, (3, H, W), RGB, 16 bits.

        Raises:
            ValueError: A picture has no twin.
        """
        if not data_samples or any('clean' not in s for s in data_samples):
            raise ValueError(
                'data_samples have no clean, allowed: pictures of a pipeline '
                'with CameraDarkening'
            )
        clean = torch.stack([s.clean for s in data_samples])
        return y, clean.to(y) / FULL_SCALE

    def forward(
        self, denoise: Callable[[Tensor], Tensor], noisy: Tensor, clean: Tensor
    ) -> Tensor:
        """Loss of a batch.

        Args:
            denoise: Pictures to denoised pictures.
            noisy: With the light on, (N, 3, H, W).
            clean: The twins with the same light.
        """
        found = denoise(noisy)
        distance = ((found - clean).square() + self.softness**2).sqrt()
        return distance.mean() + self.dissimilarity * (
            1 - structural_similarity(found, clean)
        )


def structural_similarity(first: Tensor, second: Tensor) -> Tensor:
    """Mean SSIM of pictures in [0, 1], at least 7 pixels a side.

    Wang et al., IEEE TIP 2004, with scikit-image's 7x7 window, at every other
    pixel of every other row.
    """
    pictures = torch.cat([first, second])
    first_mean, second_mean = _means(pictures).chunk(2)
    unbiased = WINDOW**2 / (WINDOW**2 - 1)
    variance = _means(pictures.square()).chunk(2)
    variance = unbiased * (
        variance[0] + variance[1] - first_mean**2 - second_mean**2
    )
    covariance = unbiased * (_means(first * second) - first_mean * second_mean)
    a, b = STABILISERS
    luminance = (2 * first_mean * second_mean + a) / (
        first_mean**2 + second_mean**2 + a
    )
    structure = (2 * covariance + b) / (variance + b)
    return (luminance * structure).mean()


def _means(x: Tensor) -> Tensor:
    # columns, then rows: 14 sums in the place of 49
    x = F.avg_pool2d(x.contiguous(), (1, WINDOW), (1, STRIDE))
    return F.avg_pool2d(x, (WINDOW, 1), (STRIDE, 1))

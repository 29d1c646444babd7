"""Noise estimator Psi_e: how much noise is left after the light is on.

Paper: Sec. 5.1, "Noise estimation module".
https://arxiv.org/abs/2112.04719

Differs from the paper: its l1 norm is the mean over the picture, as in the
release, so that a threshold holds for every size; the release also sums it
over the batch, here each picture has its own.
"""

from typing import Sequence, Tuple, Union

import torch.nn as nn
from torch import Tensor

from ruas_mm.models.precision import at_least_float32, full_precision
from ruas_mm.models.pretrained import PretrainedModule
from ruas_mm.registry import MODELS

Threshold = Union[float, Sequence[float]]


@MODELS.register_module()
class NoiseEstimator(PretrainedModule):
    """Five convolutions 3x3 with ReLU between them.

    Args:
        channels: Width. 32: release (29,507 parameters).
        init_cfg: See :class:`PretrainedModule`.
    """

    radius = 5  # of what one result sees, in pixels

    def __init__(self, channels: int = 32, init_cfg: dict = None) -> None:
        super().__init__(init_cfg)
        widths = (3, *(channels,) * 4, 3)
        layers = []
        for inputs, outputs in zip(widths, widths[1:]):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(True)]
        self.layers = nn.Sequential(*layers[:-1])

    def start_small(self) -> None:
        """Training starts from "no noise"."""
        self.layers[-1].weight.data.mul_(0.1)
        self.layers[-1].bias.data.zero_()

    def forward(self, u: Tensor) -> Tensor:
        """Noise map theta of ``u``; both (N, 3, H, W).

        Not in half precision under autocast, whose rounding is noise, too.
        """
        self.check_ready()
        with full_precision(u):
            return self.layers(at_least_float32(u))

    @staticmethod
    def score(theta: Tensor) -> Tensor:
        """Noise score of each picture, mean of |theta|: (N,)."""
        return theta.abs().mean(dim=(1, 2, 3))


def limits(threshold: Threshold) -> Tuple[float, float]:
    """Noise scores from which on a gate begins to open, and is open.

    Args:
        threshold: One number for both, or the two.

    Raises:
        ValueError: The two are not in ascending order.
    """
    low = high = threshold
    if isinstance(threshold, Sequence):
        low, high = threshold
    if low > high:
        raise ValueError(
            f'noise_threshold={threshold}, allowed: a number, or two in '
            'ascending order'
        )
    return low, high


def gate(score: Tensor, threshold: Threshold) -> Tensor:
    """How far noise scores ask for removal, in [0, 1], as ``score``."""
    low, high = limits(threshold)
    if low == high:
        return (score >= low).to(score.dtype)
    return ((score - low) / (high - low)).clamp(0, 1)

"""What trains SCI: several stages with a network that calibrates between.

Ma et al., Toward Fast, Flexible, and Robust Low-Light Image Enhancement, CVPR
2022, Eq. (1)-(5). https://arxiv.org/abs/2204.10137

Differs from the paper: nothing; from the authors' code, that colours of one
pixel are compared (there, by mistake, of three neighbours in one channel).
"""

from typing import Dict

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ruas_mm.arguments import check_whole_number
from ruas_mm.registry import MODELS

WIDTH = 16
NUM_ROUNDS = 3  # how often the one block is run
FIDELITY = 1.5  # weight
SIGMA = 10
OFFSETS = [  # rows and columns; the other half of 5 x 5 is these once more
    *((1, 0), (0, 1), (1, 1), (1, -1), (2, 0), (0, 2)),
    *((2, 1), (2, -1), (1, 2), (1, -2), (2, 2), (2, -2)),
]
YCBCR = (
    (0.257, 0.564, 0.098),
    (-0.148, -0.291, 0.439),
    (0.439, -0.368, -0.071),
)
"""As the authors have it; offsets fall out of differences."""


@MODELS.register_module()
class SCILoss(nn.Module):
    """Fidelity and smoothness of the illumination of each stage.

    Args:
        num_stages: From 1 on. 3: the authors'.

    Raises:
        ValueError: ``num_stages`` is no whole number from 1 on.
    """

    def __init__(self, num_stages: int = 3) -> None:
        super().__init__()
        check_whole_number('num_stages', num_stages, 1)
        self.num_stages = num_stages
        self.calibrate = _Calibration()

    def forward(
        self, enhancer: nn.Module, y: Tensor, data_samples: object = None
    ) -> Dict[str, Tensor]:
        """Weighted terms, summed over the stages.

        Args:
            enhancer: :class:`SCI`, or what has its ``illumination(y)``.
            y: Dark pictures, RGB in [0, 1], (N, 3, H, W), from 3 pixels on.
            data_samples: Not looked at.
        """
        u, fidelity, smooth = y, [], []
        for stage in range(self.num_stages):
            t = enhancer.illumination(u)
            fidelity.append(F.mse_loss(t, u))
            smooth.append(smoothness(t, u))
            if stage < self.num_stages - 1:
                u = y + self.calibrate((y / t).clamp(0, 1))
        return dict(
            loss_fidelity=FIDELITY * sum(fidelity), loss_smooth=sum(smooth)
        )


def smoothness(t: Tensor, u: Tensor) -> Tensor:
    """Differences of ``t`` within 5 x 5 pixels, where ``u`` has none."""
    color = torch.einsum('dc,nchw->ndhw', u.new_tensor(YCBCR), u)
    total = 0
    for rows, columns in OFFSETS:
        apart = _differences(color, rows, columns).square()
        weight = torch.exp(-apart.sum(1) / (2 * SIGMA**2))
        change = _differences(t, rows, columns).abs().sum(1)
        total = total + 2 * (weight * change).mean()
    return total


def _differences(x: Tensor, rows: int, columns: int) -> Tensor:
    if columns < 0:
        x, columns = x.flip(-1), -columns
    height, width = x.shape[-2:]
    first = x[..., : height - rows, : width - columns]
    return first - x[..., rows:, columns:]


class _Calibration(nn.Module):
    """att = r - residual; the block is one, run three times."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(*_normalised(3))
        self.block = nn.Sequential(*_normalised(WIDTH), *_normalised(WIDTH))
        self.to_residual = nn.Conv2d(WIDTH, 3, 3, padding=1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.weight, 1, 0.02)

    def forward(self, r: Tensor) -> Tensor:
        f = self.stem(r)
        for _ in range(NUM_ROUNDS):
            f = f + self.block(f)
        return r - torch.sigmoid(self.to_residual(f))


def _normalised(before: int) -> list:
    convolution = nn.Conv2d(before, WIDTH, 3, padding=1)
    return [convolution, nn.BatchNorm2d(WIDTH), nn.ReLU()]

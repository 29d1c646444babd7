"""What trains curves of light without references: Zero-DCE's four terms.

Guo et al., Zero-Reference Deep Curve Estimation for Low-Light Image
Enhancement, CVPR 2020, Sec. 3.3. https://arxiv.org/abs/2001.06826

Differs from the paper: as the authors' code has it, differences of colours
have the fourth power, and those of light stand between means of 4 x 4 pixels
whose neighbours beyond the picture are black.
"""

from typing import Dict

import torch.nn.functional as F
from torch import Tensor, nn

from ruas_mm.arguments import check_at_least, check_interval
from ruas_mm.registry import MODELS

PATCH = 16  # pixels, of a patch that should be exposed well
REGION = 4  # pixels, whose mean is compared with its neighbours'
COLORS, EXPOSURE = 5, 10  # weights


@MODELS.register_module()
class ZeroReferenceLoss(nn.Module):
    """For enhancers with ``curves(y)`` and ``applied(y, curves)``.

    Args:
        exposure: Mean that each patch should have, in [0, 1]. 0.6: the
            paper; its author advises 0.45 to 0.5 against too much light.
        smoothness: Weight of the total variation of the curves. 200:
            Zero-DCE, HLA; 1600: Zero-DCE++.

    Raises:
        ValueError: An argument is out of range.
    """

    def __init__(self, exposure: float = 0.6, smoothness: float = 200) -> None:
        super().__init__()
        check_interval('exposure', exposure, 0, 1)
        check_at_least('smoothness', smoothness, 0)
        self.exposure, self.smoothness = exposure, smoothness

    def forward(
        self, enhancer: nn.Module, y: Tensor, data_samples: object = None
    ) -> Dict[str, Tensor]:
        """Weighted terms.

        Args:
            enhancer: What is trained.
            y: Dark pictures, RGB in [0, 1], (N, 3, H, W), from 16 pixels on.
            data_samples: Not looked at.
        """
        curves = enhancer.curves(y)
        u = enhancer.applied(y, curves)
        return dict(
            loss_spatial=spatial(u, y),
            loss_exposure=EXPOSURE * exposure(u, self.exposure),
            loss_colors=COLORS * colors(u),
            loss_smooth=self.smoothness * variation(curves),
        )


def spatial(u: Tensor, y: Tensor) -> Tensor:
    """Differences between neighbouring regions stay as they were."""
    means = [F.avg_pool2d(x.mean(1, keepdim=True), REGION) for x in (u, y)]
    after, before = (F.pad(mean, (1, 1, 1, 1)) for mean in means)
    change = after - before
    centre = change[..., 1:-1, 1:-1]
    neighbours = (
        change[..., 1:-1, :-2],
        change[..., 1:-1, 2:],
        change[..., :-2, 1:-1],
        change[..., 2:, 1:-1],
    )
    return sum((centre - other).square() for other in neighbours).mean()


def exposure(u: Tensor, target: float) -> Tensor:
    """Squared distance of the means of patches from ``target``."""
    means = F.avg_pool2d(u.mean(1, keepdim=True), PATCH)
    return (means - target).square().mean()


def colors(u: Tensor) -> Tensor:
    """How far the means of the three colours are apart."""
    red, green, blue = u.mean((2, 3)).unbind(1)
    apart = (red - green) ** 4 + (red - blue) ** 4 + (green - blue) ** 4
    return apart.clamp(min=1e-12).sqrt().mean()


def variation(curves: Tensor) -> Tensor:
    """Of all maps together, (N, C, H, W); as the authors scale it."""
    number, _, height, width = curves.shape
    down = curves.diff(dim=2).square().sum() / max((height - 1) * width, 1)
    across = curves.diff(dim=3).square().sum() / max(height * (width - 1), 1)
    return 2 * (down + across) / number

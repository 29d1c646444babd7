"""What trains PairLIE: two exposures of one scene share a reflectance.

Fu et al., Learning a Simple Low-light Image Enhancer from Paired Low-light
Instances, CVPR 2023, Eq. (3)-(8).

Differs from the paper: the second exposure is the data sample's ``gt``, that
of any data set with pairs; the paper takes two dark ones.
"""

from typing import Dict, Optional, Sequence

import torch
import torch.nn.functional as F
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from ruas_mm.registry import MODELS

PROJECTION = 500  # weight: the projection stays close to the picture
DARKEST = 1e-4  # of an illumination that is divided by


@MODELS.register_module()
class PairLIELoss(nn.Module):
    """Retinex terms on the first exposure, one reflectance for both."""

    def forward(
        self,
        enhancer: nn.Module,
        y: Tensor,
        data_samples: Optional[Sequence[BaseDataElement]] = None,
    ) -> Dict[str, Tensor]:
        """Weighted terms.

        Args:
            enhancer: :class:`PairLIE`, or what has its ``retinex(y)``.
            y: RGB in [0, 1], (N, 3, H, W), from 3 pixels on.
            data_samples: Their ``gt``, RGB of 8 bits, is the other exposure.

        Raises:
            ValueError: A picture has no other exposure.
        """
        if not data_samples or any('gt' not in s for s in data_samples):
            raise ValueError(
                'data_samples have no gt, allowed: a data set with paired=True'
            )
        other = torch.stack([s.gt for s in data_samples]).to(y) / 255
        x, light, reflectance = enhancer.retinex(y)
        shared = enhancer.retinex(other)[2]
        divided = x / light.detach().clamp(min=DARKEST)
        brightest = y.amax(1, keepdim=True)
        return dict(
            loss_shared=F.mse_loss(reflectance, shared),
            loss_product=F.mse_loss(light * reflectance, x),
            loss_reflectance=F.mse_loss(reflectance, divided),
            loss_light=F.mse_loss(light, brightest),
            loss_smooth=variation(light),
            loss_projection=PROJECTION * F.mse_loss(x, y),
        )


def variation(light: Tensor) -> Tensor:
    """Mean difference of pixels with one between them."""
    down = (light[..., 2:, :] - light[..., :-2, :]).abs().mean()
    across = (light[..., 2:] - light[..., :-2]).abs().mean()
    return down + across

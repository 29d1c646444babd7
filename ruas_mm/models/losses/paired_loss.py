"""Train noise removal towards reference pictures, where there are any.

Beyond the paper, whose training needs none; results of the two kinds are
never in one table.
"""

from typing import Tuple

import torch
from torch import Tensor

from ruas_mm.registry import MODELS

from .clean_twin_loss import CleanTwinLoss
from .noise_loss import Samples


@MODELS.register_module()
class PairedLoss(CleanTwinLoss):
    """As :class:`CleanTwinLoss`, towards the reference as it is.

    Args:
        **kwargs: As there.
    """

    def pictures(
        self, y: Tensor, data_samples: Samples = None
    ) -> Tuple[Tensor]:
        """The dark picture alone needs the light on."""
        return (y,)

    def references(
        self, y: Tensor, data_samples: Samples = None
    ) -> Tuple[Tensor]:
        """What is well lit already: RGB in [0, 1], as ``y``.

        Raises:
            ValueError: A picture has no reference.
        """
        if not data_samples or any('gt' not in s for s in data_samples):
            raise ValueError(
                'data_samples have no gt, allowed: a data set with paired=True'
            )
        return (torch.stack([s.gt for s in data_samples]).to(y) / 255,)

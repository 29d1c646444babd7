"""What losses of noise estimator and remover have in common."""

from typing import List, Optional, Tuple

import torch.nn as nn
from mmengine.structures import BaseDataElement
from torch import Tensor

Samples = Optional[List[BaseDataElement]]


class NoiseLoss(nn.Module):
    """Called with ``denoise``, the lit noisy picture and what it is held to.

    ``denoise`` takes pictures to denoised pictures. What the noisy picture is
    held to are the other :meth:`pictures`, with the same light, and then the
    :meth:`references`.
    """

    def pictures(
        self, y: Tensor, data_samples: Samples = None
    ) -> Tuple[Tensor, ...]:
        """Dark pictures that need the light, the noisy one first: ``y``.

        Args:
            y: RGB in [0, 1], (N, 3, H, W).
            data_samples: One for each picture.
        """
        return (y,)

    def references(
        self, y: Tensor, data_samples: Samples = None
    ) -> Tuple[Tensor, ...]:
        """Pictures that are well lit already; by default none.

        Args:
            y: As of :meth:`pictures`.
            data_samples: The same.
        """
        return ()

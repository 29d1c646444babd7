"""Gamma correction: u = y ** exponent."""

from typing import Optional

from torch import Tensor

from ruas_mm.arguments import check_interval
from ruas_mm.models.enhancers.base import Enhancer

DARKEST = 1e-6  # below it the slope has no bound


class Gamma(Enhancer):
    """The same curve everywhere.

    Args:
        exponent: In [0.05, 1]. 0.5: the square root.
        init_cfg: See :class:`PretrainedModule`.

    Raises:
        ValueError: ``exponent`` is out of range.
    """

    radius = 0

    def __init__(
        self, exponent: float = 0.5, init_cfg: Optional[dict] = None
    ) -> None:
        super().__init__(init_cfg)
        check_interval('exponent', exponent, 0.05, 1)
        self.exponent = exponent

    def forward(self, y: Tensor) -> Tensor:
        """See :meth:`Enhancer.forward`; black stays black."""
        u = y.clamp(min=DARKEST) ** self.exponent
        return u * (y > DARKEST)

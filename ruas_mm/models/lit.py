"""A picture with the light on, and how that was done."""

from typing import NamedTuple, Union

from torch import Tensor


class Lit(NamedTuple):
    """What a scene module makes of pictures.

    Attributes:
        y: The dark pictures, RGB in [0, 1], (N, 3, H, W).
        u: Enhanced, the same shape.
        t: Illumination, the same shape.
        strength: Of the tone, (N, 1, 1, 1), or a number for all.
    """

    y: Tensor
    u: Tensor
    t: Tensor
    strength: Union[float, Tensor]

    def picture(self, i: int) -> 'Lit':
        """One of the pictures, as a batch of one."""
        return Lit(
            *(x[i : i + 1] if isinstance(x, Tensor) else x for x in self)
        )

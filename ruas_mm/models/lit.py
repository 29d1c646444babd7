"""A picture with the light on, and how that was done."""

from typing import NamedTuple, Optional, Union

import torch
from torch import Tensor

from ruas_mm.models.low_resolution import Raised
from ruas_mm.models.measuring import Measuring, Step
from ruas_mm.models.tiling import tile_size
from ruas_mm.models.tone import Strength, Tone
from ruas_mm.models.video_memory import VideoMemory

Memory = Union[VideoMemory, Measuring]
STRIP_PIXELS = 2**16  # docs/speed.md


class Lit(NamedTuple):
    """What a scene module makes of pictures.

    Attributes:
        y: The dark pictures, RGB in [0, 1], (N, 3, H, W).
        u: Enhanced, the same shape.
        t: Illumination, the same shape.
        strength: Of the tone, (N, 1, 1, 1), or a number for all.
        memory: Of the video that the picture is a frame of, if it is one.
    """

    y: Tensor
    u: Tensor
    t: Tensor
    strength: Union[float, Tensor]
    memory: Optional[Memory] = None

    def picture(self, i: int) -> 'Lit':
        """One of the pictures, as a batch of one."""
        return Lit(
            *(x[i : i + 1] if isinstance(x, Tensor) else x for x in self)
        )

    def steady(self, name: str, value: Tensor) -> Tensor:
        """``value``, or its average in a video."""
        if self.memory is None:
            return value
        return self.memory.steady(name, value)

    def note(self, name: str, value: Tensor, is_local: bool = True) -> None:
        """Tell whoever wants to know of a :class:`Step`."""
        if isinstance(self.memory, Measuring):
            self.memory.steps[name] = Step(value, is_local)


def lit_at_once(y: Tensor, t: Raised, tone: Tone, s: Strength) -> Lit:
    """The tone of whole pictures, differentiably.

    Args:
        y: RGB in [0, 1], (N, 3, H, W).
        t: Their illumination.
        tone: How the light is turned on.
        s: Its strength.
    """
    whole = t.whole()
    return Lit(y, tone(y, whole, s), whole.expand_as(y), s)


def lit_in_strips(y: Tensor, t: Raised, tone: Tone, s: Strength) -> Lit:
    """:func:`lit_at_once`, some rows after others, which stay in the cache."""
    u = torch.empty_like(y)
    whole = torch.empty_like(y[:, : t.seen.shape[1]])
    strip = (tile_size(y, None, STRIP_PIXELS) or y.shape[-2:])[0]
    for top in range(0, y.shape[-2], strip):
        rows = slice(top, top + strip)
        part = t.rows(rows)
        u[..., rows, :] = tone(y[..., rows, :], part, s)
        whole[..., rows, :] = part
    return Lit(y, u, whole.expand_as(y), s)

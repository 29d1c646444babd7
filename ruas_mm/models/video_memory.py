"""What is carried from one frame of a video to the next, so that it is steady.

Beyond the paper, which enhances pictures. Whatever is metered anew in each
frame, the strength of the tone first of all, moves when a lamp is switched on
or somebody walks by, and with it moves all the rest of the picture.
"""

import math
from typing import Dict, Optional, Union

import torch.nn.functional as F
from torch import Tensor

from ruas_mm.arguments import check_interval


class VideoMemory:
    """Averages of what was metered, over the frames up to now.

    One for each video, whose frames are handed in in order::

        memory = VideoMemory(fps=25)
        for y in frames:  # (1, 3, H, W)
            x = enhancer.enhance(y, memory=memory)

    The first frame of a scene is enhanced as a picture is; from there on what
    is metered follows slowly (:attr:`seconds`). A scene ends with a cut: a
    frame whose blocks are unlike those of the frame before. Compared is the
    light of the blocks in ratios, by their median: a lamp in a corner or
    somebody who passes changes few blocks, a fade changes all of them, but
    each time by little.

    A fade is to stay one, so a picture that dims as a whole is not lit
    against it: see :meth:`strength`. Figures: docs/results.md.

    Args:
        fps: Frames a second.

    Attributes:
        seconds: Time constant of the averages. 3: a fade is over before it
            has been answered, and a lamp that is switched on moves the
            rest of the picture by less than half a grey level a frame.
        blocks: Blocks a side. 16: they average noise away, and a lamp is
            still smaller than half of them.
        darkest: Added to the light of a block, in [0, 1]. 6 grey levels: below
            them ratios are of noise, and of the last frames of a fade.
        cut: Median of the blocks' ``|log ratio|`` from which on the scene is
            a new one. 0.4: 90 % of pairs of unlike dark pictures are above,
            frames of a drive are below, even a second apart. Scenes that
            it does not tell apart mostly need similar strengths.
        fade: Power of the light with which the strength goes down in a fade.
            0.48: the result then dims as evenly as the frames do.
        flicker: Change of the light, ``|log ratio|``, that is no fade yet.
            0.05: what lamps on mains and cameras do from frame to frame.
        hold: Power of the light with which the average of the strength
            follows in a fade. 4: hardly, as what a fading frame needs is
            not what the scene needs.

    Raises:
        ValueError: ``fps`` is out of range.
    """

    seconds = 3.0
    blocks = 16
    darkest = 6 / 255
    cut = 0.4
    fade = 0.48
    flicker = 0.05
    hold = 4.0

    def __init__(self, fps: float = 25.0) -> None:
        check_interval('fps', fps, 0.01, 1000)
        self.share = 1 - math.exp(-1 / (self.seconds * fps))
        self._averages: Dict[str, Tensor] = {}
        self._light: Optional[Tensor] = None
        self._dimming: Optional[Tensor] = None
        self._size = None

    def see(self, y: Tensor) -> None:
        """Look at a frame, before anything of it is made steady.

        Starts anew at a cut, and where the size is another one.

        Args:
            y: The frame, RGB in [0, 1], (1, 3, H, W).

        Raises:
            ValueError: Not one picture.
        """
        if y.dim() != 4 or len(y) != 1:
            raise ValueError(
                f'y has shape {tuple(y.shape)}, allowed with a memory: one '
                'frame after another, (1, 3, H, W)'
            )
        blocks = F.adaptive_avg_pool2d(y.detach().clamp(0, 1), self.blocks)
        light = (blocks + self.darkest).log()
        if y.shape != self._size or self._is_cut(light):
            self._averages.clear()
        self._size, self._light = y.shape, light
        change = (light - self.steady('light', light)).median()
        change = change.clamp(max=0)
        self._dimming = -change.square() / (self.flicker - change)

    def _is_cut(self, light: Tensor) -> bool:
        return bool((light - self._light).abs().median() > self.cut)

    def steady(
        self, name: str, value: Tensor, part: Union[float, Tensor] = 1.0
    ) -> Tensor:
        """The average of a metered value up to this frame.

        Args:
            name: What it is; each has an average of its own.
            value: That of this frame, of any shape.
            part: How much this frame counts, in [0, 1].

        Returns:
            As ``value``, which is returned itself in the first frame.
        """
        before = self._averages.get(name)
        if before is not None:
            value = before + part * self.share * (value - before)
        self._averages[name] = value.detach()
        return value

    def strength(self, metered: Tensor) -> Tensor:
        """:meth:`steady` for the strength of a tone, less in a fade.

        Without that the average would lag behind the metering, which turns a
        picture up while it fades, until it is black and there is nothing to
        be lit.

        Args:
            metered: As the frame itself needs it, (1, 1, 1, 1).

        Returns:
            The same shape.
        """
        part = (self.hold * self._dimming).exp()
        average = self.steady('strength', metered, part)
        return average * (self.fade * self._dimming).exp()

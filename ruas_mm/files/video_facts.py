"""What a video is besides its pixels, and one frame of it."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, Optional, Tuple

import numpy as np

from ruas_mm.files.picture import HDR_TRANSFERS

USUAL_FPS = 25.0  # of a source that does not tell
FINEST_TIME_BASE = Fraction(1, 90_000)  # that of MPEG streams


class Frame(NamedTuple):
    """One frame, as a player shows it.

    Attributes:
        rgb: RGB, (H, W, 3), uint8, or uint16 from more than 8 bits; None: it
            could not be read.
        time: When it is shown, in units of :attr:`VideoFacts.time_base`.
        duration: For how long, in the same units; 0: not known.
    """

    rgb: Optional[np.ndarray]
    time: int
    duration: int = 0


class Colour(NamedTuple):
    """Numbers of ITU-T H.273, as FFmpeg has them; 2: not specified.

    Attributes:
        matrix: From R'G'B' to Y'CbCr.
        primaries: Of the colours.
        transfer: Curve of the values.
        full_range: Y' is in [0, 255] instead of [16, 235].
    """

    matrix: int = 2
    primaries: int = 2
    transfer: int = 2
    full_range: bool = False

    @property
    def is_hdr(self) -> bool:
        """PQ or HLG."""
        return self.transfer in HDR_TRANSFERS


@dataclass(frozen=True)
class VideoFacts:
    """What the result is to take over from its source.

    Attributes:
        fps: Frames a second, on average.
        time_base: Unit of :attr:`Frame.time` in seconds.
        constant_fps: That of the finest even steps that hold all frames, for
            containers that know nothing else.
        sample_aspect: Width of a pixel, as shown, over its height.
        colour: As in the stream.
        path: File whose sound, subtitles and description are copied.
        start: Of the file, in seconds; is 0 in the result.
        lost: What is known not to be kept, for the user.
    """

    fps: float = USUAL_FPS
    time_base: Fraction = 1 / Fraction(USUAL_FPS)
    constant_fps: Fraction = Fraction(USUAL_FPS)
    sample_aspect: Fraction = Fraction(1)
    colour: Colour = Colour()
    path: Optional[Path] = None
    start: Fraction = Fraction(0)
    lost: Tuple[str, ...] = ()


def even_facts(fps: float) -> VideoFacts:
    """Facts of frames that follow each other evenly, and nothing else."""
    rate = Fraction(fps).limit_denominator(1001)
    return VideoFacts(fps, 1 / rate, rate)

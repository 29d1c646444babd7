"""Write a video as its frames come, and what its source holds besides."""

from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Iterable, Iterator, List, Optional, Tuple, Union

import numpy as np

from ruas_mm.files.atomic_write import atomic_write
from ruas_mm.files.pyav import load_pyav, open_source
from ruas_mm.files.side_streams import SideStreams, described, is_of_the_disk
from ruas_mm.files.video_codecs import (
    THREADS,
    VideoCodec,
    check_video_target,
    codec_of,
    container_of,
)
from ruas_mm.files.video_colour import ColourConverter, matrix_of
from ruas_mm.files.video_facts import Frame, VideoFacts, even_facts

BITEXACT = 0x400  # flag of FFmpeg: no random numbers, no version in the file
# keys of Apple, which MP4 and MOV hold in a list of their own
APPLE_KEY = 'com.'


@dataclass
class VideoReport:
    """What became of a video.

    Attributes:
        num_written: Frames in the file written.
        broken: Numbers of the source's frames that could not be read, from 0.
        cut: Seconds read and of the whole (None: not known), where the
            source is cut off.
        lost: What could not be kept.
    """

    num_written: int = 0
    broken: List[int] = field(default_factory=list)
    cut: Optional[Tuple[float, Optional[float]]] = None
    lost: List[str] = field(default_factory=list)

    @property
    def is_damaged(self) -> bool:
        """Whether the source could not be read as a whole."""
        return bool(self.broken or self.cut)

    def describe(self) -> str:
        """One line for the user."""
        line = f'{self.num_written} frames written'
        if self.broken:
            line += (
                f', {len(self.broken)} could not be read: '
                f'{_ranges(self.broken)}'
            )
        if self.cut:
            read, whole = self.cut
            of_whole = '' if whole is None else f' of {whole:.1f}'
            line += f', the file ends at {read:.1f}{of_whole} s'
        if self.lost:
            line += f'; not kept: {", ".join(self.lost)}'
        return line


def write_video(
    frames: Iterable[Optional[np.ndarray]],
    target: Union[str, Path],
    fps: float,
    live: bool = False,
) -> VideoReport:
    """Write arrays that follow each other evenly: :func:`write_frames`.

    Args:
        frames: RGB, (H, W, 3), uint8 or uint16, all of one size, or None
            for a broken one; consumed one at a time.
        target: As there.
        fps: Frames a second.
        live: As there.
    """
    timed = (Frame(rgb, time) for time, rgb in enumerate(frames))
    return write_frames(timed, target, even_facts(fps), live)


def write_frames(
    frames: Iterable[Frame],
    target: Union[str, Path],
    facts: VideoFacts,
    live: bool = False,
) -> VideoReport:
    """Write frames as they come, and the rest of their source.

    A frame without pixels shows the one before again; before the first good
    one it is left out. The same frames give the same bytes.

    Args:
        frames: All of one size, their times rising; consumed one at a time.
        target: File with one of
            :data:`~ruas_mm.files.video_codecs.WRITABLE_SUFFIXES`; what was
            there stays until all is written.
        facts: Of the source.
        live: Keyboard interrupt ends the video instead of discarding it.

    Raises:
        ValueError: Another suffix, no frame could be read, or the codec does
            not take their size.
        OSError: The file cannot be written.
    """
    target = Path(target)
    check_video_target(target)
    report, previous = VideoReport(lost=list(facts.lost)), None
    with atomic_write(target) as temporary, _named(target):
        writer = _Writer(temporary, facts)
        try:
            try:
                for index, frame in enumerate(frames):
                    if frame.rgb is None:
                        report.broken.append(index)
                    else:
                        previous = frame.rgb
                    if previous is None:
                        continue
                    writer.write(frame._replace(rgb=previous))
                    report.num_written += 1
            except KeyboardInterrupt:
                if not live:
                    raise
            if previous is None:
                raise ValueError('no frame of the video could be read')
            writer.finish()
        finally:
            writer.close()
        report.lost += writer.lost
    return report


@contextmanager
def _named(target: Path) -> Iterator[None]:
    """Errors of FFmpeg as those of Python, with the name of the file."""
    av = load_pyav()
    try:
        yield
    except av.error.FFmpegError as error:
        if is_of_the_disk(error):
            raise OSError(error.errno, error.strerror, str(target)) from None
        raise ValueError(
            f'{target}: cannot be encoded: {error.strerror}'
        ) from None


class _Writer:
    """One file; opened with the first frame, whose size it takes."""

    def __init__(self, path: Path, facts: VideoFacts) -> None:
        self.lost: List[str] = []
        self._av, self._path, self._facts = load_pyav(), path, facts
        self._container = container_of(path)
        self._output: Any = None
        self._stream: Any = None
        self._side: Optional[SideStreams] = None
        self._last, self._uneven = -1, False

    def write(self, frame: Frame) -> None:
        if self._output is None:
            self._open(frame.rgb)
        name = 'rgb24' if frame.rgb.dtype == np.uint8 else 'rgb48le'
        rgb = frame.rgb
        if rgb.shape[1] % 2:  # cut off by the converter
            rgb = np.concatenate([rgb, rgb[:, -1:]], axis=1)
        picture = self._av.VideoFrame.from_ndarray(
            np.ascontiguousarray(rgb), name
        )
        picture = self._convert(picture)
        picture.time_base = self._time_base
        picture.pts, picture.duration = self._times(frame)
        if self._side is not None:
            self._side.write_until(frame.time * self._facts.time_base)
        self._output.mux(self._stream.encode(picture))

    def _times(self, frame: Frame) -> Tuple[int, int]:
        """Time and duration in :attr:`_time_base`."""
        if self._container.is_timed:
            return frame.time, frame.duration
        exact = frame.time * self._facts.time_base * self._facts.constant_fps
        time = max(round(exact), self._last + 1)
        self._uneven |= abs(time - exact) > Fraction(1, 2)
        self._last = time
        return time, 1

    def _open(self, rgb: np.ndarray) -> None:
        facts = self._facts
        depth = rgb.dtype.itemsize * 8
        codec = codec_of(self._container, depth, min(rgb.shape[:2]))
        if depth > 8 and not codec.is_deep:
            self.lost.append('more than 8 bits')
        self._output = self._av.open(
            f'file:{self._path}',
            'w',
            format=self._container.name,
            container_options=self._options(),
        )
        self._output.flags |= BITEXACT
        self._stream = self._add_stream(codec, rgb)
        if facts.path is not None:
            self._side = SideStreams(
                facts.path, self._output, self._container, facts.start
            )

    def _options(self) -> dict:
        if self._container.name not in ('mp4', 'mov'):
            return {}
        if self._facts.path is None:
            return {}
        with open_source(self._facts.path) as source:
            keys = described(source.metadata)
        if any(key.startswith(APPLE_KEY) for key in keys):
            return {'movflags': 'use_metadata_tags'}
        return {}

    def _add_stream(self, codec: VideoCodec, rgb: np.ndarray) -> Any:
        facts, (height, width) = self._facts, rgb.shape[:2]
        is_odd = bool(height % 2 or width % 2)
        pixels = codec.pixels[is_odd]
        if is_odd and pixels != codec.pixels[0]:
            self.lost.append('4:2:0 (4:4:4 for odd sides)')
        aspect = facts.sample_aspect
        if aspect != 1 and not codec.knows_aspect:
            shape = f'{aspect.numerator}:{aspect.denominator}'
            self.lost.append(f'shape of pixels ({shape})')
        rate = Fraction(facts.fps).limit_denominator(1001)
        stream = self._output.add_stream(
            codec.name, rate=rate, options=dict(codec.options)
        )
        context = stream.codec_context
        context.width, context.height = width, height
        context.pix_fmt = pixels
        context.sample_aspect_ratio = aspect
        context.thread_count = THREADS
        self._time_base = facts.time_base
        if not self._container.is_timed:
            context.framerate = facts.constant_fps
            self._time_base = 1 / facts.constant_fps
        context.time_base = max(self._time_base, codec.finest_time_base)
        stream.time_base = context.time_base
        if codec.tag and self._container.name in ('mp4', 'mov'):
            context.codec_tag = codec.tag
        colour = facts.colour
        if facts.path is None or colour.matrix == 0:  # of R'G'B'
            colour = colour._replace(matrix=matrix_of(colour, width, height))
        context.colorspace = colour.matrix
        context.color_primaries = colour.primaries
        context.color_trc = colour.transfer
        context.color_range = 2 if colour.full_range else 1
        self._convert = ColourConverter(pixels, colour, width)
        return stream

    def finish(self) -> None:
        """Write what the encoder still holds, the rest and the header."""
        self._output.mux(self._stream.encode(None))
        if self._side is not None:
            self._side.finish()
            self.lost += self._side.lost
        if self._uneven:
            self.lost.append('variable frame rate')
        self._output.close()
        self._output = None

    def close(self) -> None:
        """Also after a failure, whose own error is the one to be told."""
        if self._side is not None:
            self._side.close()
        if self._output is not None:
            with suppress(self._av.error.FFmpegError, OSError):
                self._output.close()


def _ranges(numbers: List[int]) -> str:
    """``[3, 4, 5, 9]`` as ``3-5, 9``."""
    runs = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    shown = [str(a) if a == b else f'{a}-{b}' for a, b in runs[:10]]
    return ', '.join(shown + ['...'] * (len(runs) > 10))

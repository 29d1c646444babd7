"""Videos frame by frame: one frame in memory, whatever the length."""

import math
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, Iterator, List, Optional, Set, Tuple, Union

import numpy as np

from ruas_mm.files.pyav import PATIENCE, load_pyav, open_source
from ruas_mm.files.video_colour import (
    MATRICES,
    ColourConverter,
    is_on_its_side,
    upright,
)
from ruas_mm.files.video_facts import (
    FINEST_TIME_BASE,
    USUAL_FPS,
    Colour,
    Frame,
    VideoFacts,
)

SHORT = 0.3  # seconds that may be missing at the end of a whole file
TS_PACKETS = (188, 192, 204)  # bytes: broadcast, camera, with correction
MICROSECOND = Fraction(1, 1_000_000)
UNTIMED_IN_AVI = ('h264', 'hevc', 'vvc')
"""Whose times FFmpeg makes up there, in the order of the file."""
# what frames carry besides, and encoders of PyAV cannot be given
SIDE_DATA = {
    'MASTERING_DISPLAY_METADATA': 'mastering display',
    'CONTENT_LIGHT_LEVEL': 'content light level',
    'DYNAMIC_HDR_PLUS': 'HDR10+',
    'DOVI_METADATA': 'Dolby Vision',
    'STEREO3D': 'stereo',
    'SPHERICAL': 'spherical projection',
    'A53_CC': 'closed captions',
}


class VideoReader:
    """Frames of a video file, one at a time.

    Iterating gives each :class:`Frame` that a player shows, upright, in the
    order of time; one without pixels for each that is damaged or of another
    size. After :data:`PATIENCE` of those in a row the rest is given up.

    Args:
        source: Video file.

    Attributes:
        facts: What the result is to take over.

    Raises:
        ValueError: There is no such file, it holds no frame that can be
            decoded, or PyAV is missing.
    """

    is_camera = False

    def __init__(self, source: Union[str, Path]) -> None:
        self.source = Path(source)
        if not self.source.is_file():
            raise ValueError(f'{source}: no such video file')
        self._errors = load_pyav().error.FFmpegError
        try:
            self._container = open_source(self.source)
        except (self._errors, OSError) as error:
            raise ValueError(
                f'{source}: cannot be opened as a video: {error.strerror}'
            ) from None
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        self._stream = self._container.streams.best('video')
        if self._stream is None or self._stream.codec_context is None:
            raise ValueError(
                f'{self.source}: cannot be opened as a video: no picture in '
                'it that FFmpeg can decode'
            )
        fps = float(self._stream.guessed_rate or 0)
        average = float(self._stream.average_rate or 0)
        self.fps = next(filter(_is_a_rate, (average, fps)), USUAL_FPS)
        self._time_base = self._stream.time_base
        if not 0 < self._time_base < 1:
            self._time_base = FINEST_TIME_BASE
        # a negative one belongs to sound that is decoded and not played
        self._start = max(self._container.start_time or 0, 0) * MICROSECOND
        context = self._stream.codec_context
        self._timed = not (
            self._container.format.name == 'avi'
            and context.name in UNTIMED_IN_AVI
            and context.has_b_frames
        )
        self._shown_until = self._longest_gap = 0.0
        self._colour = self._matrix = self._shape = None
        self._convert: Optional[ColourConverter] = None
        self._losses: List[str] = []
        decoded = self._decoded()
        before = []
        for time, frame in decoded:
            before.append((time, frame))
            if frame is not None:
                break
        else:
            raise ValueError(
                f'{self.source}: no frame of the video could be read'
            )
        self._pictures = chain(before, decoded)
        self.facts = self._facts(frame)

    def _facts(self, frame: Any) -> VideoFacts:
        context = self._stream.codec_context
        full = context.color_range == 2 or frame.format.name[:4] == 'yuvj'
        self._colour = Colour(
            int(frame.colorspace),
            int(context.color_primaries),
            int(context.color_trc),
            full,
        )
        depth = max(part.bits for part in frame.format.components)
        self._convert = ColourConverter(
            'rgb48le' if depth > 8 else 'rgb24', self._colour
        )
        aspect = self._stream.sample_aspect_ratio or Fraction(1)
        for index in range(len(frame.side_data)):  # PyAV 19 iterates types
            data = frame.side_data[index]
            name = getattr(data.type, 'name', '')
            if name == 'DISPLAYMATRIX':
                self._matrix = np.frombuffer(bytes(data), np.int32)
            elif name in SIDE_DATA:
                self._losses.append(SIDE_DATA[name])
        self._note_losses(frame)
        if is_on_its_side(self._matrix) and aspect:
            aspect = 1 / aspect
        constant = self._stream.base_rate or 0
        if not _is_a_rate(constant) or constant > 240:
            constant = Fraction(self.fps).limit_denominator(1001)
        return VideoFacts(
            fps=self.fps,
            time_base=max(self._time_base, FINEST_TIME_BASE),
            constant_fps=constant,
            sample_aspect=aspect or Fraction(1),
            colour=self._colour,
            path=self.source,
            start=self._start,
            lost=tuple(self._losses),
        )

    def _note_losses(self, frame: Any) -> None:
        lost, colour = self._losses, self._colour
        told = self._stream.metadata.get('alpha_mode') == '1'
        if told or any(part.is_alpha for part in frame.format.components):
            lost.append('transparency')
        if frame.interlaced_frame:
            lost.append('interlacing (both fields as one frame)')
        if colour.is_hdr:
            lost.append('the light of HDR (metered as if it were SDR)')
        if not frame.format.is_rgb and colour.matrix not in (2, *MATRICES):
            lost.append(f'colour matrix {colour.matrix}')
        if self._matrix is not None and _is_oblique(self._matrix):
            lost.append(f'rotation by {frame.rotation} degrees')

    @property
    def num_frames(self) -> Optional[int]:
        """About how many frames there are; None: not known."""
        counts = [self._stream.frames] if self._stream.frames > 0 else []
        if self._length:
            counts.append(round(self._length * self.fps))
        return min(counts, default=None)

    @property
    def _length(self) -> float:
        """Seconds that the header tells, without the sound's if possible."""
        stream = self._stream
        if stream.duration:
            return float(stream.duration * stream.time_base)
        return (self._container.duration or 0) * float(MICROSECOND)

    @property
    def cut(self) -> Optional[Tuple[float, Optional[float]]]:
        """Seconds read and of the whole, of a file that is cut off.

        Known when all has been read; the whole is not (None) where only the
        last packet is incomplete, of MPEG-TS. None: the file is whole, as far
        as can be told.
        """
        whole = (self._container.duration or 0) * float(MICROSECOND)
        if self._container.format.name == 'avi':
            # FFmpeg makes that fit to the size of the file
            frames = self._stream.frames * float(self._stream.time_base)
            whole = max(whole, frames)
        if self._container.format.name == 'mpegts':
            size = self.source.stat().st_size
            if all(size % of_packet for of_packet in TS_PACKETS):
                return self._shown_until, None
        short = max(SHORT, 2 * self._longest_gap)
        if self._shown_until >= whole - short:
            return None
        return self._shown_until, whole

    def __iter__(self) -> Iterator[Frame]:
        step = max(1, round(1 / (Fraction(self.fps) * self.facts.time_base)))
        failures, last = 0, -1
        for seconds, picture in self._pictures:
            time = last + step
            if seconds is not None:
                time = round(seconds / self.facts.time_base)
            if time <= last:
                time = last + step
            elif last >= 0:
                gap = float((time - last) * self.facts.time_base)
                self._longest_gap = max(self._longest_gap, gap)
            rgb, duration = self._pixels(picture), 0
            if rgb is not None and picture.duration:
                duration = picture.duration * picture.time_base
                duration = round(duration / self.facts.time_base)
            del picture
            last, failures = time, failures + 1 if rgb is None else 0
            if failures > PATIENCE:
                return
            yield Frame(rgb, time, duration)
            del rgb  # not kept while waiting for the next one

    def _pixels(self, picture: Any) -> Optional[np.ndarray]:
        if picture is None:
            return None
        try:
            rgb = self._convert(picture).to_ndarray()
        except self._errors:
            return None
        # the writer cannot change its size in the middle
        self._shape = self._shape or rgb.shape
        if rgb.shape != self._shape:
            return None
        return upright(rgb, self._matrix)

    def _decoded(self) -> Iterator[Tuple[Optional[Fraction], Any]]:
        """Seconds and a frame of PyAV, or None for a broken one, in order.

        A decoder may leave a frame out without a word; it gives frames in the
        order of time, so that what a packet promised for earlier is lost.
        """
        broken: List[Fraction] = []
        waiting: Set[Fraction] = set()  # for the frame of a packet
        started, dts = False, None
        for packet in self._packets():
            at = self._seconds(packet)
            if None not in (packet.dts, dts) and packet.dts < dts:
                waiting.clear()  # the clock starts anew: files were joined
            dts = packet.dts
            damaged, frames = packet.is_corrupt, []
            if at is not None and packet.size and not packet.is_discard:
                waiting.add(at)
            try:
                frames = self._stream.codec_context.decode(
                    packet if packet.size else None
                )
            except self._errors:
                damaged = not packet.is_discard
            if damaged and at is None:
                yield None, None
            elif damaged:
                broken = sorted([*broken, at])
                waiting.discard(at)
            for frame in frames:
                frame.time_base = self._stream.time_base
                at = self._seconds(frame)
                if at is not None:
                    late = {t for t in waiting if t < at and at in waiting}
                    # of interlaced ones, two packets may be one frame
                    if started and not frame.interlaced_frame:
                        broken = sorted({*broken, *late})
                    waiting -= {at, *late}
                while broken and at is not None and broken[0] < at:
                    yield broken.pop(0), None
                if at in broken:
                    broken.remove(at)
                    frame = None
                yield at, None if frame is None or frame.is_corrupt else frame
                started = True
            del frames
            if len(broken) > PATIENCE:
                break
        for at in broken:
            yield at, None

    def _seconds(self, item: Any) -> Optional[Fraction]:
        """Of a packet or frame, from the start of the file; None: unknown."""
        if item.pts is None or not self._timed:
            return None
        return item.pts * self._stream.time_base - self._start

    def _packets(self) -> Iterator[Any]:
        """Packets of the stream; reading goes on behind what is damaged."""
        failures = 0
        while failures < PATIENCE:
            try:
                for packet in self._container.demux():
                    self._note_end(packet)
                    if packet.stream is self._stream:
                        yield packet
                        failures = 0
                return
            except self._errors:
                failures += 1

    def _note_end(self, packet: Any) -> None:
        if packet.size and packet.pts is not None:
            end = (packet.pts + (packet.duration or 0)) * packet.time_base
            self._shown_until = max(
                self._shown_until, float(end - self._start)
            )

    def close(self) -> None:
        self._container.close()

    def __enter__(self) -> 'VideoReader':
        return self

    def __exit__(self, *_) -> None:
        self.close()


def _is_a_rate(fps: float) -> bool:
    return math.isfinite(fps) and 0.01 <= fps <= 1000


def _is_oblique(matrix: np.ndarray) -> bool:
    """Whether it turns by other than right angles."""
    ratio = sorted(abs(int(matrix[i])) for i in (0, 1))
    return ratio[0] > 0.01 * ratio[1]

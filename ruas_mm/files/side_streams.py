"""What a video file holds besides the picture: copied, or named if it is not.

Read by a second look at the file, so that packets need not travel with the
frames through whatever is done to those.
"""

from collections import Counter
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional

from ruas_mm.files.pyav import PATIENCE, load_pyav, open_source
from ruas_mm.files.video_codecs import VideoContainer, has_encoder

# what is told of the old file, or of how it was encoded
FILE_TAGS = (
    'major_brand', 'minor_version', 'compatible_brands', 'encoder',
    'duration', 'handler_name', 'vendor_id', 'alpha_mode', 'number_of_frames',
    'number_of_bytes', 'bps', 'rotate', 'software_version',
)  # fmt: skip
STREAM_TAGS = ('language', 'title')


class SideStreams:
    """Sound, subtitles and description of one file, put into another.

    Args:
        source: File to read.
        output: Container of PyAV to write, whose header is not written yet.
        container: Its format.
        start: Seconds of the source that are 0 in the result.

    Attributes:
        lost: What could not be kept, for the user.
    """

    def __init__(
        self,
        source: Path,
        output: Any,
        container: VideoContainer,
        start: Fraction,
    ) -> None:
        self.lost: List[str] = []
        self._av, self._output, self._start = load_pyav(), output, start
        self._container = container
        self._input = open_source(source)
        self._writers: Dict[int, Callable[[Any], None]] = {}
        self._encoders: Dict[int, Any] = {}
        self._damaged: Counter = Counter()
        self._last: Dict[int, int] = {}
        output.metadata.update(described(self._input.metadata))
        self._add_streams()
        self._packets = self._read() if self._writers else iter(())
        self._next = next(self._packets, None)

    def _add_streams(self) -> None:
        picture, counts = self._input.streams.best('video'), Counter()
        for stream in self._input.streams:
            if stream is picture:
                continue
            counts[stream.type] += 1
            name = f'{stream.type} {counts[stream.type]}'
            codec = getattr(stream.codec_context, 'name', None)
            if codec is not None:
                name += f' ({codec})'
            if not self._add(stream):
                self.lost.append(name)

    def _add(self, stream: Any) -> bool:
        """Copy, or else encode anew; False: neither."""
        if stream.type not in ('audio', 'subtitle'):
            return False
        if stream.codec_context is None:
            return False
        if self._can_be_copied(stream):
            copy = self._output.add_stream_from_template(stream, opaque=True)
            self._writers[stream.index] = self._copier(copy)
        elif stream.type == 'audio' and has_encoder(self._container.sound):
            copy = self._encoder(stream)
            self._encoders[stream.index] = copy
            self._writers[stream.index] = self._transcoder(stream, copy)
            self.lost.append(
                f'{stream.codec_context.name} sound '
                f'(now {copy.codec_context.name})'
            )
        else:
            return False
        for tag in STREAM_TAGS:
            if tag in stream.metadata:
                copy.metadata[tag] = stream.metadata[tag]
        copy.disposition = stream.disposition.value
        return True

    def _can_be_copied(self, stream: Any) -> bool:
        """Tried, as formats refuse some codecs in the header alone."""
        name = self._container.name
        try:
            with self._av.open(BytesIO(), 'w', format=name) as trial:
                trial.add_stream_from_template(stream, opaque=True)
                trial.start_encoding()
        except (self._av.error.FFmpegError, ValueError):
            return False
        return True

    def _encoder(self, stream: Any) -> Any:
        context = stream.codec_context
        codec = self._av.codec.Codec(self._container.sound, 'w')
        rates = codec.audio_rates or [context.sample_rate]
        rate = min(rates, key=lambda r: abs(r - context.sample_rate))
        encoder = self._output.add_stream(codec.name, rate=rate)
        mono = context.layout.nb_channels == 1
        encoder.codec_context.layout = 'mono' if mono else 'stereo'
        encoder.codec_context.time_base = Fraction(1, rate)
        return encoder

    def _copier(self, copy: Any) -> Callable[[Any], None]:
        def write(packet: Any) -> None:
            shift = round(self._start / packet.time_base)
            if packet.pts is not None:
                packet.pts -= shift
            packet.dts -= shift
            packet.stream = copy
            self._output.mux(packet)

        return write

    def _transcoder(self, stream: Any, copy: Any) -> Callable[[Any], None]:
        context = stream.codec_context

        def write(packet: Optional[Any]) -> None:
            try:
                frames = context.decode(packet)
            except self._av.error.FFmpegError:
                self._damaged[stream.index] += 1
                return
            for frame in frames:
                if frame.pts is not None:
                    frame.time_base = stream.time_base
                    frame.pts -= round(self._start / stream.time_base)
                self._output.mux(copy.encode(frame))

        return write

    def _read(self) -> Iterator[Any]:
        """Packets to copy in order; goes on behind what is damaged."""
        failures = 0
        while failures < PATIENCE:
            try:
                for packet in self._input.demux():
                    index, failures = packet.stream.index, 0
                    if index not in self._writers or packet.dts is None:
                        continue
                    if packet.dts <= self._last.get(index, packet.dts - 1):
                        self._damaged[index] += 1
                        continue
                    self._last[index] = packet.dts
                    yield packet
                return
            except self._av.error.FFmpegError:
                failures += 1

    def write_until(self, seconds: float) -> None:
        """Write what comes before a time of the result."""
        while self._next is not None:
            packet = self._next
            if packet.dts * packet.time_base - self._start > seconds:
                return
            self._write(packet.stream.index, packet)
            self._next = next(self._packets, None)

    def _write(self, index: int, packet: Optional[Any]) -> None:
        try:
            self._writers[index](packet)
        except (self._av.error.FFmpegError, ValueError) as error:
            if is_of_the_disk(error):
                raise
            self._damaged[index] += 1  # a layout that changes, for example

    def finish(self) -> None:
        """Write the rest."""
        self.write_until(float('inf'))
        for index, encoder in self._encoders.items():
            self._write(index, None)
            self._output.mux(encoder.encode(None))
        for index in self._damaged:
            self.lost.append(
                f'{self._damaged[index]} damaged packets of stream {index}'
            )

    def close(self) -> None:
        self._input.close()


def described(tags: Dict[str, str]) -> Dict[str, str]:
    """Title, time, place and the like of a file, without its technicalities.

    A container does not tell keys by their case, so they are lower here.
    """
    return {
        key.lower(): value
        for key, value in tags.items()
        if key.lower() not in FILE_TAGS
    }


def is_of_the_disk(error: BaseException) -> bool:
    """Whether writing failed for the disk, and not for what is written."""
    return isinstance(error, OSError)

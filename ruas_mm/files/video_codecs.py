"""Which codec a video file gets, told by its suffix."""

from fractions import Fraction
from pathlib import Path
from typing import Dict, NamedTuple, Tuple, Union

from ruas_mm.files.pyav import load_pyav
from ruas_mm.files.video_facts import FINEST_TIME_BASE

# Bytes depend on how many threads there are, so it is a fixed number.
THREADS = 4


class VideoCodec(NamedTuple):
    """An encoder of FFmpeg and how it is called.

    Attributes:
        name: FFmpeg's.
        options: Of the encoder; quality is close to what the eye can tell.
        pixels: Formats for even sides, and for an odd one.
        tag: Name in MP4 and MOV, where players look for another one than
            FFmpeg's.
        knows_aspect: Whether the shape of pixels is in its stream; PyAV
            cannot write it into the container.
        finest_time_base: Smallest unit of time that it takes, in seconds.
    """

    name: str
    options: Dict[str, str]
    pixels: Tuple[str, str] = ('yuv420p', 'yuv444p')
    tag: str = ''
    knows_aspect: bool = True
    finest_time_base: Fraction = FINEST_TIME_BASE

    @property
    def is_deep(self) -> bool:
        """Whether it keeps more than 8 bits."""
        return '10' in self.pixels[0]


class VideoContainer(NamedTuple):
    """A file format of FFmpeg.

    Attributes:
        name: FFmpeg's.
        codecs: For 8 bits, the first that this FFmpeg has.
        deep_codecs: For more, before those.
        sound: Encoder for sound that cannot be copied.
        is_timed: Whether frames have times of their own.
        options: Of the format.
    """

    name: str
    codecs: Tuple[VideoCodec, ...]
    deep_codecs: Tuple[VideoCodec, ...] = ()
    sound: str = 'aac'
    is_timed: bool = True
    options: Dict[str, str] = {}


MPEG4 = VideoCodec(
    'mpeg4',
    dict(flags='+qscale', global_quality=str(2 * 118)),
    ('yuv420p', 'yuv420p'),
    finest_time_base=Fraction(1, 65_535),
)
# without B frames, which make the light of a fade unsteady for a few percent
H264 = VideoCodec('libx264', dict(crf='18', preset='faster', bf='0'))
HEVC = VideoCodec(
    'libx265',
    {
        'crf': '18',
        'preset': 'fast',
        'x265-params': f'log-level=none:pools={THREADS}:frame-threads=2',
    },
    ('yuv420p10le', 'yuv444p10le'),
    'hvc1',
)
VP9 = VideoCodec(
    'libvpx-vp9',
    {'crf': '22', 'b': '0', 'deadline': 'good', 'cpu-used': '5'},
    ('yuv420p', 'yuv420p'),
    knows_aspect=False,
)
# takes any size, as x265 does not
DEEP_H264 = H264._replace(pixels=('yuv420p10le', 'yuv444p10le'))
X265_MIN_SIDE = 64  # below 16 refused, and at some sizes its memory breaks
APPLE = dict(codecs=(H264, MPEG4), deep_codecs=(HEVC,))

CONTAINERS = {
    '.mp4': VideoContainer('mp4', **APPLE),
    '.m4v': VideoContainer('mp4', **APPLE),
    '.mov': VideoContainer('mov', **APPLE),
    '.mkv': VideoContainer('matroska', **APPLE),
    '.webm': VideoContainer('webm', (VP9,), sound='libopus'),
    '.avi': VideoContainer(
        'avi', (MPEG4,), sound='libmp3lame', is_timed=False
    ),
}
WRITABLE_SUFFIXES = tuple(CONTAINERS)


def container_of(path: Union[str, Path]) -> VideoContainer:
    """The format of a file to write; raises as :func:`check_video_target`."""
    check_video_target(path)
    return CONTAINERS[Path(path).suffix.lower()]


def check_video_target(path: Union[str, Path]) -> None:
    """Refuse a suffix that cannot be written.

    Raises:
        ValueError: It cannot.
    """
    if Path(path).suffix.lower() not in CONTAINERS:
        raise ValueError(
            f'{path}: videos are written as {list(WRITABLE_SUFFIXES)}'
        )


def codec_of(
    container: VideoContainer, depth: int, side: int = X265_MIN_SIDE
) -> VideoCodec:
    """The first of the codecs that this build of FFmpeg has.

    Args:
        container: File format.
        depth: Bits of a value.
        side: The shorter one of the pictures, in pixels.

    Raises:
        ValueError: It has none of them.
    """
    codecs = container.codecs
    if depth > 8:
        deep = container.deep_codecs
        if deep and side < X265_MIN_SIDE:
            deep = (DEEP_H264,)
        codecs = (*deep, *codecs)
    for codec in codecs:
        if has_encoder(codec.name):
            return codec
    raise ValueError(
        f'this FFmpeg has none of {[codec.name for codec in codecs]}, which '
        f'{container.name} needs'
    )


def has_encoder(name: str) -> bool:
    """Whether this build of FFmpeg has it."""
    av = load_pyav()
    try:
        av.codec.Codec(name, 'w')
    except av.codec.codec.UnknownCodecError:
        return False
    return True

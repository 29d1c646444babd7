"""PyAV, which brings FFmpeg, loaded when a video is to be read or written."""

from pathlib import Path
from types import ModuleType
from typing import Any

from ruas_mm.compatibility import is_installed

# Lists of other files (concat, HLS, DASH) are none of them: what is enhanced
# is the file that was named.
FORMATS = (
    'mov', 'matroska', 'avi', 'mpegts', 'mpeg', 'mpegvideo', 'asf', 'flv',
    'ogg', 'mxf', 'h264', 'hevc', 'm4v', 'dv', 'ivf', 'nut', 'rm', 'wtv',
    'yuv4mpegpipe', 'live_flv', 'gxf', 'vc1', 'mjpeg',
)  # fmt: skip
PATIENCE = 100  # failed reads in a row after which the rest is given up


def load_pyav() -> ModuleType:
    """The module ``av``.

    Raises:
        ValueError: It is not installed.
    """
    if not is_installed('av'):
        raise ValueError("videos need PyAV: pip install 'av>=14,<20'")
    import av

    return av


def open_source(path: Path) -> Any:
    """A video file to read, and no other that it refers to.

    Raises:
        ValueError: PyAV is missing.
        av.error.FFmpegError: There is nothing that FFmpeg can read.
    """
    av = load_pyav()
    # Titles that are no UTF-8: PyAV 19 has no such option, and keeps them.
    older = int(av.__version__.partition('.')[0]) < 19
    return av.open(
        f'file:{path}',  # a name such as 'a:b.mp4' is no address
        container_options={
            'protocol_whitelist': 'file',
            'format_whitelist': ','.join(FORMATS),
        },
        **(dict(metadata_errors='replace') if older else {}),
    )

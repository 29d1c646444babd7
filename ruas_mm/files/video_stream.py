"""Videos as streams of frames: what the rest of the package calls."""

from pathlib import Path
from typing import Union

from ruas_mm.files.camera_reader import CameraReader
from ruas_mm.files.video_codecs import WRITABLE_SUFFIXES, check_video_target
from ruas_mm.files.video_facts import Frame, VideoFacts
from ruas_mm.files.video_reader import VideoReader
from ruas_mm.files.video_writer import VideoReport, write_frames, write_video

__all__ = [
    'VIDEO_SUFFIXES',
    'WRITABLE_SUFFIXES',
    'CameraReader',
    'Frame',
    'VideoFacts',
    'VideoReader',
    'VideoReport',
    'check_video_target',
    'open_video',
    'write_frames',
    'write_video',
]

# what is looked for in a folder; FFmpeg reads more
VIDEO_SUFFIXES = (
    *WRITABLE_SUFFIXES, '.mpg', '.mpeg', '.m2v', '.vob', '.wmv', '.asf',
    '.flv', '.f4v', '.ts', '.mts', '.m2ts', '.3gp', '.3g2', '.ogv', '.mxf',
)  # fmt: skip


def open_video(source: Union[str, Path, int]) -> object:
    """A :class:`VideoReader`, or a :class:`CameraReader` for a number."""
    if isinstance(source, int):
        return CameraReader(source)
    return VideoReader(source)

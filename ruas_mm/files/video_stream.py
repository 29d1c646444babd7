"""Videos frame by frame: one frame in memory, whatever the length.

OpenCV reads and writes pictures alone: sound is not kept.
"""

import errno
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterable, Iterator, List, Optional, Union

import cv2
import numpy as np

from ruas_mm.files.atomic_write import atomic_write

WRITABLE_SUFFIXES = ('.mp4', '.m4v', '.mov', '.mkv', '.avi')
CODEC = 'mp4v'  # MPEG-4 part 2: in every build of OpenCV
USUAL_FPS = 25.0  # of a source that does not tell
PATIENCE = 100  # failed reads in a row after which the rest is given up


class VideoReader:
    """Frames of a video file or a camera, one at a time.

    Iterating gives RGB uint8 arrays (H, W, 3), as a player shows them, and
    None for each frame that cannot be decoded; after :data:`PATIENCE` of
    them in a row the rest is given up. OpenCV skips some broken frames by
    itself; those are missing at the end of the count.

    Args:
        source: Video file, or number of a camera.

    Raises:
        ValueError: There is no such file or camera, or it is not readable.
    """

    def __init__(self, source: Union[str, Path, int]) -> None:
        self.source = source
        self.is_camera = isinstance(source, int)
        if not self.is_camera and not Path(source).is_file():
            raise ValueError(f'{source}: no such video file')
        self._capture = cv2.VideoCapture(
            source if self.is_camera else str(source)
        )
        if not self._capture.isOpened():
            self.close()
            name = 'camera ' if self.is_camera else ''
            raise ValueError(
                f'{name}{source}: cannot be opened as a video by OpenCV'
            )

    @property
    def fps(self) -> float:
        """Frames a second; :data:`USUAL_FPS` where the source has none."""
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        return fps if math.isfinite(fps) and 0 < fps <= 1000 else USUAL_FPS

    @property
    def num_frames(self) -> Optional[int]:
        """How many frames the file says it has; None: not known."""
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        known = not self.is_camera and 0 < count < 2**31
        return int(count) if known else None

    def __iter__(self) -> Iterator[Optional[np.ndarray]]:
        expected, index, failures, shape = self.num_frames, 0, 0, None
        while failures < PATIENCE:
            frame = self._read()
            # the writer cannot change its size in the middle
            if frame is not None and frame.shape != (shape or frame.shape):
                frame = None
            if frame is None and (expected is None or index >= expected):
                return
            if frame is None:
                failures += 1
            else:
                failures, shape = 0, frame.shape
                frame = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
            yield frame
            index += 1

    def _read(self) -> Optional[np.ndarray]:
        try:
            succeeded, frame = self._capture.read()
        except cv2.error:
            return None
        return frame if succeeded else None

    def close(self) -> None:
        self._capture.release()

    def __enter__(self) -> 'VideoReader':
        return self

    def __exit__(self, *_) -> None:
        self.close()


@dataclass
class VideoReport:
    """What became of a video.

    Attributes:
        num_written: Frames in the file written.
        broken: Numbers of the source's frames that could not be read, from 0.
        num_expected: Frames that the source says it has; None: not known.
    """

    num_written: int = 0
    broken: List[int] = field(default_factory=list)
    num_expected: Optional[int] = None

    def describe(self) -> str:
        """One line for the user."""
        line = f'{self.num_written} frames written'
        if self.num_expected not in (None, self.num_written):
            line += f' of {self.num_expected}'
        if self.broken:
            line += (
                f', {len(self.broken)} could not be read: '
                f'{_ranges(self.broken)}'
            )
        return line


def write_video(
    frames: Iterable[Optional[np.ndarray]],
    target: Union[str, Path],
    fps: float,
    live: bool = False,
) -> VideoReport:
    """Write frames as they come.

    A frame that is None shows the one before again, so that the length stays;
    before the first good one it is left out. The codec needs even sides: an
    odd one loses its last line.

    Args:
        frames: RGB uint8, (H, W, 3), all of one size, or None for a broken
            one; consumed one at a time.
        target: File with one of :data:`WRITABLE_SUFFIXES`; what was there
            stays until all is written.
        fps: Frames a second.
        live: Keyboard interrupt ends the video instead of discarding it.

    Raises:
        ValueError: Another suffix, or no frame could be read.
        OSError: The file cannot be written.
    """
    target = Path(target)
    check_video_target(target)
    report, previous = VideoReport(), None
    with atomic_write(target) as temporary:
        writer = cv2.VideoWriter()
        try:
            for index, frame in enumerate(frames):
                if frame is None:
                    report.broken.append(index)
                    if previous is None:
                        continue
                    frame = previous
                elif previous is None:
                    _open(writer, temporary, fps, frame)
                writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
                report.num_written += 1
                previous = frame
        except KeyboardInterrupt:
            if not live:
                raise
        finally:
            writer.release()
        if previous is None:
            raise ValueError('no frame of the video could be read')
        _check_written(temporary, target, report.num_written)
    return report


def check_video_target(path: Union[str, Path]) -> None:
    """Refuse a suffix that cannot be written.

    Raises:
        ValueError: It cannot.
    """
    if Path(path).suffix.lower() not in WRITABLE_SUFFIXES:
        raise ValueError(
            f'{path}: videos are written as {list(WRITABLE_SUFFIXES)}'
        )


def _open(
    writer: cv2.VideoWriter, path: Path, fps: float, frame: np.ndarray
) -> None:
    height, width = frame.shape[:2]
    codec = cv2.VideoWriter_fourcc(*CODEC)
    if not writer.open(str(path), codec, fps, (width, height)):
        raise OSError(
            f'OpenCV cannot write a video of {width}x{height} pixels to '
            f'{path.parent}'
        )


def _check_written(path: Path, target: Path, num_frames: int) -> None:
    """OpenCV does not tell when a write fails, on a full disk for example."""
    capture = cv2.VideoCapture(str(path))
    found = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    capture.release()
    if found != num_frames:
        raise OSError(
            errno.ENOSPC,
            f'{target}: {found} of {num_frames} frames could be written; is '
            'the disk full?',
        )


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

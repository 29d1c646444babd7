"""Frames of a camera, by OpenCV, as fast as they are worked on."""

import math
import time
from typing import Iterator

import cv2

from ruas_mm.files.video_facts import USUAL_FPS, Frame, VideoFacts, even_facts


class CameraReader:
    """What a camera sees, until it fails or a keyboard interrupt.

    Time is that of the clock: a camera that is slow in the dark, or an
    enhancer that is, gives a video with fewer frames, not a fast one.

    Args:
        number: Of the camera.

    Raises:
        ValueError: There is no such camera.
    """

    is_camera = True
    num_frames = None
    cut = None

    def __init__(self, number: int) -> None:
        self._capture = cv2.VideoCapture(number)
        if not self._capture.isOpened():
            self.close()
            raise ValueError(
                f'camera {number}: cannot be opened as a video by OpenCV'
            )

    @property
    def fps(self) -> float:
        """Frames a second; :data:`USUAL_FPS` where the camera has none."""
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        return fps if math.isfinite(fps) and 0 < fps <= 1000 else USUAL_FPS

    @property
    def facts(self) -> VideoFacts:
        return even_facts(self.fps)

    def __iter__(self) -> Iterator[Frame]:
        start, last, time_base = time.monotonic(), -1, self.facts.time_base
        while True:
            try:
                succeeded, frame = self._capture.read()
            except cv2.error:
                return
            if not succeeded:
                return
            seconds = time.monotonic() - start
            last = max(last + 1, round(seconds / time_base))
            yield Frame(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), last)

    def close(self) -> None:
        self._capture.release()

    def __enter__(self) -> 'CameraReader':
        return self

    def __exit__(self, *_) -> None:
        self.close()

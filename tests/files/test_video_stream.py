import gc
import weakref

import cv2
import numpy as np
import pytest

from ruas_mm.files import video_stream
from ruas_mm.files.video_stream import VideoReader, VideoReport, write_video

HEIGHT, WIDTH = 32, 48


def frames(count, shape=(HEIGHT, WIDTH, 3)):
    """Brighter from one to the next; green stands out."""
    for index in range(count):
        frame = np.full(shape, 40 + 3 * index, np.uint8)
        frame[..., 1] += 60
        yield frame


@pytest.mark.parametrize('suffix', video_stream.WRITABLE_SUFFIXES)
def test_frames_come_back(tmp_path, suffix):
    path = tmp_path / f'video{suffix}'
    assert write_video(frames(12), path, 12.5) == VideoReport(12)
    assert list(tmp_path.iterdir()) == [path]
    with VideoReader(path) as reader:
        assert (reader.fps, reader.num_frames) == (12.5, 12)
        found = list(reader)
    assert len(found) == 12
    for frame, expected in zip(found, frames(12)):
        assert frame.dtype == np.uint8
        assert abs(frame.astype(int) - expected).mean() < 3


def test_odd_sides_lose_one_line(tmp_path):
    write_video(frames(2, (33, 47, 3)), tmp_path / 'a.mp4', 10)
    with VideoReader(tmp_path / 'a.mp4') as reader:
        assert next(iter(reader)).shape == (32, 46, 3)


def test_long_video_is_never_in_memory(tmp_path):
    alive, most = weakref.WeakSet(), []

    class Frame(np.ndarray):
        """An array that can be followed."""

    def source():
        for frame in frames(50):
            frame = frame.view(Frame)
            alive.add(frame)
            most.append(len(alive))
            yield frame
            del frame
            gc.collect()

    # a WeakSet needs hashable members
    Frame.__hash__ = lambda self: id(self)
    Frame.__eq__ = lambda self, other: self is other
    write_video(source(), tmp_path / 'a.mp4', 10)
    assert len(most) == 50 and max(most) <= 2


def test_reading_is_lazy(tmp_path):
    write_video(frames(20), tmp_path / 'a.mp4', 10)
    with VideoReader(tmp_path / 'a.mp4') as reader:
        found = iter(reader)
        next(found)
        next(found)
        assert reader._capture.get(cv2.CAP_PROP_POS_FRAMES) == 2


class BrokenCapture:
    """Twelve frames; some fail, as they do in OpenCV."""

    def __init__(self, _):
        self.index = -1

    def isOpened(self):
        return True

    def get(self, prop):
        return {cv2.CAP_PROP_FRAME_COUNT: 12.0, cv2.CAP_PROP_FPS: np.nan}[prop]

    def read(self):
        self.index += 1
        if self.index in (0, 4):
            return False, None
        if self.index == 5:
            raise cv2.error('broken')
        if self.index == 8:  # cannot go into the same file
            return True, np.zeros((8, 8, 3), np.uint8)
        if self.index >= 12:
            return False, None
        return True, next(frames(1)) + self.index

    def release(self):
        pass


def test_broken_frames_are_counted_and_repeated(tmp_path, monkeypatch):
    (tmp_path / 'a.avi').touch()
    with monkeypatch.context() as patch:
        patch.setattr(video_stream.cv2, 'VideoCapture', BrokenCapture)
        with VideoReader(tmp_path / 'a.avi') as reader:
            assert reader.fps == video_stream.USUAL_FPS
            source = list(reader)
    assert [i for i, f in enumerate(source) if f is None] == [0, 4, 5, 8]
    report = write_video(source, tmp_path / 'b.mp4', 10)
    report.num_expected = 12
    assert report.describe() == (
        '11 frames written of 12, 4 could not be read: 0, 4-5, 8'
    )
    with VideoReader(tmp_path / 'b.mp4') as reader:
        found = list(reader)
    # frame 0 had none before it; 3, 4 and 5 are one picture
    assert len(found) == 11
    levels = [frame.mean() for frame in found]
    assert levels[3] - levels[2] < 0.5 < levels[5] - levels[2]


@pytest.mark.parametrize('suffix', ['.mp4', '.avi', '.mkv'])
def test_damaged_file(tmp_path, suffix):
    """Noise in the middle or a cut-off end never raises, once opened."""
    path, state = tmp_path / f'a{suffix}', np.random.RandomState(0)
    noise = (state.randint(0, 256, (HEIGHT, WIDTH, 3)) for _ in range(30))
    write_video((n.astype(np.uint8) for n in noise), path, 10)
    data = bytearray(path.read_bytes())
    third = len(data) // 3
    data[third : third + 4000] = bytes(4000)
    path.write_bytes(data)
    with VideoReader(path) as reader:
        found = list(reader)
    assert len(found) == 30
    assert any(f is None for f in found) or suffix == '.avi'


def test_endless_failure_is_given_up(tmp_path, monkeypatch):
    (tmp_path / 'a.avi').touch()

    class Lying(BrokenCapture):
        def get(self, prop):
            return 1e9

    monkeypatch.setattr(video_stream.cv2, 'VideoCapture', Lying)
    with VideoReader(tmp_path / 'a.avi') as reader:
        assert len(list(reader)) == 12 + video_stream.PATIENCE


@pytest.mark.parametrize(
    'name, content, message',
    [
        ('gone.mp4', None, 'gone.mp4: no such'),
        ('a.mp4', b'', 'a.mp4: cannot be opened'),
        ('a.mp4', b'no video', 'a.mp4: cannot be opened'),
    ],
)
def test_unreadable_file(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        VideoReader(tmp_path / name)


def failing_frames():
    yield from frames(3)
    raise RuntimeError('out of memory')


def interrupted_frames():
    yield from frames(3)
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    'source, target, error',
    [
        (failing_frames(), 'a.mp4', RuntimeError),
        (interrupted_frames(), 'a.mp4', KeyboardInterrupt),
        (iter([None, None]), 'a.mp4', ValueError),
        (iter([]), 'a.mp4', ValueError),
        (frames(1), 'a.webm', ValueError),
    ],
)
def test_failure_keeps_the_old_file(tmp_path, source, target, error):
    path = tmp_path / target
    path.write_bytes(b'before')
    with pytest.raises(error):
        write_video(source, path, 10)
    assert path.read_bytes() == b'before'
    assert list(tmp_path.iterdir()) == [path]


def test_keyboard_interrupt_ends_a_live_video(tmp_path):
    report = write_video(interrupted_frames(), tmp_path / 'a.mp4', 10, True)
    assert report.num_written == 3
    with VideoReader(tmp_path / 'a.mp4') as reader:
        assert len(list(reader)) == 3


def test_full_disk_is_noticed(tmp_path, monkeypatch):
    """OpenCV drops what cannot be written without a word."""
    path = tmp_path / 'a.mp4'
    path.write_bytes(b'before')
    VideoWriter = cv2.VideoWriter

    class FullDisk:  # a subclass of OpenCV's class corrupts the heap
        def __init__(self):
            writer = VideoWriter()
            self.open, self.write = writer.open, writer.write
            self.finish = writer.release

        def release(self):
            self.finish()
            with open(next(tmp_path.glob('.*')), 'r+b') as file:
                file.truncate(100)

    monkeypatch.setattr(video_stream.cv2, 'VideoWriter', FullDisk)
    with pytest.raises(OSError, match='a.mp4: 0 of 3 frames.*disk full'):
        write_video(frames(3), path, 10)
    assert path.read_bytes() == b'before'
    assert list(tmp_path.iterdir()) == [path]

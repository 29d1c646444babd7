"""Videos: steady, in little memory, and ended in order whatever happens."""

import threading
import time
import weakref

import numpy as np
import pytest
from conftest import dark_pixels

from ruas_mm.apis import LowLightInferencer, low_light_inferencer
from ruas_mm.files.video_facts import even_facts
from ruas_mm.files.video_stream import (
    Frame,
    VideoReader,
    VideoReport,
    write_video,
)
from ruas_mm.models.video_memory import VideoMemory


@pytest.fixture
def inferencer():
    return LowLightInferencer('RUAS_S', device='cpu')


@pytest.mark.parametrize('side_by_side', [False, True])
def test_video(inferencer, tmp_path, side_by_side):
    source, target, seen = tmp_path / 'a.avi', tmp_path / 'b.avi', []
    write_video([dark_pixels((32, 48, 3))] * 5, source, 10)
    report = inferencer.enhance_video(
        source, target, side_by_side, lambda *done: seen.append(done)
    )
    assert report.describe() == '5 frames written'
    assert seen == [(index, 5) for index in range(1, 6)]
    with VideoReader(target) as reader:
        found = [frame.rgb for frame in reader]
    assert found[0].shape == (32, 96 if side_by_side else 48, 3)
    assert found[0][:, -48:].mean() > dark_pixels((32, 48, 3)).mean() + 10


def video_frames(count=12):
    """A lamp in a corner is switched on and off."""
    for index in range(count):
        frame = dark_pixels((32, 48, 3)) // 2
        if index % 4 > 1:
            frame[:12, :16] = 250
        yield frame


@pytest.fixture
def reader(monkeypatch, tmp_path):
    """Frames that are read without loss, from what is set as ``frames``."""

    class Reader:
        is_camera, num_frames, cut, frames = False, None, None, ()
        facts, is_closed = even_facts(10.0), False

        def __init__(self, _):
            pass

        def __iter__(self):
            for index, rgb in enumerate(self.frames):
                assert not self.is_closed
                yield Frame(rgb, index)
                del rgb

        def __enter__(self):
            return self

        def __exit__(self, *_):
            Reader.is_closed = True

    (tmp_path / 'a.avi').touch()
    monkeypatch.setattr(low_light_inferencer, 'open_video', Reader)
    yield Reader
    assert Reader.is_closed
    names = [thread.name for thread in threading.enumerate()]
    assert 'prefetched' not in names


@pytest.fixture
def written(monkeypatch):
    """Frames that are written without loss."""
    frames = []

    def write(source, *_):
        frames.extend(frame.rgb for frame in source)
        return VideoReport(len(frames))

    monkeypatch.setattr(low_light_inferencer, 'write_frames', write)
    return frames


def test_video_remembers(inferencer, tmp_path, reader, written):
    """Each video on its own; a broken frame is no cut."""
    memory, enhancer = VideoMemory(fps=10.0), inferencer._enhanced
    reader.frames = [*video_frames()]
    reader.frames.insert(5, None)
    expected = [f if f is None else enhancer(f, memory) for f in reader.frames]
    for _ in range(2):
        written.clear()
        inferencer.enhance_video(tmp_path / 'a.avi', tmp_path / 'b.avi')
        reader.is_closed = False
        assert len(written) == 13 and written.pop(5) is None
        for found, frame in zip(written, expected[:5] + expected[6:]):
            np.testing.assert_array_equal(found, frame)
    reader.is_closed = True
    steady = np.diff([frame[16:].mean() for frame in written])
    alone = np.diff([inferencer(f)[16:].mean() for f in video_frames()])
    assert abs(steady).max() < abs(alone).max() / 3


def test_video_is_overlapped_and_bounded(
    inferencer, tmp_path, reader, monkeypatch
):
    """Frames are read and enhanced while another is written, but few."""
    alive, most = weakref.WeakSet(), []
    ahead = [threading.Event() for _ in range(2)]

    class Frame(np.ndarray):
        """An array that can be followed."""

        __hash__, __eq__ = object.__hash__, object.__eq__

    def tracked(frame):
        frame = frame.view(Frame)
        alive.add(frame)
        return frame

    def frames():
        for index, frame in enumerate(video_frames(60)):
            yield tracked(frame)
            del frame
            if index == 2:
                ahead[0].set()

    def enhanced(frame, memory):
        if most:  # another one is being written
            ahead[1].set()
        return tracked(np.array(frame))

    def write(source, *_):
        for _ in source:
            most.append(len(alive))
            assert all(event.wait(20) for event in ahead)
            time.sleep(0.002)
        return VideoReport(len(most))

    reader.frames = frames()
    monkeypatch.setattr(inferencer, '_enhanced', enhanced)
    monkeypatch.setattr(low_light_inferencer, 'write_frames', write)
    inferencer.enhance_video(tmp_path / 'a.avi', tmp_path / 'b.avi')
    assert len(most) == 60
    assert max(most) <= 2 * low_light_inferencer.FRAMES_AHEAD + 4


@pytest.mark.parametrize('where', ['reading', 'enhancing', 'writing'])
@pytest.mark.parametrize('error', [KeyboardInterrupt, ValueError, OSError])
def test_video_that_ends_early(
    inferencer, tmp_path, reader, monkeypatch, where, error
):
    """The old file stays, and no thread; what was read from is closed."""
    (tmp_path / 'b.avi').write_bytes(b'before')

    calls = []

    def fail():
        raise error('at the third')

    def frames():
        yield from video_frames(3)
        if where == 'reading':
            fail()
        yield from video_frames(30)

    def enhanced(frame, memory):
        calls.append(frame)
        if where == 'enhancing' and len(calls) == 3:
            fail()
        return frame

    def progress(done, _):
        if where == 'writing' and done == 3:
            fail()

    reader.frames = frames()
    monkeypatch.setattr(inferencer, '_enhanced', enhanced)
    with pytest.raises(error, match='at the third'):
        inferencer.enhance_video(
            tmp_path / 'a.avi', tmp_path / 'b.avi', progress=progress
        )
    assert (tmp_path / 'b.avi').read_bytes() == b'before'
    assert len(list(tmp_path.glob('*.avi'))) == 2


def test_video_errors(inferencer, tmp_path):
    write_video([dark_pixels((32, 48, 3))] * 2, tmp_path / 'a.avi', 10)
    (tmp_path / 'bad.mp4').write_bytes(b'no video')
    for source, target, message in (
        ('a.avi', 'a.avi', 'a.avi is an input'),
        ('a.avi', 'a.wmv', 'videos are written as'),
        ('bad.mp4', 'b.mp4', 'bad.mp4: cannot be opened'),
    ):
        with pytest.raises(ValueError, match=message):
            inferencer.enhance_video(tmp_path / source, tmp_path / target)
    assert len(list(tmp_path.glob('*.*'))) == 2


def test_onnx_videos_are_metered_one_by_one(
    inferencer, tmp_path, reader, written
):
    """An exported enhancer takes a picture and a strength, no memory."""
    inferencer.runtime = 'onnx'
    inferencer._network = lambda x, strength: x**0.5
    reader.frames = [*video_frames()]
    inferencer.enhance_video(tmp_path / 'a.avi', tmp_path / 'b.avi')
    for found, frame in zip(written, reader.frames):
        np.testing.assert_array_equal(found, inferencer(frame))
    assert len(written) == len(reader.frames)

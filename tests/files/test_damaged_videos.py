"""Videos that are broken, and failures while one is written."""

import resource
import signal

import av
import numpy as np
import pytest
from clips import copied, frames, make, noise, read

from ruas_mm.files import camera_reader, pyav, video_reader
from ruas_mm.files.video_facts import Frame
from ruas_mm.files.video_stream import (
    CameraReader,
    VideoReader,
    VideoReport,
    open_video,
    write_video,
)


def test_frames_hidden_by_an_edit_list(tmp_path):
    """The header counts them, players do not show them."""
    make(tmp_path / 'a.mp4', max_b_frames=0)
    data = (tmp_path / 'a.mp4').read_bytes()
    at = data.index(b'elst') + 12  # behind version, flags and count
    edit = np.array([300], '>u4').tobytes()  # milliseconds, of 600
    (tmp_path / 'a.mp4').write_bytes(data[:at] + edit + data[at + 4 :])
    with av.open(str(tmp_path / 'a.mp4')) as source:
        assert source.streams.video[0].frames == 6
    report = copied(tmp_path / 'a.mp4', tmp_path / 'b.mp4')
    assert report == VideoReport(3)


def test_broken_frames_are_named_and_repeated(tmp_path):
    source = [None, *noise(3), None, None, *noise(2), None]
    report = write_video(source, tmp_path / 'b.mp4', 10)
    assert report.describe() == (
        '8 frames written, 4 could not be read: 0, 4-5, 8'
    )
    found = [f.rgb.astype(int) for f in read(tmp_path / 'b.mp4')]
    # frame 0 had none before it; 3, 4 and 5 are one picture
    change = [abs(a - b).mean() for a, b in zip(found, found[1:])]
    assert len(found) == 8
    assert max(change[2:4]) < 15 < min(change[0], change[1], change[4])


@pytest.mark.parametrize('kind', ['zeros', 'noise', 'cut'])
@pytest.mark.parametrize('suffix', ['.mp4', '.avi', '.mkv', '.mov'])
def test_damaged_file(tmp_path, suffix, kind):
    """Never raises, once opened; told from a file that is whole."""
    path = tmp_path / f'a{suffix}'
    codec = 'mpeg4' if suffix == '.avi' else 'libx264'
    form = {'movflags': 'faststart'} if suffix in ('.mp4', '.mov') else {}
    make(path, noise(30), codec=codec, form=form)
    assert not copied(path, tmp_path / 'b.mp4').is_damaged
    data = bytearray(path.read_bytes())
    third = len(data) // 3
    if kind == 'cut':
        del data[2 * third :]
    else:
        state = np.random.RandomState(0)
        fill = state.bytes(4000) if kind == 'noise' else bytes(4000)
        data[third : third + 4000] = fill
    path.write_bytes(data)
    report = copied(path, tmp_path / 'b.mp4')
    assert report.is_damaged
    assert 5 < report.num_written <= 30
    assert 'could not be read' in report.describe() or report.cut


def test_endless_failure_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(video_reader, 'PATIENCE', 5)
    path = make(
        tmp_path / 'a.mkv', noise(30), codec='mjpeg', pix_fmt='yuvj420p'
    )
    with av.open(str(path)) as source:
        packets = [bytes(p) for p in source.demux() if p.size]
    data = path.read_bytes()
    for packet in packets[10:]:
        assert packet in data
        data = data.replace(packet, bytes(len(packet)))
    path.write_bytes(data)
    found = read(path)
    assert [f.rgb is None for f in found] == [False] * 10 + [True] * 5


@pytest.mark.parametrize(
    'name, content, message',
    [
        ('gone.mp4', None, 'gone.mp4: no such'),
        ('a.mp4', b'', 'a.mp4: cannot be opened'),
        ('a.mp4', b'no video', 'a.mp4: cannot be opened'),
        ('a.srt', b'1\n00:00:00,100 --> 00:00:00,400\nHi\n', 'a.srt: cannot'),
    ],
)
def test_unreadable_file(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        VideoReader(tmp_path / name)


def test_file_that_refers_to_another_is_not_followed(tmp_path):
    make(tmp_path / 'a.mp4')
    list_of_files = tmp_path / 'b.mp4'
    list_of_files.write_text("ffconcat version 1.0\nfile 'a.mp4'\n")
    with pytest.raises(ValueError, match='b.mp4: cannot be opened'):
        VideoReader(list_of_files)


def test_without_pyav(tmp_path, monkeypatch):
    (tmp_path / 'a.mp4').touch()
    monkeypatch.setattr(pyav, 'is_installed', lambda name: False)
    for call in (
        lambda: VideoReader(tmp_path / 'a.mp4'),
        lambda: write_video(frames(1), tmp_path / 'b.mp4', 10),
    ):
        with pytest.raises(ValueError, match="pip install 'av>=14,<20'"):
            call()


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
        (frames(1), 'a.wmv', ValueError),
        (frames(1, (2, 20000, 3)), 'a.mp4', ValueError),
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
    assert len(read(tmp_path / 'a.mp4')) == 3


@pytest.mark.parametrize('suffix', ['.mp4', '.mkv', '.avi', '.webm'])
@pytest.mark.parametrize('count', [3, 60])
def test_full_disk_is_noticed(tmp_path, suffix, count):
    """As on one, a write beyond 2,000 bytes fails: at the end or before."""
    path = tmp_path / f'a{suffix}'
    path.write_bytes(b'before')
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limit[1]))
    try:
        with pytest.raises(OSError, match=f'a{suffix}'):
            write_video(noise(count, (64, 64, 3)), path, 10)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == b'before'
    assert list(tmp_path.iterdir()) == [path]


def test_camera_keeps_the_time_of_the_clock(monkeypatch):
    class Camera:
        def __init__(self, number):
            self.left = 4 if number == 1 else 0

        def isOpened(self):
            return bool(self.left)

        def get(self, _):
            return np.nan

        def read(self):
            self.left -= 1
            return self.left > 0, next(frames(1))

        def release(self):
            pass

    clock = iter([100.0, 100.0, 100.4, 100.41])
    monkeypatch.setattr(camera_reader.cv2, 'VideoCapture', Camera)
    monkeypatch.setattr(camera_reader.time, 'monotonic', lambda: next(clock))
    with open_video(1) as camera:
        assert isinstance(camera, CameraReader) and camera.is_camera
        assert camera.facts.fps == 25
        found = list(camera)
    assert [frame.time for frame in found] == [0, 10, 11]
    assert all(isinstance(frame, Frame) for frame in found)
    np.testing.assert_array_equal(found[0].rgb, next(frames(1))[..., ::-1])
    with pytest.raises(ValueError, match='camera 7: cannot be opened'):
        open_video(7)


@pytest.mark.parametrize(
    'suffix, codec', [('.ts', 'libx264'), ('.avi', 'mpeg4')]
)
def test_frames_left_out_by_the_decoder_are_told(tmp_path, suffix, codec):
    """It raises nothing; the packets of what is missing had a time."""
    pictures = noise(30, (64, 80, 3))
    path = make(tmp_path / f'a{suffix}', pictures, codec=codec, max_b_frames=2)
    assert not copied(path, tmp_path / 'b.mp4').is_damaged
    data = bytearray(path.read_bytes())
    third = len(data) // 3
    data[third : third + 3000] = np.random.RandomState(0).bytes(3000)
    path.write_bytes(data)
    report = copied(path, tmp_path / 'b.mp4')
    assert report.broken and 'could not be read' in report.describe()


def test_restart_of_the_clock_is_no_loss(tmp_path):
    """As where two recordings were joined; FFmpeg doubts a packet there."""
    path = make(tmp_path / 'a.ts', noise(12), max_b_frames=2, rate=25)
    path.write_bytes(2 * path.read_bytes())
    report = copied(path, tmp_path / 'b.mp4')
    assert report.num_written == 24 and report.broken == [10]


@pytest.mark.parametrize('left, is_cut', [(0, False), (100, True)])
def test_incomplete_last_packet_of_a_transport_stream(tmp_path, left, is_cut):
    path = make(tmp_path / 'a.ts', noise(20), max_b_frames=0)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2 // 188 * 188 + left])
    report = copied(path, tmp_path / 'b.mp4')
    assert bool(report.cut) == is_cut
    if is_cut:
        assert report.describe().endswith(' s')
        assert 'the file ends at' in report.describe()

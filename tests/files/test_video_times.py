"""When the frames of a video are shown, and in which order."""

import av
import numpy as np
import pytest
from clips import copied, make, read, sounds

from ruas_mm.files import video_codecs
from ruas_mm.files.video_stream import VideoReader


def seconds(path):
    with VideoReader(path) as reader:
        unit = float(reader.facts.time_base)
        return [frame.time * unit for frame in reader]


@pytest.mark.parametrize('suffix', ['.mp4', '.mkv', '.webm', '.avi'])
def test_times_are_kept(tmp_path, suffix):
    times = [0, 3, 7, 20, 60, 100]
    make(tmp_path / 'a.mkv', times=times)
    report = copied(tmp_path / 'a.mkv', tmp_path / f'b{suffix}')
    found = seconds(tmp_path / f'b{suffix}')
    assert report.num_written == len(found) == 6
    if suffix == '.avi':  # even steps, each of which is a frame
        assert report.lost == ['variable frame rate']
        assert found[-3:] == pytest.approx([0.3, 0.6, 1.0])
        return
    np.testing.assert_allclose(found, np.array(times) / 100, atol=0.001)


def test_without_h264(tmp_path, monkeypatch):
    """Some builds of FFmpeg have none; MPEG-4 takes no fine times."""
    has_encoder = video_codecs.has_encoder
    monkeypatch.setattr(
        video_codecs,
        'has_encoder',
        lambda name: name != 'libx264' and has_encoder(name),
    )
    make(tmp_path / 'a.ts', times=[0, 3, 7, 20, 60, 100])
    copied(tmp_path / 'a.ts', tmp_path / 'b.mp4')
    found = np.array(seconds(tmp_path / 'b.mp4'))
    expected = [0, 0.03, 0.07, 0.2, 0.6, 1.0]
    np.testing.assert_allclose(found - found[0], expected, atol=0.001)
    with av.open(str(tmp_path / 'b.mp4')) as source:
        assert source.streams.video[0].codec_context.name == 'mpeg4'


@pytest.mark.parametrize('codec', ['libx264', 'mpeg4'])
@pytest.mark.parametrize('suffix', ['.avi', '.mkv', '.mp4'])
def test_frames_that_are_stored_in_another_order(tmp_path, codec, suffix):
    """AVI does not tell the time of a frame; FFmpeg may guess it wrong."""
    path = tmp_path / f'video{suffix}'
    pictures = np.full((12, 32, 96, 3), 60, np.uint8)
    for index, picture in enumerate(pictures):
        picture[:, 8 * index : 8 * index + 8] = 220
    make(path, pictures, codec=codec, rate=25, max_b_frames=3)
    found = read(path)
    assert all(frame.rgb is not None for frame in found)
    bars = [frame.rgb[..., 0].mean(0).argmax() // 8 for frame in found]
    assert bars == list(range(12))
    steps = [late.time - early.time for early, late in zip(found, found[1:])]
    assert len(set(steps[1:-1])) == 1


def test_start_of_the_file_is_zero(tmp_path):
    """MPEG transport streams start anywhere; what is late stays late."""
    make(tmp_path / 'a.ts', times=range(500, 560, 10), sound=['aac'])
    copied(tmp_path / 'a.ts', tmp_path / 'b.mp4')
    first = seconds(tmp_path / 'b.mp4')[0]
    assert 4.9 < first < 5.1
    assert abs(sounds(tmp_path / 'b.mp4')[1][0]) < 0.05
    make(tmp_path / 'a.ts', times=range(500, 560, 10))
    copied(tmp_path / 'a.ts', tmp_path / 'b.mp4')
    assert seconds(tmp_path / 'b.mp4')[0] == 0

"""Videos: what is promised of reading, writing and carrying over."""

import gc
import weakref
from fractions import Fraction

import av
import numpy as np
import pytest
from clips import copied, frames, make, noise, read, sounds
from conftest import dark_pixels

from ruas_mm.files import video_reader, video_stream
from ruas_mm.files.video_colour import ColourConverter, upright
from ruas_mm.files.video_facts import Colour
from ruas_mm.files.video_stream import VideoReader, VideoReport, write_video


@pytest.mark.parametrize('suffix', video_stream.WRITABLE_SUFFIXES)
def test_frames_come_back(tmp_path, suffix):
    path = tmp_path / f'video{suffix}'
    assert write_video(frames(12), path, 12.5) == VideoReport(12)
    assert list(tmp_path.iterdir()) == [path]
    with VideoReader(path) as reader:
        assert reader.facts.fps == pytest.approx(12.5, abs=0.01)
        assert reader.num_frames == 12
        found = list(reader)
        assert reader.cut is None
    assert len(found) == 12
    for frame, expected in zip(found, frames(12)):
        assert frame.rgb.dtype == np.uint8
        assert abs(frame.rgb.astype(int) - expected).mean() < 3


@pytest.mark.parametrize('suffix', ['.mp4', '.mkv', '.webm', '.avi'])
def test_odd_sides_keep_each_line(tmp_path, suffix):
    path = tmp_path / f'a{suffix}'
    bars = next(frames(1, (33, 47, 3)))
    bars[-1], bars[:, -1] = 220, 220
    report = write_video([bars] * 2, path, 10)
    found = read(path)[0].rgb
    assert found.shape == (33, 47, 3)
    assert found[-1].mean() > 190 and found[:, -1].mean() > 190
    assert bool(report.lost) == (suffix in ('.mp4', '.mkv'))


@pytest.mark.parametrize('suffix', video_stream.WRITABLE_SUFFIXES)
def test_same_frames_give_the_same_bytes(tmp_path, suffix):
    source = make(tmp_path / 'a.mkv', noise(8, (64, 96, 3)), sound=['aac'])
    contents = set()
    for name in ('b', 'c'):
        copied(source, tmp_path / f'{name}{suffix}')
        contents.add((tmp_path / f'{name}{suffix}').read_bytes())
    assert len(contents) == 1


def test_long_video_is_never_in_memory(tmp_path):
    alive, most = weakref.WeakSet(), []

    class Frame(np.ndarray):
        """An array that can be followed."""

    def source():
        for frame in frames(12):
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
    assert len(most) == 12 and max(most) <= 2


def test_reading_is_lazy(tmp_path, monkeypatch):
    write_video(frames(60), tmp_path / 'a.avi', 10)
    made = []
    convert = video_reader.ColourConverter.__call__
    monkeypatch.setattr(
        video_reader.ColourConverter,
        '__call__',
        lambda self, frame: made.append(1) or convert(self, frame),
    )
    with VideoReader(tmp_path / 'a.avi') as reader:
        found = iter(reader)
        next(found)
        next(found)
        assert len(made) == 2


@pytest.mark.parametrize('flip', [False, True])
@pytest.mark.parametrize('turns', [0, 1, 2, 3])
def test_display_matrix(turns, flip):
    """Each corner goes where the matrix of ISO/IEC 14496-12 sends it."""
    picture = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    x, y = np.array([[1, 0], [0, -1], [-1, 0], [0, 1]])[[turns, turns - 3]]
    x = -x if flip else x
    matrix = np.array([*x, 0, *y, 0, 0, 0, 1], np.int32) * 65536
    found = upright(picture, matrix)
    at = np.array([j * x + i * y for i in range(2) for j in range(3)]).reshape(
        2, 3, 2
    )
    at -= at.min((0, 1))
    for i in range(2):
        for j in range(3):
            to_x, to_y = at[i, j]
            np.testing.assert_array_equal(found[to_y, to_x], picture[i, j])


def with_matrix(path, degrees):
    """Write a display matrix into the track header of an MP4 file."""
    cos, sin = {90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    rows = [cos, sin, 0, -sin, cos, 0, 0, 0, 0x4000]
    unit = [1, 0, 0, 0, 1, 0, 0, 0, 0x4000]
    old, new = (np.array(m) * 65536 for m in (unit, rows))
    old, new = (m.astype('>i4').tobytes() for m in (old, new))
    data = path.read_bytes()
    at = data.rindex(old, 0, data.rindex(b'mdia'))
    path.write_bytes(data[:at] + new + data[at + 36 :])


@pytest.mark.parametrize('degrees', [90, 180, 270])
def test_result_stands_as_a_player_shows_it(tmp_path, degrees):
    picture = next(frames(1))
    picture[:8, :12] = 250  # the first corner
    make(tmp_path / 'a.mp4', [picture] * 3, sample_aspect_ratio=Fraction(4, 3))
    with_matrix(tmp_path / 'a.mp4', degrees)
    assert copied(tmp_path / 'a.mp4', tmp_path / 'b.mkv').lost == []
    found = read(tmp_path / 'b.mkv')[0].rgb
    # clockwise, as phones turn
    expected = np.rot90(picture, -degrees // 90)
    assert found.shape == expected.shape
    assert abs(found.astype(int) - expected).mean() < 4
    with VideoReader(tmp_path / 'b.mkv') as reader:
        sideways = degrees != 180
        aspect = Fraction(3, 4) if sideways else Fraction(4, 3)
        assert reader.facts.sample_aspect == aspect


@pytest.mark.parametrize('suffix', ['.mp4', '.mkv', '.avi', '.webm'])
def test_shape_of_pixels_is_kept(tmp_path, suffix):
    make(tmp_path / 'a.mp4', sample_aspect_ratio=Fraction(16, 11))
    report = copied(tmp_path / 'a.mp4', tmp_path / f'b{suffix}')
    with VideoReader(tmp_path / f'b{suffix}') as reader:
        aspect = reader.facts.sample_aspect
    if suffix == '.webm':  # PyAV cannot tell it the container
        assert report.lost == ['shape of pixels (16:11)'] and aspect == 1
        return
    assert float(aspect) == pytest.approx(16 / 11, rel=0.03)


@pytest.mark.parametrize('suffix', ['.mp4', '.mkv', '.avi', '.mov'])
def test_sounds_are_copied(tmp_path, suffix):
    make(tmp_path / 'a.mkv', sound=['aac', 'libmp3lame'])
    report = copied(tmp_path / 'a.mkv', tmp_path / f'b{suffix}')
    before, after = (sounds(tmp_path / n) for n in ('a.mkv', f'b{suffix}'))
    assert after[0] == before[0] and len(after[0]) == 2
    assert report.lost == []


@pytest.mark.parametrize(
    'codec, suffix, expected',
    [
        ('wavpack', '.mp4', 'aac'),
        ('pcm_s16le', '.webm', 'opus'),
        ('libopus', '.avi', 'mp3'),
    ],
)
def test_sound_that_cannot_be_copied_is_encoded(
    tmp_path, codec, suffix, expected
):
    make(tmp_path / 'a.mkv', sound=[codec])
    report = copied(tmp_path / 'a.mkv', tmp_path / f'b{suffix}')
    assert 'sound (now ' in report.describe()
    with av.open(str(tmp_path / f'b{suffix}')) as found:
        (stream,) = found.streams.audio
        assert expected in stream.codec_context.name
        decoded = [f.to_ndarray() for f in found.decode(audio=0)]
    length = sum(f.shape[-1] for f in decoded) / 48000
    assert 0.5 < length < 0.75
    peak = max(abs(f.astype(float)).max() for f in decoded)
    assert peak > 0.1


def test_description_is_kept(tmp_path):
    tags = dict(
        title='night',
        creation_time='2024-05-06T07:08:09.000000Z',
        location='+48.2082+016.3738/',
    )
    make(tmp_path / 'a.mov', tags=tags)
    copied(tmp_path / 'a.mov', tmp_path / 'b.mp4')
    with av.open(str(tmp_path / 'b.mp4')) as found:
        assert tags.items() <= dict(found.metadata).items()


def test_other_streams_are_named(tmp_path):
    """A second picture, and subtitles that MP4 does not know."""
    text = tmp_path / 'a.srt'
    text.write_text('1\n00:00:00,100 --> 00:00:00,400\nHello\n')
    source = make(tmp_path / 'a.mkv')
    with (
        av.open(str(source)) as picture,
        av.open(str(text)) as words,
        av.open(str(tmp_path / 'b.mkv'), 'w') as output,
    ):
        copies = {}
        for number, one in enumerate((picture, picture, words)):
            copies[number] = output.add_stream_from_template(
                one.streams[0], opaque=True
            )
        packets = [p for p in picture.demux() if p.size]
        text = [p for p in words.demux() if p.size]
        for packet in packets:
            packet.stream = copies[0]
            output.mux(packet)
        for packet in text:
            packet.stream = copies[2]
            output.mux(packet)
    report = copied(tmp_path / 'b.mkv', tmp_path / 'c.mp4')
    assert (
        report.describe()
        == ('6 frames written; not kept: video 1 (h264), subtitle 1 (srt)')
        or 'subtitle 1 (subrip)' in report.describe()
    )
    report = copied(tmp_path / 'b.mkv', tmp_path / 'd.mkv')
    assert report.lost == ['video 1 (h264)']
    with av.open(str(tmp_path / 'd.mkv')) as found:
        said = [bytes(p) for p in found.demux(subtitles=0) if p.size]
    assert said == [b'Hello']


BARS = [
    (235, 235, 235), (200, 40, 40), (40, 200, 40), (40, 40, 200),
    (128, 128, 128), (200, 200, 40), (16, 20, 12), (90, 60, 30),
]  # fmt: skip


@pytest.mark.parametrize('matrix', [1, 6, 9])
@pytest.mark.parametrize('full', [1, 2])
@pytest.mark.parametrize('suffix', ['.mp4', '.mkv', '.webm'])
def test_colours_come_back(tmp_path, matrix, full, suffix):
    """By each matrix and range; the tags of the stream stay."""
    picture = np.repeat(np.array(BARS, np.uint8), 8, 0)[None].repeat(32, 0)
    tags = dict(colorspace=matrix, color_range=full, color_primaries=1)
    tags.update(color_trc=13)
    make(tmp_path / 'a.mp4', [picture] * 3, **tags)
    copied(tmp_path / 'a.mp4', tmp_path / f'b{suffix}')
    before, after = read(tmp_path / 'a.mp4'), read(tmp_path / f'b{suffix}')
    for one, other in zip(before, after):
        assert abs(one.rgb.astype(int) - other.rgb).max() <= 6
        assert abs(one.rgb.astype(int) - other.rgb).mean() <= 1.5
    with av.open(str(tmp_path / f'b{suffix}')) as found:
        next(found.decode(video=0))
        context = found.streams.video[0].codec_context
        for name, value in tags.items():
            assert getattr(context, name) == value, name


def test_colours_are_right(tmp_path):
    """And not just the same error twice."""
    picture = np.repeat(np.array(BARS, np.uint8), 8, 0)[None].repeat(32, 0)
    for shape in ((32, 64, 3), (720, 64, 3)):
        tall = np.broadcast_to(picture[:1], shape)
        write_video([tall], tmp_path / 'a.mp4', 10)
        found = read(tmp_path / 'a.mp4')[0].rgb
        middle = np.abs(found.astype(int) - tall)[:, 3::8]
        assert middle.max() <= 6


def test_more_than_8_bits_and_hdr(tmp_path):
    ramp = np.linspace(0.2, 0.6, 64)[None, :, None] * np.ones((64, 1, 3))
    deep = (ramp * 65535).astype(np.uint16)
    make(
        tmp_path / 'a.mp4',
        [deep] * 3,
        codec='libx265',
        pix_fmt='yuv420p10le',
        colorspace=9,
        color_primaries=9,
        color_trc=16,
    )
    report = copied(tmp_path / 'a.mp4', tmp_path / 'b.mov')
    assert 'HDR' in report.describe()
    before, after = read(tmp_path / 'a.mp4'), read(tmp_path / 'b.mov')
    assert after[0].rgb.dtype == np.uint16
    assert len(np.unique(after[0].rgb[0, :, 1])) > 40
    difference = abs(before[0].rgb.astype(int) - after[0].rgb)
    assert difference.mean() < 257  # one of 255 levels
    report = copied(tmp_path / 'a.mp4', tmp_path / 'b.avi')
    assert 'more than 8 bits' in report.lost


def test_transparency_is_named(tmp_path):
    make(tmp_path / 'a.mkv', codec='ffv1', pix_fmt='yuva420p')
    assert copied(tmp_path / 'a.mkv', tmp_path / 'b.mp4').lost == [
        'transparency'
    ]


@pytest.mark.parametrize(
    'height, red', [(720, (63, 102, 240)), (576, (81, 90, 240))]
)
def test_untagged_colours_are_those_that_players_take(height, red):
    frame = av.VideoFrame(32, height, 'yuv444p')
    for plane, value in zip(frame.planes, red):
        plane.update(bytes([value]) * plane.buffer_size)
    found = ColourConverter('rgb24', Colour())(frame).to_ndarray()
    assert abs(found.astype(int) - (255, 0, 0)).max() <= 3


@pytest.mark.parametrize('shape', [(1, 1, 3), (15, 17, 3), (32, 48, 3)])
def test_small_video_of_10_bits(tmp_path, shape):
    """x265 refuses these, or writes beyond its memory."""
    ramp = np.linspace(3000, 60000, np.prod(shape)).reshape(shape)
    write_video([ramp.astype(np.uint16)] * 3, tmp_path / 'v.mp4', 10)
    with VideoReader(tmp_path / 'v.mp4') as reader:
        rgb = [frame.rgb for frame in reader]
    assert len(rgb) == 3 and rgb[0].shape == shape
    assert rgb[0].dtype == np.uint16
    assert abs(rgb[0].astype(int).mean() - ramp.mean()) < 1000


@pytest.mark.parametrize('suffix', ['avi', 'webm', 'mkv'])
@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
def test_odd_sides_give_the_same_bytes_too(tmp_path, suffix, dtype):
    """FFmpeg's chroma of the last column held what the memory did."""
    frames = [dark_pixels((16, 17, 3), dtype, seed=i) for i in range(3)]
    contents = set()
    for _ in range(4):
        junk = [np.random.bytes(size) for size in range(900, 1100)]
        write_video(frames, tmp_path / f'v.{suffix}', 10)
        contents.add((tmp_path / f'v.{suffix}').read_bytes())
        del junk
    assert len(contents) == 1

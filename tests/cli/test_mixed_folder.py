"""One folder with everything that people have: all that can be done is done.

The folder is made here; what stands in it for a kind is as small as it gets.
"""

import os
import re
import shutil
import socket
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from conftest import dark_pixels, run_command, write_random_weights
from PIL import Image

from ruas_mm.files.picture_file import Picture, read_picture, write_picture
from ruas_mm.files.video_facts import Frame, even_facts
from ruas_mm.files.video_stream import VideoReader, write_frames, write_video

NO_FILE = 'a pipe, socket or device'
DONE = {
    # source: (result, where it is called otherwise)
    'good.png': None,
    'UPPER.PNG': None,
    'windows.jfif': None,
    'cmyk.jpg': None,
    'palette.png': None,
    'one pixel.png': None,
    'deep grey alpha.png': None,
    'planes.tif': None,
    'phone.heic': 'phone.heic.png',
    'pixel.avif': 'pixel.avif.png',
    'png inside.jpg': None,
    'junk behind.png': None,
    'umläut \U0001f319.png': None,
    'two\nlines.png': None,
    '-dash.png': None,
    '[x].png': None,
    f'{"n" * 246}.png': None,
    'folder.png/inside.png': None,
    'link.png': None,
    'video.mp4': None,
    'uneven.mkv': None,
    'camera.3gp': 'camera.3gp.mp4',
}
REFUSED = {
    # source: what is told
    'raw.CR2': r'\.cr2 is not read',
    'moving.gif': r'\.gif is not read',
    'moving.webp': 'WEBP with 3 frames, allowed: one',
    'moving.png': 'PNG with 3 frames, allowed: one',
    'cut.png': 'no picture, or a broken or truncated one',
    'cut.jpg': 'no picture, or a broken or truncated one',
    'cut.tif': 'no picture, or a broken or truncated one',
    'cut.mp4': 'cannot be opened as a video',
    'empty.png': r'no picture, or .* one \(an empty file\)',
    'empty.mp4': 'cannot be opened as a video',
    'text.jpg': 'no picture, or a broken or truncated one',
    'icon.png': 'ICO, allowed: ',
    'bomb.png': '100000x100000 is 10,000,000,000 pixels, allowed: max',
    'no\nline.png': 'no picture, or a broken or truncated one',
    'wide.jpg': 'JPEG cannot hold 80000x4 pixels',
    'gone.png': 'a link to nothing',
    'loop.png': 'Too many levels of symbolic links',
    'pipe.png': NO_FILE,
    'pipe.mp4': NO_FILE,
    'socket.png': NO_FILE,
    'zero.png': NO_FILE,
    'in the way.png': 'is a folder, allowed: a file',
    f'{"t" * 250}.heic': 'File name too long',
}
LEFT_OUT = '1 .txt, 1 without a suffix'


def empty_png(width, height):
    def chunk(kind, data):
        check = struct.pack('>I', zlib.crc32(kind + data))
        return struct.pack('>I', len(data)) + kind + data + check

    header = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    return b''.join([
        b'\x89PNG\r\n\x1a\n', chunk(b'IHDR', header),
        chunk(b'IDAT', zlib.compress(b'')), chunk(b'IEND', b''),
    ])  # fmt: skip


def make_pictures(folder):
    heif = pytest.importorskip('pillow_heif')
    tifffile = pytest.importorskip('tifffile')
    pixels = dark_pixels()
    image = Image.fromarray(pixels)
    for name in (
        'good.png', 'UPPER.PNG', 'windows.jfif', 'umläut \U0001f319.png',
        'two\nlines.png', '-dash.png', '[x].png', f'{"n" * 246}.png',
        'folder.png/inside.png', '.hidden.png', 'in the way.png',
    ):  # fmt: skip
        write_picture(folder / name, Picture(pixels))
    write_picture(folder / 'wide.jpg', Picture(dark_pixels((4, 40000, 3))))
    write_picture(folder / 'one pixel.png', Picture(dark_pixels((1, 1, 3))))
    deep = dark_pixels(dtype=np.uint16)
    write_picture(
        folder / 'deep grey alpha.png',
        Picture(np.repeat(deep[..., :1], 3, -1), deep[..., 1], grey=True),
    )
    tifffile.imwrite(
        folder / 'planes.tif', np.ascontiguousarray(np.moveaxis(deep, -1, 0)),
        photometric='rgb', planarconfig='separate',
    )  # fmt: skip
    image.convert('CMYK').save(folder / 'cmyk.jpg')
    image.convert('P').save(folder / 'palette.png')
    image.save(folder / 'pixel.avif')
    image.save(folder / 'png inside.jpg', 'PNG')
    image.save(folder / 'icon.png', 'ICO')
    heif.from_pillow(image).save(folder / 'phone.heic')
    shutil.copy(folder / 'phone.heic', folder / f'{"t" * 250}.heic')
    moving = dict(
        save_all=True,
        append_images=[Image.fromarray(dark_pixels(seed=i)) for i in (1, 2)],
    )
    for suffix in ('gif', 'webp', 'png'):
        image.save(folder / f'moving.{suffix}', **moving)


def make_videos(folder):
    frames = [dark_pixels((32, 48, 3), seed=i) for i in range(4)]
    write_video(frames, folder / 'video.mp4', 10)
    uneven = (Frame(f, t) for f, t in zip(frames, (0, 1, 4, 5)))
    write_frames(uneven, folder / 'uneven.mkv', even_facts(10))
    shutil.copy(folder / 'video.mp4', folder / 'camera.3gp')


def make_odd_files(folder):
    good = (folder / 'good.png').read_bytes()
    (folder / 'junk behind.png').write_bytes(good + b'junk')
    for name, content in {
        'empty.png': b'',
        'empty.mp4': b'',
        'raw.CR2': b'raw',
        'text.jpg': b'text',
        'no\nline.png': b'text',
        'notes.txt': b'text',
        'nameless': b'text',
        'bomb.png': empty_png(100000, 100000),
    }.items():
        (folder / name).write_bytes(content)
    for name, source in {
        'cut.png': 'good.png',
        'cut.jpg': 'cmyk.jpg',
        'cut.tif': 'planes.tif',
        'cut.mp4': 'video.mp4',
    }.items():
        content = (folder / source).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])
    for name, target in {
        'link.png': 'good.png',
        'gone.png': 'nowhere',
        'loop.png': 'loop.png',
        'zero.png': '/dev/zero',
        'again': '.',
    }.items():
        (folder / name).symlink_to(target)
    os.mkfifo(folder / 'pipe.png')
    os.mkfifo(folder / 'pipe.mp4')
    with socket.socket(socket.AF_UNIX) as place:
        place.bind('in/socket.png')  # a long path does not fit


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / 'in'
    path.mkdir()
    make_pictures(path)
    make_videos(path)
    make_odd_files(path)
    return path


def contents(path):
    return {
        str(p.relative_to(path)): p.read_bytes()
        for p in Path(path).rglob('*')
        if p.is_file()
    }


def test_all_that_can_be_done_is_done(folder, tmp_path):
    weights = write_random_weights(tmp_path)
    results = []
    for out in ('first', 'second'):
        Path(out, 'in the way.png').mkdir(parents=True)
        code, said = run_command(
            'enhance', 'in', '--out', out, '--device', 'cpu', '--enhancer',
            'RUAS_S', '--weights', weights, '--side-by-side',
        )  # fmt: skip
        assert code == 1, said
        results.append(contents(out))
    assert results[0] == results[1]
    assert set(results[0]) == {result or name for name, result in DONE.items()}
    check_what_is_told(said)
    for name in ('good.png', 'planes.tif', 'deep grey alpha.png'):
        before, after = (
            read_picture(folder / name),
            read_picture(f'{out}/{name}'),
        )
        assert after.rgb.shape[1] == 2 * before.rgb.shape[1]
        assert after.depth == before.depth
    with VideoReader(f'{out}/uneven.mkv') as reader:
        times = [frame.time * reader.facts.time_base for frame in reader]
    np.testing.assert_allclose(np.float64(times), [0, 0.1, 0.4, 0.5])


def check_what_is_told(said):
    """A line for each file that is not done, and nothing of our insides."""
    total = len(DONE) + len(REFUSED)
    _, after = said.split(f'{len(DONE)} of {total} enhanced without')
    lines = after.splitlines()[1:]
    told = dict(
        re.match('  in/(.*?): (.*)', line).groups() for line in lines[:-1]
    )
    assert set(told) == {name.replace('\n', r'\n') for name in REFUSED}
    for name, message in REFUSED.items():
        assert re.search(message, told[name.replace('\n', r'\n')])
    assert lines[-1] == f'  no pictures or videos, left out: {LEFT_OUT}'
    for inside in ('Traceback', 'object at', 'Errno', os.getcwd(), 'tifffile'):
        assert inside not in said
    assert f'.{os.getpid()}-' not in said

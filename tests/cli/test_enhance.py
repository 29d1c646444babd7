"""``ruas-mm enhance`` as a user calls it, also killed and on a full disk."""

import os
import resource
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, dark_pixels, run_command, write_random_weights

from ruas_mm.apis import LowLightInferencer
from ruas_mm.cli.interruption import interruptible
from ruas_mm.files.picture_file import Picture, read_picture, write_picture
from ruas_mm.files.video_stream import VideoReader, write_video


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    return write_random_weights(tmp_path_factory.mktemp('weights'))


@pytest.fixture
def enhance(weights, tmp_path, monkeypatch):
    """Run the command here; returns exit code and what it said."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        options = ['--enhancer', 'RUAS_S', '--weights', weights]
        options += ['--device', 'cpu']
        return run_command('enhance', *options, *arguments)

    return run


@pytest.fixture
def folder(tmp_path):
    """Pictures of every kind, below one another."""
    path = tmp_path / 'in'
    write_picture(path / 'a.png', Picture(dark_pixels()))
    write_picture(path / 'b.jpg', Picture(dark_pixels()))
    write_picture(
        path / 'night' / 'a.tif', Picture(dark_pixels(dtype=np.uint16))
    )
    write_picture(
        path / 'night' / 'pixel.png', Picture(dark_pixels((1, 1, 3)))
    )
    write_video([dark_pixels()] * 3, path / 'night' / 'c.mp4', 10)
    return path


def contents(path):
    return sorted(
        str(p.relative_to(path)) for p in path.rglob('*') if p.is_file()
    )


def test_folder(enhance, folder):
    before = {name: (folder / name).read_bytes() for name in contents(folder)}
    code, said = enhance('in')
    assert code == 0 and '5 of 5' in said
    assert contents(Path('enhanced')) == contents(folder) == sorted(before)
    for name in ('a.png', 'b.jpg', 'night/a.tif'):
        dark_one, bright = folder / name, Path('enhanced', name)
        dark_one, bright = read_picture(dark_one), read_picture(bright)
        assert bright.rgb.shape == dark_one.rgb.shape
        assert bright.depth == dark_one.depth
        assert bright.rgb.mean() > dark_one.rgb.mean()
    for name, content in before.items():
        assert (folder / name).read_bytes() == content
    # once more, into the same folder
    assert enhance('in')[0] == 0


def test_one_file_to_a_name(enhance, folder):
    assert enhance('in/a.png', '--out', 'new/b.png', '--side-by-side')[0] == 0
    assert contents(Path('new')) == ['b.png']
    assert read_picture('new/b.png').rgb.shape == (24, 64, 3)


def test_pattern_and_strength(enhance, folder):
    code, _ = enhance('in/**/*.png', '--out', 'new', '--strength', '0')
    assert code == 0
    assert contents(Path('new')) == ['a.png', 'night/pixel.png']
    assert Path('new/a.png').read_bytes() == (folder / 'a.png').read_bytes()


def test_limit_of_pixels(enhance, folder):
    code, said = enhance('in', '--max-pixels', 24 * 32 - 1)
    assert code == 1 and '2 of 5' in said
    for name in ('a.png', 'b.jpg', 'night/a.tif'):
        assert f'in/{name}: 32x24 is 768 pixels, allowed: max_p' in said
    assert contents(Path('enhanced')) == ['night/c.mp4', 'night/pixel.png']
    assert enhance('in', '--max-pixels', 24 * 32)[0] == 0
    assert enhance('in', '--max-pixels', 0)[0] == 2


def test_broken_pictures_are_passed_over_and_named(enhance, folder):
    good = (folder / 'a.png').read_bytes()
    (folder / 'a.png').write_bytes(good[: len(good) // 2])
    (folder / 'a.gif').write_bytes(b'GIF89a')
    code, said = enhance('in')
    assert code == 1 and '5 of 7' not in said and '4 of 6' in said
    assert 'in/a.png: no picture, or a broken' in said
    assert 'in/a.gif: .gif is not read' in said
    assert contents(Path('enhanced')) == [
        'b.jpg', 'night/a.tif', 'night/c.mp4', 'night/pixel.png',
    ]  # fmt: skip


def long_name(folder):
    (folder / 'a.png').rename(folder / f'{"a" * 251}.png')
    return None


def name_too_long_with_its_new_suffix(folder):
    write_video([dark_pixels()] * 3, folder / 'c.mp4', 10)
    (folder / 'c.mp4').rename(folder / f'{"c" * 250}.3gp')
    return 'name too long'


def target_is_a_folder(folder):
    (folder.parent / 'enhanced' / 'a.png').mkdir(parents=True)
    return 'is a folder, allowed: a file'


def folder_is_a_file(folder):
    (folder.parent / 'enhanced').mkdir()
    (folder.parent / 'enhanced' / 'night').write_bytes(b'in the way')
    return 'night'


def too_wide_for_jpeg(folder):
    (folder / 'a.png').unlink()
    write_picture(folder / 'a.jpg', Picture(dark_pixels((8, 40000, 3))))
    return 'a.jpg: '


def not_to_be_read(folder):
    (folder / 'a.png').unlink()
    (folder / 'a.png').symlink_to(folder / 'a.png')
    (folder / 'c.png').write_bytes(b'')
    return 'c.png: no picture'


@pytest.mark.parametrize(
    'spoil',
    [
        long_name,
        name_too_long_with_its_new_suffix,
        target_is_a_folder,
        folder_is_a_file,
        too_wide_for_jpeg,
        not_to_be_read,
    ],
)
def test_one_bad_file_is_named_and_the_rest_done(enhance, folder, spoil):
    message = spoil(folder)
    code, said = enhance('in', '--side-by-side')
    assert code == (message is not None), said
    assert message is None or message in said.lower().replace('\n', ' ')
    done = contents(Path('enhanced'))
    assert 'b.jpg' in done
    assert not [name for name in done if '/.' in f'/{name}']


@pytest.mark.parametrize(
    'error, message',
    [
        (MemoryError(), 'a.png: does not fit into the memory'),
        (RuntimeError('no such kernel'), 'a.png: no such kernel'),
        (PermissionError(13, 'Permission denied'), 'Permission denied'),
    ],
)
def test_whatever_happens_to_one_file(
    enhance, folder, monkeypatch, error, message
):
    whole = LowLightInferencer.enhance_file

    def fail(self, source, *arguments):
        if source.name == 'a.png':
            raise error
        return whole(self, source, *arguments)

    monkeypatch.setattr(LowLightInferencer, 'enhance_file', fail)
    code, said = enhance('in')
    assert code == 1 and message in said and '4 of 5' in said
    assert 'night/a.tif' in contents(Path('enhanced'))


def test_video_with_a_broken_frame(enhance, tmp_path):
    state = np.random.RandomState(0)
    noise = (state.randint(0, 99, (32, 48, 3)) for _ in range(30))
    write_video((n.astype(np.uint8) for n in noise), 'v.mp4', 10)
    data = bytearray(Path('v.mp4').read_bytes())
    data[len(data) // 3 : len(data) // 3 + 2000] = bytes(2000)
    Path('v.mp4').write_bytes(data)
    code, said = enhance('v.mp4')
    assert code == 1 and ' frames written, ' in said
    assert 'v.mp4: ' in said and 'could not be read: ' in said
    with VideoReader('enhanced/v.mp4') as reader:
        *_, last = reader
        assert float(last.time * reader.facts.time_base) == pytest.approx(2.9)


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['empty'], 'empty: holds no picture'),
        (['gone.png'], 'gone.png: no such file'),
        (['in/*.bmp'], 'holds no picture'),
        (['in', '--out', 'in'], 'is an input and would be overwritten'),
        (['in/a.png', '--out', 'in/a.png'], 'is an input'),
        (['in', '--out', 'in/a.png'], 'is a file, allowed: a folder'),
        (['in', '--strength', '2'], 'strength=2.0, allowed: 0 to 1'),
        (['in', '--tile', '3'], 'tile=3, allowed'),
        (['in', '--device', 'meta'], "device='meta' cannot be used: "),
        (['in', '--device', 'xla'], "device='xla' cannot be used: "),
    ],
)
def test_usage_errors_start_nothing(
    enhance, folder, tmp_path, arguments, message
):
    Path(tmp_path, 'empty').mkdir()
    before = contents(tmp_path)
    code, said = enhance(*arguments)
    assert code == 2 and message in said
    assert said.count('\n') == 1 and len(said) < 300
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    'option, value, message',
    [
        ('--weights', 'gone.safetensors', 'gone.safetensors: no such file'),
        ('--enhancer', 'RUAS_B', "'RUAS_B' is not one of 'ruas_s'"),
        ('--weights', '', "'--weights': an empty name, allowed: a file"),
        ('--out', '', "'--out' / '-o': an empty name, allowed: a file"),
    ],
)
def test_missing_weights_and_unknown_options(folder, option, value, message):
    code, said = run_command('enhance', folder, option, value)
    assert code == 2 and message in said


def test_an_exported_file_is_the_enhancer(folder):
    arguments = '--enhancer', 'ruas_s', '--weights', 'a.onnx'
    code, said = run_command('enhance', folder, *arguments)
    assert code == 2 and '--enhancer=ruas_s with ONNX Runtime, allow' in said


def start(folder, weights, *arguments, **kwargs):
    return subprocess.Popen(
        [
            sys.executable, '-m', 'ruas_mm', 'enhance', 'in', '--out', 'out',
            '--device', 'cpu', '--enhancer', 'RUAS_S', '--weights',
            str(weights), *arguments,
        ],
        cwd=folder,
        env=dict(os.environ, OMP_NUM_THREADS='1', PYTHONPATH=str(ROOT)),
        text=True,
        stderr=subprocess.PIPE,
        **kwargs,
    )  # fmt: skip


@pytest.mark.parametrize(
    'number, code, left',
    [
        (signal.SIGINT, 130, 0),
        (signal.SIGTERM, 143, 0),
        (signal.SIGKILL, -signal.SIGKILL, 1),
    ],
)
def test_interrupted_run_leaves_nothing_half_written(
    tmp_path, weights, number, code, left
):
    write_picture(tmp_path / 'in' / 'a.png', Picture(dark_pixels()))
    frames = (dark_pixels(seed=i) for i in range(3000))
    write_video(frames, tmp_path / 'in' / 'b.avi', 10)
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out' / 'b.avi').write_bytes(b'before')
    # a shell's background job ignores SIGINT, and its children with it
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = start(tmp_path, weights, preexec_fn=heed)
    deadline = time.time() + 120
    while not list((tmp_path / 'out').glob('.*.avi')):
        assert process.poll() is None and time.time() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == code
    assert 'Traceback' not in said
    out = tmp_path / 'out'
    assert [n for n in contents(out) if n[0] != '.'] == ['a.png', 'b.avi']
    assert len([n for n in contents(out) if n[0] == '.']) == left
    assert read_picture(out / 'a.png').rgb.shape == (24, 32, 3)
    assert (out / 'b.avi').read_bytes() == b'before'


def small_files():
    """As on a full disk, a write beyond 4,000 bytes fails."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))


@pytest.mark.parametrize('name', ['b.png', 'b.avi'])
def test_full_disk(tmp_path, weights, name):
    write_picture(tmp_path / 'in' / 'a.png', Picture(dark_pixels()))
    source = tmp_path / 'in' / name
    if name == 'b.png':
        write_picture(source, Picture(dark_pixels((80, 80, 3))))
    else:
        write_video(
            (dark_pixels((80, 80, 3), seed=i) for i in range(30)), source, 10
        )
    out = tmp_path / 'out'
    out.mkdir()
    (out / name).write_bytes(b'before')
    process = start(tmp_path, weights, preexec_fn=small_files)
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 1, said
    assert 'stopped, nothing half-written is left' in said
    assert 'Traceback' not in said
    assert contents(out) == ['a.png', name]
    assert (out / name).read_bytes() == b'before'


def test_camera_number_is_taken(enhance, monkeypatch):
    """Ctrl-C ends the recording, which stays."""

    class Camera:
        def __init__(self, number):
            assert number == 0
            self.left = 3

        def isOpened(self):
            return True

        def get(self, _):
            return 0.0

        def read(self):
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            return True, dark_pixels()

        def release(self):
            pass

    monkeypatch.setattr('ruas_mm.files.camera_reader.cv2.VideoCapture', Camera)
    assert enhance('0')[0] == 0
    with VideoReader('enhanced/camera0.mp4') as reader:
        assert len(list(reader)) == 3


def test_signals_are_heeded_once_and_those_ignored_stay_ignored():
    ignored = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    before = signal.getsignal(signal.SIGTERM)
    try:
        with interruptible() as interruption:
            interruption.check()
            os.kill(os.getpid(), signal.SIGHUP)
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGINT)  # while it is tidied up
            assert interruption.exit_code == 143
            with pytest.raises(KeyboardInterrupt):  # where it was swallowed
                interruption.check(is_recorded=True)
        assert signal.getsignal(signal.SIGTERM) is before
    finally:
        signal.signal(signal.SIGHUP, ignored)

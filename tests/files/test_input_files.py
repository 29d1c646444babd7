import os
from pathlib import Path

import pytest

from ruas_mm.files.input_files import find_inputs

FILES = [
    'a.png',
    'b.JPG',
    'notes.txt',
    'night/a.png',
    'night/clip.mp4',
    'night/clip.webm',
    '.a.123.png',
    '.hidden/c.png',
    'enhanced/a.png',
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in FILES:
        path = tmp_path / 'in' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    return Path('in')


def names(found):
    return {str(item.source): str(item.target) for item in found}


@pytest.mark.parametrize(
    'source, out, expected',
    [
        ('in/a.png', 'out', {'in/a.png': 'out/a.png'}),
        ('in/a.png', 'new.tif', {'in/a.png': 'new.tif'}),
        ('in/night/clip.mp4', 'x.avi', {'in/night/clip.mp4': 'x.avi'}),
        ('3', 'out', {'3': 'out/camera3.mp4'}),
        ('3', 'porch.mkv', {'3': 'porch.mkv'}),
        (
            'in',
            'in/enhanced',
            {
                'in/a.png': 'in/enhanced/a.png',
                'in/b.JPG': 'in/enhanced/b.JPG',
                'in/night/a.png': 'in/enhanced/night/a.png',
                'in/night/clip.mp4': 'in/enhanced/night/clip.mp4',
                'in/night/clip.webm': 'in/enhanced/night/clip.webm.mp4',
            },
        ),
        ('in/*.png', 'out', {'in/a.png': 'out/a.png'}),
        (
            'in/**/a.png',
            'in/enhanced',
            {
                'in/a.png': 'in/enhanced/a.png',
                'in/night/a.png': 'in/enhanced/night/a.png',
            },
        ),
    ],
)
def test_names_are_kept(folder, source, out, expected):
    assert names(find_inputs(source, Path(out))) == expected


def test_videos_are_told_from_pictures(folder):
    found = find_inputs('in', Path('out'))
    videos = {Path(i.source).name for i in found if i.is_video}
    assert videos == {'clip.mp4', 'clip.webm'}
    assert find_inputs('0', Path('out'))[0].is_video


def test_file_with_a_name_of_digits_is_no_camera(folder):
    (folder / '7').mkdir()
    (folder / '7' / 'a.png').touch()
    os.chdir(folder)
    assert names(find_inputs('7', Path('out'))) == {'7/a.png': 'out/a.png'}


@pytest.mark.parametrize(
    'source, out, message',
    [
        ('empty', 'out', 'empty: holds no picture'),
        ('in/*.tif', 'out', 'tif: holds no picture'),
        ('gone', 'out', 'gone: no such file or folder'),
        ('in/notes.txt', 'out', 'notes.txt: allowed'),
        ('in', 'in/notes.txt', 'notes.txt is a file, allowed: a folder'),
        ('in', 'in/a.png', 'a.png is a file, allowed: a folder'),
        ('in', 'in', 'is an input and would be overwritten'),
        ('in/a.png', 'in', 'is an input and would be overwritten'),
        ('in/a.png', 'in/a.png', 'is an input and would be overwritten'),
        ('in/a.png', 'link.png', 'is an input and would be overwritten'),
        ('in/night', 'mixed', 'is an input and would be overwritten'),
    ],
)
def test_what_does_not_fit_is_told(folder, source, out, message):
    Path('empty').mkdir()
    Path('link.png').symlink_to(folder / 'a.png')
    Path('mixed').mkdir()
    Path('mixed/a.png').symlink_to((folder / 'night/a.png').resolve())
    with pytest.raises(ValueError, match=message):
        find_inputs(source, Path(out))

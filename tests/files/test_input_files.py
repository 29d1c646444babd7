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
    'night/clip.wmv',
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


def make_no_files(folder):
    """What is called like a picture, and is none."""
    os.mkfifo(folder / 'pipe.png')
    (folder / 'gone').symlink_to('nowhere')
    (folder / 'gone.png').symlink_to('nowhere')
    (folder / 'loop.png').symlink_to('loop.png')
    (folder / 'zero.png').symlink_to('/dev/zero')
    (folder / 'folder.png').mkdir()


def names(sources, out):
    found = find_inputs(sources, Path(out)).files
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
                'in/night/clip.wmv': 'in/enhanced/night/clip.wmv.mp4',
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
    assert names([source], out) == expected


def test_videos_are_told_from_pictures(folder):
    found = find_inputs(['in'], Path('out')).files
    videos = {Path(i.source).name for i in found if i.is_video}
    assert videos == {'clip.mp4', 'clip.wmv'}
    assert find_inputs(['0'], Path('out')).files[0].is_video


def test_file_with_a_name_of_digits_is_no_camera(folder):
    (folder / '7').mkdir()
    (folder / '7' / 'a.png').touch()
    os.chdir(folder)
    assert names(['7'], 'out') == {'7/a.png': 'out/a.png'}


@pytest.mark.parametrize(
    'source, out, message',
    [
        ('empty', 'out', 'empty: holds no picture'),
        ('in/*.tif', 'out', 'tif: holds no picture'),
        ('nobody', 'out', 'nobody: no such file or folder'),
        ('in/notes.txt', 'out', 'notes.txt: allowed'),
        ('in', 'in/notes.txt', 'notes.txt is a file, allowed: a folder'),
        ('in', 'in/a.png', 'a.png is a file, allowed: a folder'),
        ('in', 'in', 'is an input and would be overwritten'),
        ('in/a.png', 'in', 'is an input and would be overwritten'),
        ('in/a.png', 'in/a.png', 'is an input and would be overwritten'),
        ('in/a.png', 'link.png', 'is an input and would be overwritten'),
        ('in/night', 'mixed', 'is an input and would be overwritten'),
        ('', 'out', ': an empty name, allowed: a picture'),
        ('\u00b2', 'out', 'no such file or folder'),
        ('99999999999', 'out', 'no such file or folder'),
        ('a' * 300, 'out', 'name too long'),
        ('a\0.png', 'out', 'null'),
        ('gone.png', 'out', 'gone.png: a link to nothing'),
        ('loop.png', 'out', 'loop.png: Too many levels of symbolic links'),
        ('pipe.png', 'out', 'pipe.png: a pipe, socket or device'),
        ('in', 'x.png', 'out=x.png names a file, .*: a folder'),
        ('in/*.png', 'x.jxl', 'out=x.jxl names a file, .*: a folder'),
        ('in/a.png', 'x.jxl', 'x.jxl: allowed suffixes'),
        ('in/a.png', 'x.mp4', 'x.mp4: allowed suffixes'),
        ('in/night/clip.mp4', 'x.png', 'x.png: videos are written as'),
        ('in', 'gone', 'out=gone is a link to nothing'),
        ('in/a.png', 'in/b.JPG/x', 'out=in/b.JPG/x: Not a directory'),
        ('in/a.png', 'loop.png/x', 'out=loop.png/x: Too many levels'),
        ('in', 'a' * 300, 'name too long'),
    ],
)
def test_what_does_not_fit_is_told(folder, source, out, message):
    Path('empty').mkdir()
    Path('link.png').symlink_to(folder / 'a.png')
    make_no_files(Path())
    Path('mixed').mkdir()
    Path('mixed/a.png').symlink_to((folder / 'night/a.png').resolve())
    with pytest.raises(ValueError, match=message):
        find_inputs([source], Path(out))


@pytest.mark.parametrize(
    'sources, expected',
    [
        (['in/a.png', 'in/b.JPG'], {'a.png', 'b.JPG'}),
        (['in/a.png', 'in/a.png', 'in/../in/a.png'], {'a.png'}),
        (['in/a.png', 'in/night'], {
            'a.png', 'night/a.png', 'night/clip.mp4', 'night/clip.wmv.mp4',
        }),
        (['in/night', '2'], {
            'night/a.png', 'night/clip.mp4', 'night/clip.wmv.mp4',
            'camera2.mp4',
        }),
    ],
)  # fmt: skip
def test_several_sources(folder, sources, expected):
    targets = names(sources, 'out').values()
    assert sorted(targets) == sorted(f'out/{name}' for name in expected)


@pytest.mark.parametrize('out', ['in', '.', 'in/night/..'])
def test_input_below_the_folder_of_results(folder, out):
    """Only results below the inputs are left out."""
    found = find_inputs(['in/night'], Path(out)).files
    assert [str(item.source) for item in found] == [
        f'in/night/{name}' for name in ('a.png', 'clip.mp4', 'clip.wmv')
    ]


@pytest.mark.parametrize(
    'sources',
    [
        ['in/a.png', 'in/night/a.png'],
        ['in/night'],
        ['in/night', 'other/night'],
    ],
)
def test_two_sources_of_one_target(folder, sources):
    (folder / 'night' / 'clip.wmv.mp4').touch()
    Path('other/night').mkdir(parents=True)
    Path('other/night/a.png').touch()
    with pytest.raises(ValueError, match='would both be written as'):
        find_inputs(sources, Path('out'))


@pytest.mark.parametrize('source', ['in', 'in/**/*.png'])
def test_a_loop_of_links_is_read_once(folder, source):
    (folder / 'night' / 'loop').symlink_to(folder.resolve())
    (folder / 'linked').symlink_to(Path('elsewhere').resolve())
    Path('elsewhere').mkdir()
    Path('elsewhere/d.png').touch()
    found = {n for n in names([source], 'out') if n.endswith('.png')}
    assert found == {
        'in/a.png', 'in/night/a.png', 'in/enhanced/a.png', 'in/linked/d.png',
    }  # fmt: skip


def test_what_is_not_read_is_named_or_counted(folder):
    for name in ('c.nef', 'd.JXL', 'e.txt', 'night/f', 'g.xmp'):
        (folder / name).touch()
    found = find_inputs(['in'], Path('out'))
    assert found.refused == [
        'in/c.nef: .nef is not read',
        'in/d.JXL: .jxl is not read',
    ]
    assert found.left_out == '2 .txt, 1 .xmp, 1 without a suffix'
    assert find_inputs(['in/c.nef'], Path('out')).files == []


@pytest.mark.parametrize('source', ['in', 'in/*'])
def test_what_is_no_file_is_named(folder, source):
    make_no_files(folder)
    found = find_inputs([source], Path('out'))
    assert found.refused == [
        'in/gone.png: a link to nothing',
        'in/loop.png: Too many levels of symbolic links',
        'in/pipe.png: a pipe, socket or device',
        'in/zero.png: a pipe, socket or device',
    ]
    assert 'in/a.png' in {str(item.source) for item in found.files}


def test_folder_that_cannot_be_read_is_named(folder, monkeypatch):
    whole = os.scandir

    def scandir(path):
        if path == 'in/night':
            raise PermissionError(13, 'Permission denied', path)
        return whole(path)

    monkeypatch.setattr(os, 'scandir', scandir)
    found = find_inputs(['in'], Path('out'))
    assert found.refused == ['in/night: cannot be read (Permission denied)']
    assert 'in/a.png' in {str(item.source) for item in found.files}


def test_home_in_a_quoted_pattern(folder, monkeypatch):
    monkeypatch.setenv('HOME', str(folder.resolve()))
    assert list(names(['~/*.png'], 'out').values()) == ['out/a.png']


def test_target_whose_name_is_too_long_is_left_to_the_writer(folder):
    (folder / f'{"a" * 250}.heic').touch()
    assert f'out/{"a" * 250}.heic.png' in names(['in'], 'out').values()


def test_formats_that_are_read_and_not_written_become_png(tmp_path):
    for name in ('a.heic', 'b.AVIF', 'c.jfif'):
        (tmp_path / name).touch()
    found = find_inputs([str(tmp_path)], tmp_path / 'out').files
    targets = [item.target.name for item in found]
    assert targets == ['a.heic.png', 'b.AVIF.png', 'c.jfif']
    found = find_inputs([str(tmp_path / 'a.heic')], tmp_path / 'new.jpg').files
    assert found[0].target.name == 'new.jpg'

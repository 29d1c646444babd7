"""A low-light copy of a data set."""

import cv2
import numpy as np
import pytest
from PIL import Image

SIZE = (40, 56, 3)


@pytest.fixture
def tool(load_tool):
    return load_tool('darken')


@pytest.fixture
def dataset(tmp_path):
    folder = tmp_path / 'set'
    state = np.random.RandomState(0)
    for name in ('VOC/JPEGImages/a.jpg', 'VOC/JPEGImages/b.png', 'c.webp'):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        image = state.randint(60, 220, (5, 7, 3)).astype(np.uint8)
        image = cv2.resize(image, SIZE[1::-1])
        cv2.imwrite(str(folder / name), image)
    (folder / 'VOC' / 'a.xml').write_text('<annotation/>')
    return folder


def read(path):
    return cv2.imread(str(path)).astype(float)


@pytest.mark.parametrize(
    'level, low, high',
    [('dusk', 25, 75), ('night', 8, 30), ('extreme', 1, 14)],
)
def test_levels(tool, dataset, tmp_path, level, low, high):
    assert tool.main(dataset, tmp_path / 'dark', level, 0) == []
    means = []
    for path in sorted(dataset.rglob('*.*')):
        copy = tmp_path / 'dark' / path.relative_to(dataset)
        if path.suffix == '.xml':
            assert copy.read_bytes() == path.read_bytes()
            continue
        assert read(copy).shape == read(path).shape
        means.append(read(copy).mean())
    assert low < np.mean(means) < high


def test_a_picture_depends_on_its_path_and_the_seed(tool, dataset, tmp_path):
    name = 'VOC/JPEGImages/b.png'
    tool.main(dataset, tmp_path / 'one', 'night', 0)
    (dataset / 'c.webp').unlink()
    tool.main(dataset, tmp_path / 'two', 'night', 0)
    tool.main(dataset, tmp_path / 'three', 'night', 1)
    one, two, three = (
        (tmp_path / folder / name).read_bytes()
        for folder in ('one', 'two', 'three')
    )
    assert one == two != three


def test_it_goes_on_and_names_what_is_broken(tool, dataset, tmp_path):
    broken = dataset / 'VOC' / 'JPEGImages' / 'a.jpg'
    whole = broken.read_bytes()
    broken.write_bytes(b'no picture')
    (problem,) = tool.main(dataset, tmp_path / 'dark', 'night', 0)
    assert str(broken) in problem
    done = tmp_path / 'dark' / 'c.webp'
    before = done.stat().st_mtime_ns
    broken.write_bytes(whole)
    assert tool.main(dataset, tmp_path / 'dark', 'night', 0) == []
    assert done.stat().st_mtime_ns == before
    assert (tmp_path / 'dark' / 'VOC' / 'JPEGImages' / 'a.jpg').is_file()


def test_what_is_refused(tool, dataset, tmp_path):
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'other').mkdir()
    (tmp_path / 'other' / 'mine.txt').touch()
    for source, out, level, message in (
        ('gone', 'dark', 'night', 'no such folder'),
        ('empty', 'dark', 'night', 'holds no picture'),
        ('set', 'set', 'night', 'holds no picture'),
        ('set', 'other', 'night', 'holds other files'),
    ):
        with pytest.raises(ValueError, match=message):
            tool.main(tmp_path / source, tmp_path / out, level, 0)
    tool.main(dataset, tmp_path / 'dark', 'night', 0)
    with pytest.raises(ValueError, match='was made with'):
        tool.main(dataset, tmp_path / 'dark', 'dusk', 0)
    dataset.rename(tmp_path / 'another')
    with pytest.raises(ValueError, match="was made with {'dataset'"):
        tool.main(tmp_path / 'another', tmp_path / 'dark', 'night', 0)


@pytest.mark.parametrize(
    'folder',
    ['VOC/SegmentationClass', 'trainannot', 'annotations/panoptic', 'mine'],
)
def test_pictures_that_are_labels_stay(tool, dataset, tmp_path, folder):
    labels = dataset / folder / 'a.png'
    labels.parent.mkdir(parents=True)
    numbers = np.random.RandomState(0).randint(0, 20, SIZE[:2], np.uint8)
    cv2.imwrite(str(labels), numbers)
    known = ('MINE',) if folder == 'mine' else tool.LABELS
    assert tool.main(dataset, tmp_path / 'dark', 'night', 0, known) == []
    copy = tmp_path / 'dark' / folder / 'a.png'
    assert copy.read_bytes() == labels.read_bytes()
    assert read(tmp_path / 'dark' / 'c.webp').mean() < 40


def test_what_may_be_a_label_or_is_cut_off_is_named(tool, dataset, tmp_path):
    for name in ('a.jpg', 'b.png'):
        path = dataset / 'VOC' / 'JPEGImages' / name
        path.write_bytes(path.read_bytes()[:-200])
    palette = Image.fromarray(np.zeros(SIZE[:2], np.uint8)).convert('P')
    palette.save(dataset / 'd.png')
    problems = tool.main(dataset, tmp_path / 'dark', 'night', 0)
    names = ('a.jpg', 'b.png', 'd.png')
    assert len(problems) == len(names)
    assert all(n in problem for n, problem in zip(names, problems))
    assert 'palette' in problems[-1]
    written = {path.name for path in (tmp_path / 'dark').rglob('*.*')}
    assert written == {'a.xml', 'c.webp', tool.RECORD}


@pytest.mark.parametrize(
    'name', ['d.jfif', 'd.avif', 'd', 'd.webp', 'd.tif', 'd.tiff']
)
def test_what_cannot_be_darkened_is_named(tool, dataset, tmp_path, name):
    path, picture = dataset / name, Image.new('RGB', (8, 8))
    if path.suffix in ('.tif', '.tiff'):
        shape = (8, 8) if name == 'd.tif' else (8, 8, 3)
        cv2.imwrite(str(path), np.ones(shape, np.float32))
    elif name == 'd.webp':
        others = [Image.new('RGB', (8, 8), 'white')]
        picture.save(path, save_all=True, append_images=others)
    else:
        picture.save(path, 'JPEG')
    (problem,) = tool.main(dataset, tmp_path / 'dark', 'night', 0)
    assert problem.startswith(f'{path}: ')
    assert not (tmp_path / 'dark' / name).exists()


def test_what_is_linked_is_darkened_too(tool, dataset, tmp_path):
    (tmp_path / 'other').mkdir()
    (dataset / 'c.webp').rename(tmp_path / 'other' / 'c.webp')
    (dataset / 'linked').symlink_to(tmp_path / 'other')
    (dataset / 'again').symlink_to(tmp_path / 'other')
    (dataset / 'VOC' / 'loop').symlink_to(dataset)
    assert tool.main(dataset, tmp_path / 'dark', 'night', 0) == []
    found = sorted(p.parent.name for p in (tmp_path / 'dark').rglob('c.webp'))
    assert found == ['again', 'linked']

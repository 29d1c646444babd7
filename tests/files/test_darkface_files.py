import logging

import numpy as np
import pytest

from ruas_mm.files import darkface_files
from ruas_mm.files.darkface_files import (
    as_written,
    read_file_list,
    read_labels,
    read_prediction,
    read_predictions,
    write_prediction,
)

ROWS = np.array([[1, 2, 3.5, 4, 0.25], [5, 6, 7, 8, 0.75]])


@pytest.fixture
def folder(tmp_path):
    (tmp_path / '1.txt').write_text('5 6 7 8 .75\r\n\r\n1 2 3.5 4 2.5e-1')
    (tmp_path / '2.txt').write_text('\n')
    (tmp_path / '.3.txt').write_text('left by an editor')
    (tmp_path / 'about.md').write_text('of another suffix')
    return tmp_path


def test_predictions_as_the_official_tool_takes_them(folder):
    found = read_predictions(folder, ['2', '1'])
    assert list(found) == ['2', '1']
    np.testing.assert_array_equal(found['1'], ROWS[::-1])
    assert found['2'].shape == (0, 5)


def test_what_is_written_is_read_again_best_first(tmp_path):
    state = np.random.RandomState(0)
    boxes = state.uniform(-50, 1100, (500, 4)).astype(np.float32)
    scores = state.uniform(0, 1, (500, 1)).astype(np.float32)
    detections = np.hstack([boxes, scores])
    path = tmp_path / 'new' / '7.txt'
    write_prediction(path, detections)
    written = as_written(detections)
    assert np.abs(written[:, :4] - boxes).max() < 6e-5
    assert np.abs(written[:, 4:] - scores).max() < 6e-10
    found = read_prediction(path)
    order = np.argsort(-written[:, 4], kind='stable')
    np.testing.assert_array_equal(found, written[order])
    write_prediction(path, detections[:0])
    assert path.read_bytes() == b'' and read_prediction(path).shape == (0, 5)


def test_old_file_stays_when_the_new_one_cannot_be_written(
    tmp_path, monkeypatch
):
    path = tmp_path / '7.txt'
    write_prediction(path, ROWS)
    before = path.read_bytes()

    def full_disk(self, text, encoding):
        with open(self, 'w') as file:
            file.write(text[:9])
        raise OSError('disk full')

    monkeypatch.setattr(type(path), 'write_text', full_disk)
    with pytest.raises(OSError, match='disk full'):
        write_prediction(path, ROWS[:1])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    'row',
    [
        '1 2 3 4',
        '1 2 3 4 .5 6',
        '1',
        '1 2 3 4 high',
        '1 2 3 4 nan',
        '1 2 3 -inf .5',
        '1,2,3,4,.5',
        '# 1 2 3 4',
    ],
)
@pytest.mark.parametrize('others', [0, 1])
def test_broken_row_is_named(tmp_path, row, others):
    lines = ['5 6 7 8 .75', ''][: 2 * others] + [row]
    (tmp_path / '1.txt').write_text('\n'.join(lines))
    message = rf"1\.txt, line {len(lines)}: '{row}', allowed: x1 y1 x2 y2 sc"
    with pytest.raises(ValueError, match=message):
        read_predictions(tmp_path, ['1'])


def test_prediction_of_an_unknown_picture_is_named(folder):
    message = r'2\.txt: not one of the 2 pictures \(1 such files\)'
    with pytest.raises(ValueError, match=message):
        read_predictions(folder, ['1', '3'])


def test_missing_prediction_is_none_and_warns(folder, monkeypatch):
    logged = []
    monkeypatch.setattr(
        darkface_files,
        'print_log',
        lambda message, logger, level: logged.append((level, message)),
    )
    found = read_predictions(folder, ['1', '2', '5', '6'])
    assert found['5'].shape == found['6'].shape == (0, 5)
    ((level, message),) = logged
    assert level == logging.WARNING
    assert '2 of 4 pictures have no prediction file, 5.txt' in message


@pytest.mark.parametrize(
    'read, message',
    [
        (lambda p: read_predictions(p / 'none', ['1']), 'predictions=.*none,'),
        (
            lambda p: read_labels(p / 'none'),
            'labels=.*none, allowed: a folder',
        ),
        (lambda p: read_labels(p), 'holds no label, allowed: N.txt'),
        (lambda p: read_labels(p, ['4']), r'4\.txt: missing file'),
    ],
)
def test_missing_folders_and_labels_are_named(tmp_path, read, message):
    with pytest.raises(ValueError, match=message):
        read(tmp_path)


def test_labels_are_in_the_order_of_their_numbers(tmp_path):
    for name in ('10', '9', 'readme'):
        (tmp_path / f'{name}.txt').write_text('1\n1 2 3 4\n')
    (tmp_path / '11.txt').write_text('0')
    found = read_labels(tmp_path)
    assert list(found) == ['9', '10', '11']
    np.testing.assert_array_equal(found['9'], [[1, 2, 3, 4]])
    assert found['11'].shape == (0, 4)
    assert list(read_labels(tmp_path, ['11', '9'])) == ['11', '9']


def test_official_file_list(tmp_path):
    path = tmp_path / 'file_list.txt'
    path.write_text('./data/gt/10.txt\n./data/gt/9.txt\r\n\n7\n')
    assert read_file_list(path) == ['10', '9', '7']
    path.write_text('./data/gt/10.txt\n\n10\n')
    with pytest.raises(ValueError, match="line 3: '10' stands in line 1"):
        read_file_list(path)

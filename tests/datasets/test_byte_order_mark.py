"""Lists and annotations saved by an editor that marks UTF-8."""

import pytest

from ruas_mm.datasets.detection.darkface import read_label
from ruas_mm.datasets.enhancement import paired_images
from ruas_mm.datasets.exdark_files import read_annotation, read_image_list


def read_split(path):
    return paired_images.read_split(path.stem)


def read_names(path):
    return [row.name for row in read_image_list(path)]


@pytest.mark.parametrize(
    'read, text, expected',
    [
        (
            read_annotation,
            '% bbGt version=3\nCar 1 2 3 4 0 0 0 0 0 0 0\n',
            [(4, 1, 2, 3, 4)],
        ),
        (
            read_names,
            'Name | Class\n2015_00001.png 1 1 1 1\n',
            ['2015_00001.png'],
        ),
        (
            read_names,  # no header: the first image counts
            '2015_00001.png 1 1 1 1\n2015_00002.png 1 1 1 1\n',
            ['2015_00001.png', '2015_00002.png'],
        ),
        (read_label, '1\n5 6 7 8\n', [(5, 6, 7, 8)]),
        (read_split, '# 2 of 9\n00001\n00002\n', ['00001', '00002']),
        (read_split, '00001\n00002\n', ['00001', '00002']),
    ],
)
@pytest.mark.parametrize('mark', ['', '\ufeff'])
def test_byte_order_mark_is_ignored(
    tmp_path, monkeypatch, read, text, expected, mark
):
    monkeypatch.setattr(paired_images, 'SPLITS', tmp_path)
    path = tmp_path / 'list.txt'
    path.write_text(mark + text, encoding='utf-8')
    assert read(path) == expected

"""Seeded lists of a folder in VOC's form."""

import pytest


@pytest.fixture
def tool(load_tool):
    return load_tool('split_voc')


def test_lists_are_disjoint_and_follow_the_seed(tool, tmp_path):
    (tmp_path / 'annotations').mkdir()
    names = {f'raccoon-{i}' for i in range(20)}
    for name in names:
        (tmp_path / 'annotations' / f'{name}.xml').touch()
    drawn = []
    for seed in (0, 0, 1):
        tool.main(tmp_path, 5, seed)
        train, val = (
            (tmp_path / f'{part}.txt').read_text().split()
            for part in ('train', 'val')
        )
        assert len(val) == 5
        assert {*train, *val} == names
        assert len(train) + len(val) == len(names)
        drawn.append(val)
        if len(drawn) == 2:  # others are not overwritten
            for part in ('train', 'val'):
                (tmp_path / f'{part}.txt').unlink()
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize('num_val', [0, 3])
def test_nothing_left_is_an_error(tool, num_val):
    with pytest.raises(ValueError, match=f'val={num_val} of 3'):
        tool.split(['a', 'b', 'c'], num_val, 0)


def test_folds_have_each_name_once(tool):
    names = [f'raccoon-{i}' for i in range(23)]
    folds = [tool.split(names, 5, 0, fold) for fold in range(4)]
    assert folds[0] == tool.split(names, 5, 0)
    assert len({name for parts in folds for name in parts['val']}) == 20
    assert all(sorted(p['val'] + p['train']) == sorted(names) for p in folds)
    with pytest.raises(ValueError, match='fold=4, allowed: 0 to 3'):
        tool.split(names, 5, 0, 4)


@pytest.mark.parametrize('folder', ['Annotations', 'annotations'])
def test_no_annotation_is_told(tool, tmp_path, folder):
    (tmp_path / folder).mkdir()
    (tmp_path / folder / '._a.xml').touch()
    with pytest.raises(ValueError, match='annotations holds no annotation'):
        tool.main(tmp_path, 1, 0)

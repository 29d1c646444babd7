"""Every other pair for choosing, the rest to report."""

import pytest

from ruas_mm.registry import DATASETS


def make_pairs(root, names, kinds=('low', 'high')):
    for kind in kinds:
        (root / kind).mkdir(parents=True)
        for name in names:
            (root / kind / name).write_bytes(b'a picture')


def test_parts_are_disjoint_and_in_the_order_of_the_numbers(
    load_tool, tmp_path
):
    make_pairs(tmp_path / 'pairs', ['2.png', '10.png', '3.png'])
    load_tool('split_pairs').main(tmp_path / 'pairs', tmp_path / 'out')
    names = {}
    for subset in ('train', 'test'):
        data = DATASETS.build(
            dict(
                type='ruas_mm.LOLDataset',
                data_root=str(tmp_path / 'out'),
                subset=subset,
            )
        )
        names[subset] = [sample['gt_path'].split('/')[-1] for sample in data]
    assert names == dict(train=['3.png'], test=['10.png', '2.png'])


def test_missing_reference_is_named(load_tool, tmp_path):
    make_pairs(tmp_path / 'pairs', ['1.png', '2.png'])
    (tmp_path / 'pairs' / 'high' / '2.png').unlink()
    with pytest.raises(ValueError, match='high/2.png.*1 of 2'):
        load_tool('split_pairs').main(tmp_path / 'pairs', tmp_path / 'out')
    assert not (tmp_path / 'out').exists()

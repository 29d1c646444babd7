"""Endless validation batches go on where they were; halves are disjoint."""

import pytest
import torch
from mmengine.dataset import DefaultSampler
from mmengine.runner import Runner
from search_runs import PIPELINE, loader, make_pictures
from torch.utils.data import DataLoader

from ruas_mm.datasets import HalfDataset
from ruas_mm.registry import DATASETS
from ruas_mm.search.validation_batches import (
    ValidationBatches,
    image_files,
    other_half,
)


def batches(workers=0, count=7):
    data = torch.arange(count)
    sampler = DefaultSampler(data, shuffle=True, seed=3)
    return ValidationBatches(
        DataLoader(data, 2, sampler=sampler, num_workers=workers)
    )


def take(source, count):
    return [next(source).tolist() for _ in range(count)]


@pytest.mark.parametrize('workers', [0, 1])
@pytest.mark.parametrize('position', [0, 3, 4, 9])
def test_any_position_can_be_sought(position, workers):
    whole = take(batches(), 14)
    assert sorted(sum(whole[:4], [])) == list(range(7))
    assert whole[:4] != whole[4:8]  # shuffled anew
    resumed = batches(workers)
    resumed.seek(position)
    assert resumed.position == position
    assert take(resumed, 5) == whole[position : position + 5]


def half(folder, which):
    return DATASETS.build(
        dict(
            type='ruas_mm.HalfDataset',
            half=which,
            dataset=dict(
                type='ruas_mm.UnlabelledImageDataset',
                data_root=folder,
                pipeline=PIPELINE,
            ),
        )
    )


@pytest.mark.parametrize('count', [1, 4, 5])
def test_halves_are_disjoint_and_complete(tmp_path, count):
    folder = make_pictures(tmp_path, count)
    even, odd = half(folder, 'even'), half(folder, 'odd')
    assert (len(even), len(odd)) == ((count + 1) // 2, count // 2)
    names = [
        [part.get_data_info(i)['img_path'][-5:] for i in range(len(part))]
        for part in (even, odd)
    ]
    assert names[0] == [f'{i}.png' for i in range(0, count, 2)]
    assert names[1] == [f'{i}.png' for i in range(1, count, 2)]
    assert not image_files(even) & image_files(odd)
    assert len([sample['inputs'] for sample in even]) == len(even)
    assert even.metainfo['dataset_name'] == 'unlabelled'


@pytest.mark.parametrize('which, other', [('even', 'odd'), ('odd', 'even')])
def test_other_half_of_a_loader(tmp_path, which, other):
    folder = make_pictures(tmp_path, 5)
    train = loader(folder, which, persistent_workers=True)
    val = other_half(train)
    assert train['dataset']['half'] == which  # as it was
    built = Runner.build_dataloader({**val, 'num_workers': 0}, seed=0)
    assert image_files(built.dataset) == image_files(half(folder, other))
    assert built.batch_size == 2 and not built.persistent_workers


def test_only_a_half_has_another(tmp_path):
    with pytest.raises(ValueError, match="UnlabelledImageDataset'; allowed"):
        other_half(loader(str(tmp_path), None))


def test_wrappers_that_tell_no_files(tmp_path):
    class Mixed:  # as mmdet's MultiImageMixDataset
        metainfo = {}
        dataset = half(make_pictures(tmp_path), 'even')

        def full_init(self):
            pass

        def __len__(self):
            return 4

    wrapped = HalfDataset(Mixed(), 'odd')
    assert len(wrapped) == 2
    assert image_files(wrapped) == image_files(Mixed()) == set()


def test_unknown_half(tmp_path):
    with pytest.raises(ValueError, match="half='left', allowed: .*even"):
        half(make_pictures(tmp_path), 'left')

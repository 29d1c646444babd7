"""Endless validation batches go on where they were; halves are disjoint."""

import pytest
import torch
from mmengine.dataset import DefaultSampler
from mmengine.runner import Runner
from search_runs import PIPELINE, loader, make_pictures
from torch.utils.data import DataLoader

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
    assert 'split_name' not in even.metainfo


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


WRAPPERS = dict(
    repeated=dict(type='RepeatDataset', times=2),
    concatenated=dict(type='ConcatDataset'),
    balanced=dict(type='ClassBalancedDataset', oversample_thr=0.5),
    mixed=dict(type='mmdet.MultiImageMixDataset', pipeline=[]),
)


@pytest.mark.parametrize('wrapper', WRAPPERS)
@pytest.mark.parametrize('outside', [False, True])
@pytest.mark.parametrize('serialize_data', [False, True])
def test_halves_are_disjoint_in_any_wrapper(
    tmp_path, wrapper, outside, serialize_data, monkeypatch
):
    """Whether the half is written around the wrapper or inside of it."""
    monkeypatch.setattr(
        'mmengine.dataset.BaseDataset.get_cat_ids', lambda self, i: [i % 3]
    )
    train = loader(make_pictures(tmp_path, 7), None)
    inner = dict(train['dataset'], serialize_data=serialize_data)

    def wrap(dataset):
        key = 'dataset'
        if wrapper == 'concatenated':
            key, dataset = 'datasets', [dataset, dataset]
        return dict(WRAPPERS[wrapper], **{key: dataset})

    def halve(dataset):
        return dict(type='ruas_mm.HalfDataset', half='even', dataset=dataset)

    train['dataset'] = halve(wrap(inner)) if outside else wrap(halve(inner))
    datasets = [
        Runner.build_dataloader(cfg, seed=0).dataset
        for cfg in (train, other_half(train))
    ]
    assert (
        type(datasets[0]).__name__ == WRAPPERS[wrapper]['type'].split('.')[-1]
    )
    files = [
        {info['img_path'][-5:] for info in map(d.get_data_info, range(len(d)))}
        for d in datasets
    ]
    assert files[0] == {f'{i}.png' for i in range(0, 7, 2)}
    assert files[1] == {f'{i}.png' for i in range(1, 7, 2)}
    assert not image_files(datasets[0]) & image_files(datasets[1])


@pytest.mark.parametrize(
    'more',
    [
        dict(batch_sampler=dict(type='mmdet.AspectRatioBatchSampler')),
        dict(
            batch_sampler=dict(
                type='mmdet.AspectRatioBatchSampler', drop_last=True
            )
        ),
        dict(collate_fn=dict(type='default_collate')),
        dict(num_batch_per_epoch=1),
        dict(drop_last=False, pin_memory=False),
    ],
    ids=['batch sampler', 'short one', 'collate', 'few', 'plain'],
)
def test_any_loader_of_the_hosts_has_another_half(tmp_path, more, monkeypatch):
    import mmdet.datasets.samplers  # noqa: F401

    train = loader(make_pictures(tmp_path, 8), 'even', batch_size=2, **more)
    cls = DATASETS.get('ruas_mm.UnlabelledImageDataset')
    original = cls.get_data_info
    sizes = {'1': 8, '3': 24, '5': 8, '7': 24}

    def get_data_info(self, index):
        info = original(self, index)
        width = sizes.get(info['img_path'][-5], 8)
        return dict(info, width=width, height=16)

    monkeypatch.setattr(cls, 'get_data_info', get_data_info)
    batches = ValidationBatches(Runner.build_dataloader(other_half(train), 0))
    found = [next(batches) for _ in range(5)]
    assert all(len(batch['inputs']) == 2 for batch in found)


class Plain(list):
    """A data set that is not of MMEngine's kind."""


def test_other_data_sets_have_no_half(monkeypatch):
    monkeypatch.setitem(DATASETS.module_dict, 'Plain', Plain)
    half = dict(type='ruas_mm.HalfDataset', half='even')
    with pytest.raises(ValueError, match='dataset is a Plain, allowed: '):
        DATASETS.build(dict(half, dataset=dict(type='ruas_mm.Plain')))


def test_unknown_half(tmp_path):
    with pytest.raises(ValueError, match="half='left', allowed: .*even"):
        half(make_pictures(tmp_path), 'left')

"""Broken files are named; parts can be put together; nothing is guessed."""

import cv2
import numpy as np
import pytest
from streets import CAMVID, PIPELINE, label_map, make_camvid, write

from ruas_mm.registry import DATASETS

pytest.importorskip('mmseg')
NAME = CAMVID['train'][0] + '.png'


@pytest.fixture
def root(tmp_path, host):
    host('mmseg')
    return make_camvid(tmp_path)


def config(root, **kwargs):
    cfg = dict(type='ruas_mm.CamVidDataset', data_root=str(root))
    return {**cfg, 'pipeline': PIPELINE, **kwargs}


SPOILT = {
    'image that is none': ('train', b'no picture', 'not a readable image'),
    'empty image': ('train', b'', 'not a readable image'),
    'label that is none': ('trainannot', b'text', 'not a readable image'),
    'missing label': ('trainannot', None, 'missing file'),
    'label of colours': (
        'trainannot', np.zeros((24, 32, 3)), 'mode RGB, allowed: one 8-bit',
    ),
    'label of another size': (
        'trainannot', np.zeros((24, 30)), '30x24 pixels, allowed: .* 32x24',
    ),
}  # fmt: skip


@pytest.mark.parametrize('kind', SPOILT)
def test_bad_files_are_named_before_training(root, kind):
    folder, content, message = SPOILT[kind]
    path = root / folder / NAME
    path.unlink()
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        write(path, content)
    with pytest.raises(ValueError, match=f'{folder}/{NAME}.*{message}') as e:
        DATASETS.build(config(root))
    assert '1 of 3 images of CamVid train cannot be used' in str(e.value)
    assert len(DATASETS.build(config(root, read_images=False))) == 3


@pytest.mark.parametrize('folder', ['train', 'trainannot'])
def test_truncated_files_are_refused_when_loaded(root, folder):
    path = root / folder / NAME
    noise = np.random.randint(0, 3, (24, 32))  # hard to compress
    write(path, np.dstack([noise] * 3) if folder == 'train' else noise)
    path.write_bytes(path.read_bytes()[:-40])
    dataset = DATASETS.build(config(root))
    with pytest.raises(ValueError, match=f'{folder}/{NAME}.*truncated'):
        dataset[0]


@pytest.mark.parametrize('classes', [None, ('road', 'car')])
def test_labels_of_no_class_are_refused_when_loaded(root, classes):
    write(root / 'trainannot' / NAME, label_map(3, 29))
    metainfo = classes and dict(classes=classes)
    dataset = DATASETS.build(config(root, metainfo=metainfo))
    with pytest.raises(ValueError, match=f'{NAME} has the label 29, allowed'):
        dataset[0]


def test_palette_label_maps_are_read_as_numbers(root):
    from PIL import Image

    image = Image.fromarray(label_map(3, 8).astype(np.uint8), mode='P')
    image.putpalette(list(range(256)) * 3)
    image.save(root / 'trainannot' / NAME)
    sample = DATASETS.build(config(root))[0]['data_samples']
    assert sample.gt_sem_seg.data.unique().tolist() == [3, 8]


@pytest.mark.parametrize('half', [None, 'even'])
def test_parts_together_keep_the_names_of_their_splits(root, half):
    parts = [config(root, subset=s, lights='dusk') for s in ('train', 'test')]
    joined = dict(type='ConcatDataset', datasets=parts)
    if half:
        joined = dict(type='ruas_mm.HalfDataset', half=half, dataset=joined)
    dataset = DATASETS.build(joined)
    told = [s['data_samples'].split_name for s in dataset]
    train = ['train, light dusk'] * (1 if half else 2)
    assert told == [*train, 'test, light dusk']
    assert dataset.metainfo['dataset_name'] == 'CamVid'


def test_meta_information_reads_no_file(tmp_path, host):
    host('mmseg')
    dataset = DATASETS.build(config(tmp_path / 'nowhere', lazy_init=True))
    assert len(dataset.metainfo['classes']) == 11


def test_augmented_samples_stay_aligned(root):
    flip = [*PIPELINE[:2], dict(type='RandomFlip', prob=1.0), PIPELINE[2]]
    plain = DATASETS.build(config(root))[0]
    flipped = DATASETS.build(config(root, pipeline=flip))[0]
    for get in (
        lambda s: s['inputs'],
        lambda s: s['data_samples'].gt_sem_seg.data,
    ):
        assert (get(flipped) == get(plain).flip(-1)).all()
    stored = cv2.imread(str(root / 'train' / NAME))
    assert (plain['inputs'].permute(1, 2, 0).numpy() == stored).all()

"""ExDark's image-level classes: official files, chosen parts, bad files."""

import pytest

from ruas_mm.datasets.image_files import DataNotFoundError
from ruas_mm.registry import DATASETS

pytest.importorskip('mmpretrain')
PIPELINE = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]


@pytest.fixture
def build(exdark_root, host):
    host('mmpretrain')

    def build(**kwargs):
        cfg = dict(
            type='ruas_mm.ExDarkClassDataset',
            data_root=str(exdark_root),
            pipeline=PIPELINE,
        )
        return DATASETS.build({**cfg, **kwargs})

    return build


@pytest.mark.parametrize('kwargs, labels', [
    (dict(), [0, 4, 9]),
    (dict(subset='test'), [11]),
    (dict(subset='all'), [0, 4, 9, 11]),
    (dict(lights='Ambient'), [4]),
    (dict(classes=('Car', 'Bicycle')), [1, 0]),
])  # fmt: skip
def test_chosen_part_has_the_labels_of_its_folders(build, kwargs, labels):
    dataset = build(**kwargs)
    assert dataset.get_gt_labels().tolist() == labels
    samples = [item['data_samples'] for item in dataset]
    assert [s.gt_label.item() for s in samples] == labels
    for sample, label in zip(samples, labels):
        assert f'/{dataset.CLASSES[label]}/' in sample.img_path


def test_colours_are_read_as_the_host_reads_them(build):
    item = build()[0]
    assert item['inputs'].shape == (3, 48, 64)


@pytest.mark.parametrize('kwargs, message', [
    (dict(subset='trainval'), "subset='trainval', allowed"),
    (dict(lights='Dusk'), 'lights=.*allowed'),
    (dict(classes=('Car', 'Lorry')), r"unknown: \['Lorry'\]"),
    (dict(subset='val'), "no image of subset 'val'"),
])  # fmt: skip
def test_unknown_parts_are_refused(build, kwargs, message):
    with pytest.raises(ValueError, match=message):
        build(**kwargs)


@pytest.mark.parametrize('kwargs', [
    dict(data_root='/nowhere'), dict(ann_file='none.txt'),
])  # fmt: skip
def test_missing_data_tells_where_to_get_it(build, kwargs):
    with pytest.raises(DataNotFoundError, match='(?s)https.*EXDARK_ROOT='):
        build(**kwargs)


@pytest.mark.parametrize('content', [None, b'', b'no picture'])
def test_bad_files_are_named_before_training(build, exdark_root, content):
    path = exdark_root / 'ExDark/Bicycle/2015_00001.png'
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match='1 of 3 images.*(?s:.*)00001.png'):
        build()
    assert len(build(read_images=False)) == 3


def test_truncated_file_is_refused_when_loaded(build, exdark_root):
    path = exdark_root / 'ExDark/Bicycle/2015_00001.png'
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match='00001.png.*truncated'):
        build()[0]


def test_real_list_names_the_class_of_each_folder(build, shared):
    root = shared('exdark')
    dataset = build(
        data_root=str(root),
        data_prefix='images',
        subset='all',
        read_images=False,
    )
    assert len(dataset) == 7363
    listed = {info['img_path'] for info in dataset.load_data_list()}
    real = {str(p) for p in root.glob('images/*/*.*')}
    assert len(real) == 8 and real <= listed

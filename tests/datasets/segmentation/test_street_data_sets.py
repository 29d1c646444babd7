"""ACDC and CamVid: official files, chosen parts, chosen classes."""

import pytest
from streets import (
    CAMVID,
    FRAMES,
    PIPELINE,
    label_map,
    make_acdc,
    make_camvid,
    write,
)

from ruas_mm.datasets.image_files import DataNotFoundError
from ruas_mm.registry import DATASETS

pytest.importorskip('mmseg')


@pytest.fixture
def acdc(tmp_path, host):
    host('mmseg')
    make_acdc(tmp_path)
    return lambda **kwargs: build('ACDC', tmp_path, **kwargs)


@pytest.fixture
def camvid(tmp_path, host):
    host('mmseg')
    make_camvid(tmp_path)
    return lambda **kwargs: build('CamVid', tmp_path, **kwargs)


def build(name, root, **kwargs):
    cfg = dict(type=f'ruas_mm.{name}Dataset', data_root=str(root))
    return DATASETS.build({**cfg, 'pipeline': PIPELINE, **kwargs})


def names(dataset):
    paths = [dataset.get_data_info(i)['img_path'] for i in range(len(dataset))]
    return [path.rsplit('/', 1)[1] for path in paths]


def labels(sample):
    return sample['data_samples'].gt_sem_seg.data.unique().tolist()


@pytest.mark.parametrize('conditions, subset, parts', [
    ('night', 'train', ['night/train']),
    (['night'], 'val', ['night/val']),
    (['fog', 'night'], 'train', ['fog/train', 'night/train']),
    ('night', 'train_ref', ['night/train_ref']),
    ('night', 'test', ['night/test']),
])  # fmt: skip
def test_acdc_parts(acdc, conditions, subset, parts):
    dataset = acdc(conditions=conditions, subset=subset)
    end = '_rgb_ref_anon.png' if 'ref' in subset else '_rgb_anon.png'
    expected = [f for p in parts for f in sorted(FRAMES[p])]
    assert names(dataset) == [f.split('/')[1] + end for f in expected]
    sample = dataset[0]
    told = '+'.join(part.split('/')[0] for part in parts) + f'/{subset}'
    assert sample['data_samples'].split_name == dataset.split_name == told
    if subset in ('train', 'val'):
        assert labels(sample) == [0, 13, 255]
    else:
        assert 'gt_sem_seg' not in sample['data_samples']


def test_labels_of_acdc_ref_are_taken_where_they_are(acdc, tmp_path):
    part = tmp_path / 'gt/night/train'
    part.rename(tmp_path / 'gt/night/train_ref')
    for path in list((tmp_path / 'gt').rglob('*train_ref/GOPR*/*.png')):
        path.rename(str(path).replace('_gt_', '_gt_ref_'))
    assert labels(acdc(subset='train_ref')[0]) == [0, 13, 255]


@pytest.mark.parametrize('subset, lights, kept', [
    ('train', None, [0, 2, 1]), ('train', 'dusk', [0, 2]),
    ('train', 'day', [1]), ('test', 'dusk', [0]),
])  # fmt: skip
def test_camvid_parts(camvid, subset, lights, kept):
    dataset = camvid(subset=subset, lights=lights)
    assert names(dataset) == [f'{CAMVID[subset][i]}.png' for i in kept]
    told = subset if lights is None else f'{subset}, light {lights}'
    assert dataset[0]['data_samples'].split_name == told
    assert labels(dataset[0]) == [3, 8, 255]


@pytest.mark.parametrize(
    'classes, expected',
    [(('car', 'road'), {'car': 0, 'road': 1}), (('sky', 'road'), {'road': 1})],
)
@pytest.mark.parametrize('name', ['acdc', 'camvid'])
def test_chosen_classes_keep_names_and_colours(
    request, name, classes, expected
):
    make = request.getfixturevalue(name)
    whole = make().metainfo
    colours = dict(zip(whole['classes'], whole['palette']))
    dataset = make(metainfo=dict(classes=classes))
    assert dataset.metainfo['classes'] == classes
    assert dataset.metainfo['palette'] == [colours[c] for c in classes]
    before = make()[0]['data_samples'].gt_sem_seg.data
    after = dataset[0]['data_samples'].gt_sem_seg.data
    for old, label in enumerate(whole['classes']):
        if (before == old).any():
            assert (after[before == old] == expected.get(label, 255)).all()
    with pytest.raises(ValueError, match=r"unknown: \['lorry'\], allowed"):
        make(metainfo=dict(classes=('car', 'lorry')))


@pytest.mark.parametrize('name', ['acdc', 'camvid'])
def test_all_classes_in_another_order(request, name):
    make = request.getfixturevalue(name)
    whole = make().metainfo
    turned = make(metainfo=dict(classes=whole['classes'][::-1]))
    assert turned.metainfo['palette'] == list(whole['palette'])[::-1]
    number = len(whole['classes'])
    assert set(labels(turned[0])) == {
        each if each == 255 else number - 1 - each
        for each in labels(make()[0])
    }


@pytest.mark.parametrize('name, kwargs, variable', [
    ('acdc', dict(conditions='snow'), 'ACDC_ROOT'),
    ('acdc', dict(data_root='/nowhere'), 'ACDC_ROOT'),
    ('acdc', dict(data_prefix=dict(seg_map_path='none')), 'ACDC_ROOT'),
    ('camvid', dict(subset='val'), 'CAMVID_ROOT'),
    ('camvid', dict(label_ending='_labels'), 'CAMVID_ROOT'),
])  # fmt: skip
def test_missing_data_tells_where_to_get_it(request, name, kwargs, variable):
    make = request.getfixturevalue(name)
    with pytest.raises(DataNotFoundError, match=f'(?s)https.*{variable}='):
        make(**kwargs)


@pytest.mark.parametrize('name, kwargs, message', [
    ('acdc', dict(conditions='dusk'), "conditions='dusk', allowed"),
    ('acdc', dict(subset='training'), "subset='training', allowed"),
    ('camvid', dict(subset='all'), "subset='all', allowed"),
    ('camvid', dict(lights=['noon']), 'lights=.*allowed'),
])  # fmt: skip
def test_unknown_parts_are_refused(request, name, kwargs, message):
    make = request.getfixturevalue(name)
    with pytest.raises(ValueError, match=message):
        make(**kwargs)


def test_sequence_of_unknown_light_is_refused(camvid, tmp_path):
    (tmp_path / 'train/0001TP_006690.png').rename(tmp_path / 'train/X_1.png')
    with pytest.raises(ValueError, match="X_1.png is of the sequence 'X'"):
        camvid()


def test_folder_without_images_is_refused(acdc, camvid, tmp_path):
    for path in [*tmp_path.rglob('*_rgb_anon.png'), *tmp_path.rglob('0*.png')]:
        path.unlink()
    with pytest.raises(ValueError, match='no image of night/train, allowed'):
        acdc()
    with pytest.raises(ValueError, match='no image of lights='):
        camvid(lights='dusk')


def test_label_ids_beside_missing_train_ids_are_named(acdc, tmp_path):
    (path,) = (tmp_path / 'gt/night/val').rglob('*_gt_labelTrainIds.png')
    path.rename(str(path).replace('labelTrainIds', 'labelIds'))
    with pytest.raises(ValueError, match='missing file .*_gt_labelIds.png'):
        acdc(subset='val')


def test_label_ids_that_are_called_train_ids_are_refused(acdc, tmp_path):
    """Road, sidewalk, vegetation and sky as Cityscapes numbers them."""
    (path,) = (tmp_path / 'gt/night/val').rglob('*_gt_labelTrainIds.png')
    write(path, label_map(7, 8, 21, 23))
    message = 'label 21, allowed: 0 to 18.*are these labelIds in the place'
    with pytest.raises(ValueError, match=f'{path.name} has the {message}'):
        acdc(subset='val')[0]


@pytest.mark.parametrize('name, kwargs, number, seen', [
    ('ACDC', dict(conditions='night', subset='val'), 3, 19),
    ('ACDC', dict(conditions='fog', subset='val'), 3, 19),
    ('CamVid', dict(subset='train', lights='dusk'), 62, 11),
    ('CamVid', dict(subset='train', lights='day'), 102, 11),
    ('CamVid', dict(subset='test', lights='dusk'), 62, 11),
    ('CamVid', dict(subset='test', lights='day'), 43, 11),
])  # fmt: skip
def test_real_frames(host, shared, name, kwargs, number, seen):
    host('mmseg')
    if name == 'CamVid':
        root, kwargs = shared('camvid'), dict(kwargs, label_ending='_labels')
        size = (360, 480)
    else:
        root, size = shared('acdc_pseudo'), (1080, 1920)
    dataset = build(name, root, **kwargs)
    assert len(dataset) == number
    found = set()
    for index in range(0, number, 20):
        sample = dataset[index]
        assert sample['inputs'].shape == (3, *size)
        assert sample['data_samples'].gt_sem_seg.shape == size
        found.update(labels(sample))
    assert found <= {*range(seen), 255} and len(found) > 6

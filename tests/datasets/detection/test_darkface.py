import logging
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from ruas_mm.datasets.image_files import DataNotFoundError
from ruas_mm.files.darkface_files import read_labels
from ruas_mm.registry import DATASETS
from ruas_mm.search.validation_batches import other_half

ROOT = Path(__file__).parents[3]
LAYOUTS = [
    ('image', 'label'),
    ('images', 'label'),
    ('DarkFace_Train_2021/image', 'DarkFace_Train_2021/label'),
]


def build(root, **kwargs):
    kwargs = {'subset': 'all', **kwargs}
    return DATASETS.build(
        dict(type='ruas_mm.DarkFaceDataset', data_root=str(root), **kwargs)
    )


def make_tree(root, labels, layout=LAYOUTS[0]):
    """Images of 64x48 pixels; ``labels``: number -> text."""
    image, label = (root / folder for folder in layout)
    image.mkdir(parents=True)
    label.mkdir(parents=True)
    for number, text in labels.items():
        picture = np.random.RandomState(number).randint(0, 40, (48, 64, 3))
        cv2.imwrite(str(image / f'{number}.png'), picture.astype(np.uint8))
        (label / f'{number}.txt').write_text(text)
    return root


@pytest.fixture
def root(tmp_path):
    return make_tree(
        tmp_path,
        {
            10: '2\n4 5 20 25\n-3 40 12 60\n',
            9: '0\n',
            100: '1\r\n0 0 64 48\r\n\r\n',
        },
    )


def stems(dataset):
    return [Path(info['img_path']).stem for info in dataset]


@pytest.mark.parametrize('layout', LAYOUTS)
def test_reads_each_layout_as_downloaded(tmp_path, layout):
    make_tree(tmp_path, {7: '1\n4 5 20 25\n'}, layout)
    (tmp_path / layout[1] / 'readme.txt').write_text('not a label')
    (tmp_path / layout[0] / '._7.png').write_bytes(b'left by macOS')
    dataset = build(tmp_path)
    assert len(dataset) == 1
    info = dataset.get_data_info(0)
    assert info['img_path'] == str(tmp_path / layout[0] / '7.png')
    assert (info['width'], info['height']) == (64, 48)
    assert info['instances'] == [
        dict(bbox=[4, 5, 20, 25], bbox_label=0, ignore_flag=0)
    ]
    assert dataset.metainfo['classes'] == ('face',)
    assert dataset.metainfo['dataset_name'] == 'DARK FACE'


def test_folders_can_be_named(tmp_path):
    make_tree(tmp_path, {7: '0\n'}, ('night', 'label'))
    assert len(build(tmp_path, data_prefix=dict(img='night'))) == 1


def test_images_are_in_the_order_of_their_numbers(root):
    dataset = build(root, serialize_data=False)
    assert stems(dataset.data_list) == ['9', '10', '100']
    assert [info['img_id'] for info in dataset.data_list] == [9, 10, 100]


def test_boxes_are_clipped(root):
    infos = build(root, serialize_data=False).data_list
    assert [[i['bbox'] for i in info['instances']] for info in infos] == [
        [],
        [[4, 5, 20, 25], [0, 40, 12, 48]],
        [[0, 0, 64, 48]],
    ]


def test_faces_to_be_found_are_those_of_the_official_tool(root, tmp_path):
    """One pixel wide, beyond the border, outside."""
    rows = ['8 9 8 20', '60 40 70 52', '70 5 90 20']
    (root / 'label/9.txt').write_text('\n'.join(['3', *rows]))
    found = {}
    for info in build(root, test_mode=True):
        boxes = [instance['bbox'] for instance in info['instances']]
        found[Path(info['img_path']).stem] = boxes
    expected = read_labels(root / 'label')
    assert found == {k: boxes.tolist() for k, boxes in expected.items()}
    assert len(found['9']) == 3


@pytest.mark.parametrize('row', ['70 5 90 20', '8 9 8 20', '20 9 8 20'])
def test_box_with_nothing_inside_is_left_out(root, row, monkeypatch):
    logged = []
    monkeypatch.setattr(
        'ruas_mm.datasets.detection.checked_detection.print_log',
        lambda message, logger, level: logged.append((level, message)),
    )
    (root / 'label/9.txt').write_text(f'2\n{row}\n1 1 6 6\n')
    instances = build(root).get_data_info(0)['instances']
    assert [i['bbox'] for i in instances] == [[1, 1, 6, 6]]
    ((level, message),) = logged
    assert level == logging.WARNING and '9.txt: box' in message


def test_filter_cfg(root):
    def size(**kwargs):
        return len(build(root, **kwargs))

    assert size(filter_cfg=dict(filter_empty_gt=True)) == 2
    assert size(filter_cfg=dict(filter_empty_gt=True), test_mode=True) == 3
    with pytest.raises(ValueError, match='none of the 3 images of DARK FACE'):
        size(filter_cfg=dict(min_size=49))


@pytest.fixture(scope='module')
def labels_only(tmp_path_factory):
    root = make_tree(tmp_path_factory.mktemp('darkface'), {})
    for number in range(6000):
        (root / 'label' / f'{number}.txt').write_text('1\n1 2 3 4\n')
    return root


@pytest.mark.parametrize(
    'split, train, test', [('paper', 5000, 1000), ('hla', 5500, 500)]
)
def test_random_splits(labels_only, split, train, test):
    def names(**kwargs):
        dataset = build(
            labels_only,
            split=split,
            read_images=False,
            serialize_data=False,
            **kwargs,
        )
        seed = kwargs.get('split_seed', 0)
        name = f'{split}/{kwargs["subset"]}, seed {seed}'
        assert dataset.split_name == name
        return stems(dataset.data_list)

    first, second = names(subset='train'), names(subset='test')
    assert (len(first), len(second)) == (train, test)
    assert sorted(first + second, key=int) == [str(i) for i in range(6000)]
    assert second == sorted(second, key=int)
    # the stream of numpy's legacy generator is frozen
    order = np.random.RandomState(0).permutation(6000)
    assert set(first) == {str(number) for number in order[:train]}
    assert names(subset='test', split_seed=1) != second


@pytest.mark.parametrize('subset', ['train', 'test'])
@pytest.mark.parametrize('split', ['paper', 'hla'])
def test_too_few_images_for_a_split(root, split, subset):
    message = f"{split}' draws 6000 images, but .* has 3; .*subset='all'"
    with pytest.raises(ValueError, match=message):
        build(root, split=split, subset=subset)


@pytest.mark.parametrize(
    'kwargs, message',
    [
        (dict(split='official'), "split='official', allowed: .*paper.*hla"),
        (dict(subset='val'), "subset='val', allowed: "),
    ],
)
def test_bad_arguments_are_refused(root, kwargs, message):
    with pytest.raises(ValueError, match=message):
        build(root, **kwargs)


@pytest.mark.parametrize('missing', ['image', 'label'])
def test_missing_data_says_how_to_get_it(tmp_path, missing):
    there = {'image': 'label', 'label': 'image'}[missing]
    (tmp_path / there).mkdir()
    with pytest.raises(DataNotFoundError, match='flyywh') as error:
        build(tmp_path)
    assert f'not found: {tmp_path / missing}\n' in str(error.value)
    assert 'export DARKFACE_ROOT=' in str(error.value)


def label(text):
    return lambda root: (root / 'label/10.txt').write_text(text)


def image(content):
    return lambda root: (root / 'image/10.png').write_bytes(content)


@pytest.mark.parametrize(
    'spoil, message',
    [
        (label(''), "10.txt: first line is ''"),
        (label('1 2 3 4\n'), "10.txt: first line is '1 2 3 4'"),
        (label('faces\n'), "10.txt: first line is 'faces'"),
        (label('2\n1 1 5 5\n'), '10.txt: first line says 2 .* 1 rows'),
        (label('0\n1 1 5 5\n'), '10.txt: first line says 0 .* 1 rows'),
        (label('1\n1 1 5\n'), "10.txt, line 2: '1 1 5', allowed: x1 y1"),
        (label('1\n1 1 5 5 1\n'), '10.txt, line 2'),
        (label('2\n1 1 5 5\n1 1 5.5 5\n'), '10.txt, line 3'),
        (image(b''), '10.png: not a readable image'),
        (image(b'text'), '10.png: not a readable image'),
        (lambda r: (r / 'image/10.png').unlink(), '10.png: missing file'),
        (lambda r: (r / 'label/10.txt').unlink(), '10.txt: missing file'),
        (
            lambda r: (r / 'image/10.png').rename(r / 'image/ten.png'),
            r"image are named \['ten'\], allowed: numbers",
        ),
        (
            lambda r: (r / 'label/10.txt').replace(r / 'a')
            and (r / 'label/10.txt').mkdir(),
            '10.txt is a folder, allowed: a file',
        ),
        (
            lambda r: (r / 'image/010.png').touch(),
            '010 and 10 are both of number 10, allowed: a number once',
        ),
    ],
)
def test_broken_files_are_named(root, spoil, message):
    spoil(root)
    with pytest.raises(ValueError, match=message):
        build(root)


def test_at_most_ten_broken_files_are_named(tmp_path):
    make_tree(tmp_path, dict.fromkeys(range(12), 'no label'))
    with pytest.raises(ValueError, match='12 of 12 images') as error:
        build(tmp_path)
    text = str(error.value)
    assert text.count('first line') == 10 and text.endswith('...')


def test_folder_without_images_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r'holds no image, allowed: N\.png'):
        build(make_tree(tmp_path, {}))


def test_truncated_image_is_refused_when_loaded(root, host):
    host('mmdet')
    path = root / 'image/10.png'
    path.write_bytes(path.read_bytes()[:2000])
    dataset = build(root, pipeline=[dict(type='LoadImageFromFile')])
    assert dataset[0]['img'].shape == (48, 64, 3)
    with pytest.raises(ValueError, match=r'10\.png: the image is broken'):
        dataset[1]


@pytest.mark.parametrize(
    'name',
    ['detection/ruas_ssd_darkface', 'search/ruas_ssd_supernet_darkface',
     'search/ruas_ssdlite_supernet_darkface_mini'],
)  # fmt: skip
def test_data_sets_of_the_configs_build(name, tmp_path, monkeypatch, host):
    make_tree(tmp_path, {n: '1\n20 10 40 30\n' for n in range(8)})
    monkeypatch.setenv('DARKFACE_ROOT', str(tmp_path))
    monkeypatch.setattr(
        'ruas_mm.datasets.detection.DarkFaceDataset.RANDOM_SPLITS',
        dict(paper=(5, 3), hla=(9, 9)),
    )
    cfg = Config.fromfile(ROOT / 'configs' / f'{name}.py')
    host(cfg.default_scope)
    loaders = [cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader]
    if 'half' in cfg.train_dataloader.dataset:
        loaders.append(Config(other_half(cfg.train_dataloader)))
    datasets = [DATASETS.build(each.dataset) for each in loaders if each]
    assert len(datasets) >= 2
    for dataset in datasets:
        assert dataset.metainfo['dataset_name'] == 'DARK FACE'
        sample = dataset[0]['data_samples']
        assert len(sample.gt_instances.bboxes) == 1

import shutil
import zipfile
from collections import Counter

import pytest

from ruas_mm.datasets.exdark_files import CLASSES, LIGHTS
from ruas_mm.datasets.image_files import DataNotFoundError
from ruas_mm.registry import DATASETS

# PROTOCOL: boxes of each class in train / val / test, without the one file
# whose extension differs between list and annotation (Bicycle 2015_00391)
BOXES = dict(
    Bicycle=(463, 237, 418),
    Boat=(530, 344, 515),
    Bottle=(654, 504, 433),
    Bus=(333, 209, 164),
    Car=(1238, 768, 919),
    Cat=(311, 173, 425),
    Chair=(1138, 630, 609),
    Cup=(864, 436, 356),
    Dog=(335, 193, 490),
    Motorbike=(490, 340, 242),
    People=(3271, 1953, 2235),
    Table=(754, 418, 311),
)


def build(root, **kwargs):
    return DATASETS.build(
        dict(type='ruas_mm.ExDarkDataset', data_root=str(root), **kwargs)
    )


@pytest.fixture(scope='module')
def official(tmp_path_factory):
    """All official annotations, unpacked once; no images."""
    from conftest import SHARED

    source = SHARED / 'data' / 'exdark'
    if not source.exists():
        pytest.skip(f'real data not at hand: {source}')
    root = tmp_path_factory.mktemp('exdark')
    with zipfile.ZipFile(source / 'annotations/ExDark_Annno.zip') as archive:
        archive.extractall(root)
    shutil.copy(source / 'imageclasslist.txt', root)
    return root


def count_boxes(dataset):
    labels = Counter()
    for info in dataset:
        labels.update(CLASSES[i['bbox_label']] for i in info['instances'])
    return labels


def load(root, **kwargs):
    return build(root, read_images=False, serialize_data=False, **kwargs)


def test_official_counts(official):
    subsets = {
        subset: load(official, subset=subset).data_list
        for subset in ('train', 'val', 'test')
    }
    assert [len(s) for s in subsets.values()] == [3000, 1800, 2563]
    counts = [count_boxes(subset) for subset in subsets.values()]
    listed_apart = {'Bicycle': [0, 0, 0]}
    for info in (i for s in subsets.values() for i in s):
        if info['img_path'].endswith('2015_00391.JPG'):
            place = [info in s for s in subsets.values()].index(True)
            for instance in info['instances']:
                name = CLASSES[instance['bbox_label']]
                listed_apart.setdefault(name, [0, 0, 0])[place] += 1
    assert sum(map(sum, listed_apart.values())) == 7
    for name in CLASSES:
        apart = listed_apart.get(name, (0, 0, 0))
        assert tuple(c[name] - a for c, a in zip(counts, apart)) == BOXES[name]
    assert sum(sum(c.values()) for c in counts) == 23710
    everything = load(official, subset='all').data_list
    assert len(everything) == 7363
    # Motorbike/2015_05894 alone has no box
    assert [
        i['img_path'].split('/')[-1] for i in everything if not i['instances']
    ] == ['2015_05894.jpg']
    boxes = [b['bbox'] for i in everything for b in i['instances']]
    assert min(min(box) for box in boxes) == 0  # negative ones are clipped
    assert all(x2 > x1 and y2 > y1 for x1, y1, x2, y2 in boxes)


@pytest.mark.parametrize(
    'split, train, test', [('paper', 5200, 1200), ('80-20', 5896, 1467)]
)
def test_random_splits(official, split, train, test):
    def names(**kwargs):
        data = load(official, split=split, **kwargs).data_list
        return [info['img_path'] for info in data]

    first, second = names(subset='train'), names(subset='test')
    assert (len(first), len(second)) == (train, test)
    assert len(set(first)) == train and not set(first) & set(second)
    assert names(subset='train') == first  # seeded
    assert names(subset='train', split_seed=1) != first


def test_filters_by_light_and_place(official):
    everything = load(official, subset='all').data_list
    low = load(official, subset='all', lights='Low').data_list
    assert len(low) == sum(i['light'] == 'Low' for i in everything) == 241
    inside = load(
        official, subset='all', lights=LIGHTS[:2], places=['Indoor']
    ).data_list
    assert 0 < len(inside) < len(everything)
    assert {i['place'] for i in inside} == {'Indoor'}
    assert {i['light'] for i in inside} == {'Low', 'Ambient'}
    name = load(official, subset='test', lights='Low').split_name
    assert name == 'official/test, light Low'


def test_reads_images_as_downloaded(exdark_root):
    dataset = build(exdark_root, subset='train')
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    assert len(infos) == 3
    car = infos[1]
    assert car['img_path'].endswith('2015_00391.jpg')  # .JPG in the list
    assert (car['width'], car['height']) == (64, 48)
    # -2 3 20 20 clipped at the left, 30 5 40 60 at the right and below
    assert [i['bbox'] for i in car['instances']] == [
        [0, 3, 18, 23],
        [30, 5, 64, 48],
    ]
    assert [CLASSES[i['bbox_label']] for i in car['instances']] == [
        'Car',
        'People',
    ]
    assert infos[2]['instances'] == []
    table = build(exdark_root, subset='test').get_data_info(0)
    assert table['img_path'].endswith('2015_06401.JPEG')  # .jpeg in the list
    assert dataset.get_cat_ids(1) == [4, 10]
    assert dataset.metainfo['classes'] == CLASSES
    assert dataset.split_name == 'official/train'
    assert [info['img_id'] for info in infos] == [0, 1, 2]
    assert table['img_id'] == 3  # in the whole list


def test_filter_cfg(exdark_root):
    def size(**filter_cfg):
        return len(build(exdark_root, filter_cfg=filter_cfg))

    assert size(filter_empty_gt=False) == 3
    assert size(filter_empty_gt=True) == 2
    assert size(min_size=48) == 3
    with pytest.raises(ValueError, match='leaves none'):
        size(min_size=49)
    assert len(build(exdark_root, filter_cfg=dict(filter_empty_gt=True),
                     test_mode=True)) == 3  # fmt: skip


def test_missing_data_says_how_to_get_it(tmp_path):
    with pytest.raises(DataNotFoundError, match='make demo'):
        build(tmp_path / 'nothing')
    with pytest.raises(DataNotFoundError, match='imageclasslist'):
        build(tmp_path)  # a folder without the image list


def annotation(root, text):
    (root / 'ExDark_Annno/Bicycle/2015_00001.png.txt').write_text(text)


def image(root, content):
    (root / 'ExDark/Bicycle/2015_00001.png').write_bytes(content)


def image_list(root, text):
    (root / 'imageclasslist.txt').write_text(f'header\n{text}\n')


HEADER = '% bbGt version=3\n'


@pytest.mark.parametrize(
    'spoil, message',
    [
        (
            lambda r: image_list(
                r, 'a.jpg 1 1 1 1\nb.jpg 1 1 1 1\nA.JPG 1 2 1 3'
            ),
            "line 4: 'A.JPG' stands in line 2",
        ),
        (lambda r: annotation(r, ''), r'2015_00001.png.txt: first line'),
        (lambda r: annotation(r, 'Bicycle 1 1 2 2\n'), 'first line'),
        (lambda r: annotation(r, HEADER + 'Bike 1 1 5 5'), "class 'Bike'"),
        (lambda r: annotation(r, HEADER + 'Cup 1 1 5'), 'line 2'),
        (lambda r: annotation(r, HEADER + 'Cup a b c d'), 'whole pixels'),
        (lambda r: annotation(r, HEADER + 'Cup 1 1 0 5'), 'width 0'),
        (lambda r: image(r, b''), '2015_00001.png: not a readable image'),
        (lambda r: image(r, b'text, no image'), 'not a readable image'),
        (
            lambda r: (r / 'ExDark/Bicycle/2015_00001.png').unlink(),
            '2015_00001.png: missing file',
        ),
        (
            lambda r: (r / 'ExDark_Annno/Bicycle/2015_00001.png.txt').unlink(),
            '2015_00001.png.txt: missing file',
        ),
        (lambda r: image_list(r, '2015_00001.png 13 1 1 1'), 'line 2'),
        (lambda r: image_list(r, '2015_00001.png 1 0 1 1'), 'line 2'),
        (lambda r: image_list(r, '2015_00001.png 1 1'), 'line 2'),
    ],
)
def test_broken_files_are_named(exdark_root, spoil, message):
    spoil(exdark_root)
    with pytest.raises(ValueError, match=message):
        build(exdark_root)


@pytest.mark.parametrize(
    'kwargs, message',
    [
        (dict(split='mine'), "split='mine'"),
        (dict(subset='dev'), "subset='dev'"),
        (dict(split='paper', subset='val'), "subset='val'"),
        (dict(split='paper'), 'draws 6400 images'),
        (dict(lights='Dim'), 'Dim'),
        (dict(lights=[]), 'lights'),
        (dict(subset='val'), 'lists no image'),
        (dict(lights='Twilight'), 'lists no image'),
        (dict(places='Underwater'), 'Underwater'),
    ],
)
def test_bad_arguments_are_refused(exdark_root, kwargs, message):
    with pytest.raises(ValueError, match=message):
        build(exdark_root, **kwargs)


def test_box_outside_the_image_is_left_out(exdark_root):
    annotation(exdark_root, HEADER + 'Cup 100 1 5 5\nCup 1 1 5 5\n')
    instances = build(exdark_root).get_data_info(0)['instances']
    assert [i['bbox'] for i in instances] == [[1, 1, 6, 6]]

"""LOL, FiveK and folders of pictures, in the layouts as downloaded."""

from pathlib import Path

import pytest
from conftest import make_lol
from mmengine.config import Config

from ruas_mm.datasets.enhancement.paired_images import SPLITS
from ruas_mm.datasets.image_files import DataNotFoundError
from ruas_mm.registry import DATASETS

CONFIGS = Path(__file__).parents[3] / 'configs' / 'enhancement'
V1 = ('our485', 'eval15'), ('low', 'high')
V2_REAL = ('Real_captured/Train', 'Real_captured/Test'), ('Low', 'Normal')
V2_SYNTHETIC = ('Synthetic/Train', 'Synthetic/Test'), ('Low', 'Normal')


def touch(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


def build(kind, root, **kwargs):
    return DATASETS.build(
        dict(type=f'ruas_mm.{kind}', data_root=str(root), **kwargs)
    )


def make_v2_real(root):
    for part, first, last in (('Train', 1, 689), ('Test', 690, 789)):
        for folder, prefix in (('Low', 'low'), ('Normal', 'normal')):
            touch(
                root / 'Real_captured' / part / folder,
                *(f'{prefix}{n:05d}.png' for n in range(first, last + 1)),
            )


@pytest.fixture
def lol_root(tmp_path):
    for place, low_name, high_name, (parts, folders) in (
        ('', '{}.png', '{}.png', V1),
        ('LOL-v2', 'low{:05d}.png', 'normal{:05d}.PNG', V2_REAL),
        ('LOL-v2', 'r{:05x}t.png', 'r{:05x}t.png', V2_SYNTHETIC),
    ):
        for part, numbers in zip(parts, ((22, 5, 748), (1, 1023))):
            for folder, name in zip(folders, (low_name, high_name)):
                touch(
                    tmp_path / place / part / folder,
                    *(name.format(number) for number in numbers),
                )
    return tmp_path


@pytest.mark.parametrize('version', ['v1', 'v2-real', 'v2-synthetic'])
@pytest.mark.parametrize(
    'subset, number', [('train', 3), ('test', 2), ('all', 5)]
)
def test_lol_pairs(version, subset, number, lol_root):
    dataset = build('LOLDataset', lol_root, version=version, subset=subset)
    assert len(dataset) == number
    for index, info in enumerate(
        dataset.get_data_info(i) for i in range(number)
    ):
        low, high = Path(info['img_path']), Path(info['gt_path'])
        assert low.is_file() and high.is_file()
        assert low.parent.parent == high.parent.parent
        assert low.stem.replace('low', '') == high.stem.replace('normal', '')
        assert info['sample_idx'] == index
    assert dataset.split_name == f'LOL {version}, official/{subset}'


def test_lol_v2_itself_will_do_as_root(lol_root):
    root = lol_root / 'LOL-v2'
    assert len(build('LOLDataset', root, version='v2-real')) == 3


def test_lol_split_of_the_paper(tmp_path):
    make_v2_real(tmp_path)
    low = {}
    for subset, number in (('train', 689), ('test', 100)):
        dataset = build(
            'LOLDataset',
            tmp_path,
            version='v2-real',
            split='paper',
            subset=subset,
        )
        assert len(dataset) == number
        low[subset] = {
            dataset.get_data_info(i)['img_path'] for i in range(number)
        }
    assert not low['train'] & low['test']
    assert len(low['train'] | low['test']) == 789
    official = {'Train' in path for path in low['test']}
    assert official == {True, False}  # drawn from both official parts


def test_training_needs_no_reference(lol_root):
    for path in (lol_root / 'our485' / 'high').iterdir():
        path.unlink()
    (lol_root / 'our485' / 'high').rmdir()
    info = build('LOLDataset', lol_root, paired=False).get_data_info(0)
    assert set(info) == {'img_path', 'sample_idx'}


@pytest.mark.parametrize('folder', ['expertC', 'c', 'tiff16_c'])
def test_fivek_pairs(folder, tmp_path):
    touch(tmp_path / 'input', 'a0002-b.jpg', 'a0001-x_y.tif', 'a0003.png')
    touch(tmp_path / folder, 'A0001-x_y.png', 'a0002.tif', 'a0003-1.png')
    dataset = build('FiveKDataset', tmp_path, subset='all')
    pairs = [dataset.get_data_info(i) for i in range(len(dataset))]
    assert [
        (Path(p['img_path']).name, Path(p['gt_path']).name) for p in pairs
    ] == [
        ('a0001-x_y.tif', 'A0001-x_y.png'),
        ('a0002-b.jpg', 'a0002.tif'),
        ('a0003.png', 'a0003-1.png'),
    ]
    assert dataset.split_name == 'MIT-Adobe FiveK, paper/all, expert c'


def test_fivek_split_of_the_paper(tmp_path):
    names = [f'a{number:04d}-x.jpg' for number in range(1, 5001)]
    touch(tmp_path / 'input', *names)
    touch(tmp_path / 'expertD', *names)
    train, test = (
        build('FiveKDataset', tmp_path, subset=subset, expert='d')
        for subset in ('train', 'test')
    )
    assert (len(train), len(test)) == (500, 100)
    both = {
        d.get_data_info(i)['gt_path']
        for d in (train, test)
        for i in range(len(d))
    }
    assert len(both) == 600


def test_any_folder_of_pictures(tmp_path):
    touch(tmp_path, '2.png', 'notes.txt', '.hidden.png')
    touch(tmp_path / 'a' / 'b', '1.JPG', '3.tiff')
    dataset = build('UnlabelledImageDataset', tmp_path)
    found = [dataset.get_data_info(i) for i in range(len(dataset))]
    assert [Path(info['img_path']).name for info in found] == [
        '2.png',
        '1.JPG',
        '3.tiff',
    ]
    assert all('gt_path' not in info for info in found)


@pytest.mark.parametrize(
    'kind, expected, kwargs',
    [
        ('LOLDataset', 'daooshee.*our485/{low,high}.*LOL_ROOT', {}),
        ('LOLDataset', 'Real_captured/Train', dict(version='v2-real')),
        ('FiveKDataset', 'csail.mit.edu.*expertC.*FIVEK_ROOT', {}),
        ('UnlabelledImageDataset', 'UNLABELLED_ROOT', {}),
    ],
)
def test_missing_folder_says_where_to_get_it(kind, expected, kwargs, tmp_path):
    with pytest.raises(DataNotFoundError, match=f'(?s){expected}'):
        build(kind, tmp_path / 'nowhere', **kwargs)


def empty(root):
    for path in (root / 'our485' / 'low').iterdir():
        path.unlink()


@pytest.mark.parametrize(
    'change, message',
    [
        (empty, 'our485.low holds no picture'),
        (
            lambda root: (root / 'our485' / 'high' / '22.png').unlink(),
            r'1 pictures have no reference: .*our485.low.22\.png',
        ),
        (
            lambda root: touch(root / 'our485' / 'high', '22.jpg'),
            r"22\.jpg and .*22\.png are both picture '22'",
        ),
    ],
)
def test_what_cannot_be_paired_is_refused(change, message, lol_root):
    change(lol_root)
    with pytest.raises(ValueError, match=message):
        build('LOLDataset', lol_root)


def test_reference_alone_is_left_out(lol_root):
    touch(lol_root / 'our485' / 'high', '999.png')
    assert len(build('LOLDataset', lol_root)) == 3


def test_picture_of_the_split_that_is_missing_is_named(tmp_path):
    make_v2_real(tmp_path)
    (tmp_path / 'Real_captured/Train/Low/low00002.png').unlink()
    with pytest.raises(ValueError, match='1 pictures.*missing.*: 00002'):
        build(
            'LOLDataset',
            tmp_path,
            version='v2-real',
            split='paper',
            subset='test',
        )


def test_fivek_file_without_number_is_refused(tmp_path):
    touch(tmp_path / 'input', 'a00011.jpg')
    touch(tmp_path / 'c', 'a0001.jpg')
    with pytest.raises(ValueError, match='a00011.jpg: no number'):
        build('FiveKDataset', tmp_path, subset='all')


@pytest.mark.parametrize('kind, kwargs', [
    ('LOLDataset', dict(version='v3')),
    ('LOLDataset', dict(subset='val')),
    ('LOLDataset', dict(version='v1', split='paper')),
    ('FiveKDataset', dict(expert='f')),
    ('FiveKDataset', dict(split='official')),
])  # fmt: skip
def test_unknown_choice_is_refused(kind, kwargs, lol_root):
    name, value = list(kwargs.items())[-1]
    with pytest.raises(ValueError, match=f"{name}='{value}', allowed"):
        build(kind, lol_root, **kwargs)


def test_shipped_splits_are_those_of_the_script(load_tool, tmp_path):
    tool = load_tool('make_splits')
    tool.main(tmp_path)
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    shipped = {path.name: path.read_text() for path in SPLITS.iterdir()}
    assert written == shipped and len(written) == 4


@pytest.mark.parametrize(
    'name, variable',
    [('lol_v1', 'LOL_ROOT'), ('unlabelled', 'UNLABELLED_ROOT')],
)
def test_config_builds_its_data_sets(name, variable, lol_root, monkeypatch):
    monkeypatch.setenv(variable, str(lol_root))
    cfg = Config.fromfile(CONFIGS / f'ruas_{name}.py')
    train = DATASETS.build(cfg.train_dataloader.dataset)
    test = DATASETS.build(cfg.test_dataloader.dataset)
    assert cfg.train_dataloader.batch_size == 8
    assert 'gt_path' not in train.get_data_info(0)
    assert ('gt_path' in test.get_data_info(0)) == (name == 'lol_v1')
    assert test.test_mode and not train.test_mode


def test_fivek_config_builds_its_data_sets(tmp_path, monkeypatch):
    names = [f'a{number:04d}.jpg' for number in range(1, 5001)]
    touch(tmp_path / 'input', *names)
    touch(tmp_path / 'c', *names)
    monkeypatch.setenv('FIVEK_ROOT', str(tmp_path))
    cfg = Config.fromfile(CONFIGS / 'ruas_fivek.py')
    assert len(DATASETS.build(cfg.train_dataloader.dataset)) == 500
    assert len(DATASETS.build(cfg.test_dataloader.dataset)) == 100


def test_real_pictures(shared, tmp_path):
    (tmp_path / 'our485').symlink_to(shared('lol', 'our485_subset'))
    pairs = build(
        'LOLDataset',
        tmp_path,
        pipeline=[
            dict(type='ruas_mm.LoadImagePair'),
            dict(type='ruas_mm.PackEnhancementInputs'),
        ],
    )
    assert len(pairs) == 81
    sample = pairs[80]
    assert sample['inputs'].shape == sample['data_samples'].gt.shape
    assert sample['inputs'].shape == (3, 400, 600)
    sice = build('UnlabelledImageDataset', shared('unlabelled', 'sice'))
    assert len(sice) == 500


def test_real_fivek_pictures(shared, tmp_path):
    for ours, theirs in (('input', 'low'), ('c', 'high')):
        (tmp_path / ours).mkdir()
        for path in shared('mit5k', 'pairs', theirs).iterdir():
            (tmp_path / ours / f'a{path.name}').symlink_to(path)
    load = [dict(type='ruas_mm.LoadImagePair')]
    dataset = build('FiveKDataset', tmp_path, subset='all', pipeline=load)
    assert len(dataset) == 3
    assert all(d['img'].shape == d['gt'].shape for d in dataset)


def test_parts_of_any_kind_are_put_together(tmp_path):
    """MMEngine compares ``metainfo``; each sample says where it is from."""
    make_lol(tmp_path, 2)
    pipeline = [
        dict(type='ruas_mm.LoadImagePair'),
        dict(type='ruas_mm.PackEnhancementInputs'),
    ]
    parts = [
        dict(
            type='ruas_mm.LOLDataset',
            data_root=str(tmp_path),
            version='v1',
            subset=subset,
            pipeline=pipeline,
        )
        for subset in ('train', 'test')
    ]
    parts[0] = dict(type='RepeatDataset', times=2, dataset=parts[0])
    whole = DATASETS.build(dict(type='ConcatDataset', datasets=parts))
    names = [sample['data_samples'].split_name for sample in whole]
    assert names == ['LOL v1, official/train'] * 4 + (
        ['LOL v1, official/test'] * 2
    )

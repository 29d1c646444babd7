import hashlib

import cv2
import numpy as np
import pytest

from ruas_mm.registry import DATASETS

COUNTS = dict(train=5, val=1, test=2)


@pytest.fixture
def make(load_tool, tmp_path):
    tool = load_tool('make_demo_set')

    def build(name='a', **kwargs):
        tool.make_demo_set(tmp_path / name, COUNTS, **kwargs)
        return tmp_path / name

    return build


def test_layout_is_exdarks(make):
    root = str(make())
    for subset, count in COUNTS.items():
        dataset = DATASETS.build(
            dict(type='ruas_mm.ExDarkDataset', data_root=root, subset=subset)
        )
        assert len(dataset) == count
        for index in range(count):
            info = dataset.get_data_info(index)
            picture = cv2.imread(info['img_path'])
            assert picture.shape == (375, 500, 3)
            assert picture.mean() < 70  # dark
            assert info['instances']
            for instance in info['instances']:
                x1, y1, x2, y2 = instance['bbox']
                assert 0 <= x1 < x2 <= 500 and 0 <= y1 < y2 <= 375


def test_boxes_are_exact(load_tool):
    tool = load_tool('make_demo_set')
    for index in range(10):
        state = np.random.RandomState(index)
        canvas, boxes = tool.compose(state, index)
        state = np.random.RandomState(index)
        # the same ground without objects: what differs is the objects
        ground = tool.read_photograph(
            'skimage.data', tool.GROUNDS[state.randint(3)]
        )
        empty = cv2.resize(ground, tool.CANVAS[::-1])
        empty = (empty * state.uniform(0.5, 1, size=3)).astype(np.uint8)
        covered = np.zeros(tool.CANVAS, bool)
        for _, left, top, width, height in boxes:
            covered[top : top + height, left : left + width] = True
            region = canvas[top : top + height, left : left + width]
            before = empty[top : top + height, left : left + width]
            changed = (region != before).any(-1)
            # an object reaches all four sides of its box
            assert changed.any(0)[[0, -1]].all()
            assert changed.any(1)[[0, -1]].all()
        assert np.array_equal(canvas[~covered], empty[~covered])


def test_seed_decides(make):
    def digest(root):
        content = [p.read_bytes() for p in sorted(root.rglob('*.*'))]
        return hashlib.sha256(b''.join(content)).hexdigest()

    assert digest(make('a')) == digest(make('b')) != digest(make('c', seed=1))

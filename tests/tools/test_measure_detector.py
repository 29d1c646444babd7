"""The detector's table compares what it says, on the pictures it says."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip('mmdet')

TOOLS = Path(__file__).parents[2] / 'tools' / 'benchmarks'


@pytest.fixture
def tool(monkeypatch, host):
    """Imported once, since it registers a transform."""
    host('mmdet')  # the runner's own scope goes when the test ends
    monkeypatch.syspath_prepend(str(TOOLS))
    import measure_detector

    return measure_detector


@pytest.fixture
def pictures(tool):
    import detection_pictures

    return detection_pictures


@pytest.fixture
def checkpoint(shared):
    return shared('weights', 'yolox_nano', 'yolox_nano_coco_mmdet.pth')


@pytest.fixture
def real_exdark(load_tool, shared, tmp_path):
    """Two real pictures, both of them dark."""
    for folder, name in (('Bus', '2015_02057'), ('Motorbike', '2015_05886')):
        source = shared('exdark', 'images', folder, f'{name}.jpg')
        link = tmp_path / 'images' / folder / source.name
        link.parent.mkdir(parents=True)
        link.symlink_to(source)
    load_tool('make_exdark_subset').main(
        tmp_path / 'images',
        shared('exdark', 'annotations', 'ExDark_Annno.zip'),
        shared('exdark', 'imageclasslist.txt'),
        tmp_path / 'ExDark',
    )
    return tmp_path / 'ExDark'


def test_boxes_of_a_label_map(pictures):
    labels = np.full((40, 60), 3)
    labels[0:10, 0:10] = 8
    labels[10:20, 10:20] = 8  # touches at a corner: the same car
    labels[0:12, 40:50] = 9
    labels[30:39, 0:11] = 10  # 99 pixels
    assert pictures.component_boxes(labels) == [
        ('car', 0, 0, 20, 20),
        ('person', 40, 0, 10, 12),
    ]


def test_boxes_of_exdark(pictures, exdark_root, tmp_path):
    """In COCO's classes, clipped to the picture."""
    target = tmp_path / 'truth.json'
    pictures.write_truth(pictures.exdark_pictures(exdark_root), target)
    truth = json.loads(target.read_text())
    names = {c['id']: c['name'] for c in truth['categories']}
    assert list(names.values()) == list(pictures.COCO_CLASSES)
    assert len(truth['images']) == 4
    assert [
        (a['image_id'], names[a['category_id']], *a['bbox'])
        for a in truth['annotations']
    ] == [
        (0, 'bicycle', 4, 4, 20, 30),
        (1, 'car', 0, 3, 18, 20),
        (1, 'person', 30, 5, 34, 43),
        (3, 'dining table', 0, 0, 64, 48),
    ]
    classes = pictures.ExDarkDataset.METAINFO['classes']
    renamed = {pictures.RENAMED.get(c, c.lower()) for c in classes}
    assert len(renamed & set(pictures.COCO_CLASSES)) == 12


def test_boxes_of_a_coco_file(pictures, tmp_path):
    """Its classes by name, whatever their numbers."""
    content = dict(
        images=[dict(id=7, file_name='a.png', width=64, height=48)],
        categories=[dict(id=3, name='pedestrian'), dict(id=1, name='car')],
        annotations=[
            dict(id=1, image_id=7, category_id=3, bbox=[1, 2, 3, 4]),
            dict(id=2, image_id=7, category_id=1, bbox=[5, 6, 7, 8]),
            dict(
                id=3, image_id=7, category_id=1, bbox=[9, 9, 30, 30], iscrowd=1
            ),
        ],
    )
    file = tmp_path / 'boxes.json'
    file.write_text(json.dumps(content))
    (found,) = pictures.coco_pictures([file], tmp_path)
    assert found == (
        str(tmp_path / 'a.png'), 64, 48,
        [('person', 1, 2, 3, 4), ('car', 5, 6, 7, 8)],
        [('car', 9, 9, 30, 30)],
    )  # fmt: skip
    content['categories'][0]['name'] = 'tram'
    file.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="boxes.json='tram', allowed"):
        pictures.coco_pictures([file], tmp_path)
    for text in ('{}', '[1]', json.dumps({**content, 'images': []})):
        file.write_text(text.replace('tram', 'person'))
        with pytest.raises(ValueError, match="boxes.json: .*COCO's format"):
            pictures.coco_pictures([file], tmp_path)


@pytest.mark.parametrize(
    'boxes, crowds, expected',
    [
        ([('car', 0, 0, 9, 9)], [], 0.5),  # the second is too much
        ([('car', 0, 0, 9, 9)], [('car', 15, 15, 30, 30)], 1),
        ([], [('car', 15, 15, 30, 30)], None),
        ([], [], None),
    ],
)
def test_crowds_count_neither_way(
    tool, pictures, tmp_path, boxes, crowds, expected
):
    truth, found = tmp_path / 'truth.json', tmp_path / 'found.json'
    picture = pictures.Picture('a.png', 64, 48, boxes, crowds)
    pictures.write_truth([picture], truth)
    found.write_text(
        json.dumps(
            [
                dict(image_id=0, category_id=2, score=0.9, bbox=box)
                for box in ([20, 20, 9, 9], [0, 0, 9, 9])
            ]
        )
    )
    for figure in tool.score(truth, found):
        if expected is None:
            assert np.isnan(figure)
        else:
            assert figure == pytest.approx(expected, abs=0.01)


def test_what_was_scored_is_of_one_checkpoint_and_data(
    tool, tmp_path, monkeypatch
):
    monkeypatch.setattr(tool, 'check_checkpoint', lambda path: None)
    monkeypatch.setattr(tool, 'day_pictures', lambda root: [])
    monkeypatch.setattr(tool, 'measure', lambda *_: [(0.5, 0.6)] * 2)

    def run(checkpoint, day):
        words = [checkpoint, '--day', day, '--done', tmp_path, '--fronts']
        tool.main(tool.parse_args([*map(str, words), 'gamma']))

    run('a.pth', 'x')
    run('./a.pth', 'x')
    for arguments in (('b.pth', 'x'), ('a.pth', 'y')):
        with pytest.raises(ValueError, match='was made with'):
            run(*arguments)


@pytest.mark.parametrize(
    'title', ['ruas_x', 'gamma@0.5', 'ruas_s@2', 'none@1']
)
def test_unknown_front(tool, title):
    with pytest.raises(ValueError, match='allowed'):
        tool.parse_front(title)


def test_other_checkpoint(tool, tmp_path):
    path = tmp_path / 'other.pth'
    torch.save(dict(state_dict={'backbone.x': torch.ones(1)}), path)
    with pytest.raises(ValueError, match='does not fit YOLOX'):
        tool.check_checkpoint(path)


def test_fronts_reach_the_detector(
    tool, checkpoint, real_exdark, tmp_path, monkeypatch
):
    monkeypatch.setitem(tool.CLASSICAL, 'gamma', np.zeros_like)
    truth = tmp_path / 'truth.json'
    tool.write_truth(tool.exdark_pictures(real_exdark), truth)
    found = {}
    for title in ('none', 'ruas_s@0', 'ruas_s', 'gamma'):
        front = tool.parse_front(title)
        found[title] = tool.detect(checkpoint, front, truth, tmp_path / title)
    scores = {title: tool.score(truth, path) for title, path in found.items()}
    assert scores['none'][1] >= scores['none'][0] > 0.2
    assert scores['ruas_s@0'] == scores['none'] != scores['ruas_s']
    assert scores['gamma'] == (0, 0)
    none, off = (
        json.loads(found[title].read_text()) for title in ('none', 'ruas_s@0')
    )
    assert [d['category_id'] for d in off] == [d['category_id'] for d in none]
    for key in ('bbox', 'score'):
        np.testing.assert_allclose(
            [d[key] for d in off], [d[key] for d in none], rtol=0, atol=0.01
        )


def test_table(tool, checkpoint, shared, tmp_path, capsys):
    """One frame of the day; that of the dusk drive is left out."""
    for part in ('train', 'test', 'train_labels', 'test_labels'):
        (tmp_path / part).mkdir()
    day, dusk = '0006R0_f00930.png', '0001TP_006690.png'
    for name, folder in ((day, 'train'), (dusk, 'train'), (dusk, 'test')):
        for kind in ('', '_labels'):
            source = shared('camvid', f'train{kind}', name)
            (tmp_path / f'{folder}{kind}' / name).symlink_to(source)
    arguments = [str(checkpoint), '--day', str(tmp_path), '--fronts', 'clahe']
    tool.main(tool.parse_args(arguments))
    printed = capsys.readouterr().out
    assert '1 of day' in printed
    cells = printed.split('none │')[1].split('│')[:2]
    assert 0 < float(cells[0]) <= float(cells[1])
    assert 'clahe │' in printed

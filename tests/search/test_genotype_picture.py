"""The picture of a genotype says what the genotype says."""

from collections import Counter

import cv2
import matplotlib.pyplot as plt
import pytest

from ruas_mm.models.cells import OPERATIONS
from ruas_mm.models.cells import genotype as released
from ruas_mm.search.genotype_picture import (
    FAMILIES,
    draw_genotype,
    save_genotype_picture,
)

SCENE = dict(scene=released.SCENE_ENHANCEMENT)
REMOVAL = dict(noise_remover=released.NOISE_REMOVAL_JOURNAL)
NECK = dict(neck=released.NECK_FACE_DETECTION)
HEAD = dict(head=released.HEAD_FACE_DETECTION)
OTHER = dict(decode_head=tuple(OPERATIONS))
CELL_NODES = ['in', 'r1', 'r2', 'r3', 'd1', 'd2', 'd3', 'd4', 'concat', 'out']
KINDS = [SCENE, {**REMOVAL, **SCENE}, NECK, HEAD, {**SCENE, **HEAD}, OTHER]


def flat(genotype):
    for operations in genotype.values():
        rows = operations if isinstance(operations, dict) else {0: operations}
        for row in rows.values():
            yield from row


def texts(axes):
    return [t.get_text() for t in axes.texts]


def names(genotype):
    return '+'.join(genotype)


@pytest.mark.parametrize('genotype', KINDS, ids=names)
def test_every_operation_is_drawn_inside_the_picture(genotype):
    figure = draw_genotype(genotype, 'iteration 5, $x^$')
    assert len(figure.axes) == len(genotype)
    drawn = Counter(t for axes in figure.axes for t in texts(axes))
    for operation, times in Counter(flat(genotype)).items():
        assert drawn[operation] == times
    for branch in genotype.get('head', {}):
        assert drawn[branch] == 1
    for node in CELL_NODES:
        cells = {'scene', 'noise_remover'} & set(genotype)
        assert drawn[node] == len(cells)
    assert figure.texts[0].get_text() == 'iteration 5, $x^$'
    figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    (legend,) = figure.legends
    every = [*figure.texts, legend]
    every += [t for axes in figure.axes for t in axes.texts if t.get_text()]
    boxes = [artist.get_window_extent() for artist in every]
    for box in boxes:
        assert 0 < box.x0 < box.x1 < width and 0 < box.y0 < box.y1 < height
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])


@pytest.mark.parametrize('position', range(7))
def test_edges_of_the_cell_carry_their_operation(position):
    """One odd operation stands between the nodes that its edge joins."""
    ends = ['in-d1', 'in-r1', 'r1-d2', 'r1-r2', 'r2-d3', 'r2-r3', 'r3-d4'][
        position
    ]
    operations = ['1-C'] * 7
    operations[position] = 'SC'
    (axes,) = draw_genotype(dict(scene=operations)).axes
    place = {t.get_text(): t.get_position() for t in axes.texts}
    start, end = (place[name] for name in ends.split('-'))
    for axis in range(2):
        low, high = sorted((start[axis], end[axis]))
        assert low - 0.02 <= place['SC'][axis] <= high + 0.02


def test_scene_is_above_the_task():
    figure = draw_genotype({**NECK, **REMOVAL, **SCENE})
    tops = {texts(a)[0]: a.get_position().y1 for a in figure.axes}
    order = sorted(tops, key=tops.get, reverse=True)
    assert order == ['Scene cell', 'Noise removal cell', 'Neck']


def test_legend_has_the_kinds_that_occur():
    (legend,) = draw_genotype(SCENE).legends
    found = [t.get_text() for t in legend.get_texts()]
    assert found == [k for k in FAMILIES if '(DC)' not in k]


@pytest.mark.parametrize('genotype', KINDS, ids=names)
def test_png_is_written_whole(genotype, tmp_path, monkeypatch):
    path = tmp_path / 'new' / 'cells.png'
    save_genotype_picture(path, genotype)
    picture = cv2.imread(str(path))
    height, width = picture.shape[:2]
    assert 1200 < width < 2700 and 250 < height < 1800
    assert picture.std() > 10
    assert plt.get_fignums() == []  # nothing is left open
    before = path.read_bytes()
    monkeypatch.setattr('os.replace', lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save_genotype_picture(path, SCENE, 'another')
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_bad_genotype_is_not_drawn(tmp_path):
    with pytest.raises(ValueError, match=r"genotype\['scene'\]\[0\]='9-C'"):
        save_genotype_picture(tmp_path / 'x.png', dict(scene=['9-C'] * 7))
    assert list(tmp_path.iterdir()) == []

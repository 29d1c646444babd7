"""The picture of curves, and the tool that reads runs for it."""

import sys

import numpy as np
import pytest
from PIL import Image

from ruas_mm.evaluation import evaluate_faces
from ruas_mm.evaluation.face_average_precision import Curve
from ruas_mm.evaluation.face_evaluation import write_curve
from ruas_mm.visualization.precision_recall_picture import (
    draw_precision_recall,
    save_precision_recall,
)

FACE = [10.0, 10, 19, 19]
FALLING = Curve(np.linspace(1, 0.5, 9), np.linspace(0, 0.8, 9), 10)
LOW = Curve(np.full(9, 0.2), np.linspace(0, 0.5, 9), 10)
NO_FACES = Curve(np.full(9, np.nan), np.full(9, np.nan), 0)


def test_curves_are_drawn_the_best_first():
    curves = {'none': NO_FACES, r'low $\a$': LOW, 'falling': FALLING}
    figure = draw_precision_recall(curves, title=r'DARK_FACE $\b$')
    (axes,) = figure.axes
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ['falling (0.575)', r'low $\a$ (0.100)', 'none (nan)']
    falling, low, _ = axes.lines
    np.testing.assert_array_equal(falling.get_xdata(), FALLING.recall)
    np.testing.assert_array_equal(falling.get_ydata(), FALLING.precision)
    np.testing.assert_array_equal(low.get_xdata(), LOW.recall)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ('Recall', 'Precision')
    assert axes.get_title() == r'DARK_FACE $\b$'
    figure.draw_without_rendering()  # names are no formulas


def test_thirteen_curves_can_be_told_apart():
    """As many as in Fig. 10 (b)."""
    figure = draw_precision_recall({f'{i}': LOW for i in range(13)})
    looks = {(n.get_color(), n.get_linestyle()) for n in figure.axes[0].lines}
    assert len(looks) == 13


@pytest.mark.parametrize(
    'name, curves, message',
    [
        ('out.txt', dict(a=LOW), r'out.txt: allowed: a file of .png, .pdf'),
        ('out.png', {}, 'curves={}, allowed: at least one'),
    ],
)
def test_nothing_is_written_after_an_error(tmp_path, name, curves, message):
    with pytest.raises(ValueError, match=message):
        save_precision_recall(tmp_path / name, curves)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def draw(tmp_path, load_tool, monkeypatch):
    """The tool beside two runs of prediction files, a curve and labels."""
    for folder in ('label', 'good', 'bad'):
        (tmp_path / folder).mkdir()
    for number in (1, 2):
        (tmp_path / f'label/{number}.txt').write_text('1\n10 10 19 19\n')
        (tmp_path / f'good/{number}.txt').write_text('10 10 19 19 .9\n')
    (tmp_path / 'bad/1.txt').write_text('10 10 19 19 .9\n0 0 5 5 .95')
    (tmp_path / 'file_list.txt').write_text('./data/gt/1.txt\n')
    rows = np.array([[*FACE, 0.9]])
    faces = np.array([FACE])
    found = evaluate_faces([(faces, np.zeros(1, bool), rows)])
    write_curve(tmp_path / 'saved.json', found)
    monkeypatch.chdir(tmp_path)
    tool = load_tool('draw_precision_recall')

    def run(*arguments):
        monkeypatch.setattr(sys, 'argv', ['draw', *arguments])
        tool.main()

    return run


def test_tool_draws_folders_and_saved_curves(draw, tmp_path, capsys):
    draw('out/pr.png', 'good', 'bad', 'saved.json', '--labels', 'label')
    said = capsys.readouterr().out
    assert 'good, labels label' in said and 'bad, labels label' in said
    # wrong, then right: half of the faces with a precision of a half
    assert 'official_AP │ official tool' in said and '0.2500' in said
    with Image.open(tmp_path / 'out/pr.png') as picture:
        assert picture.size[0] > 900
        assert len(picture.convert('RGB').getcolors(1 << 20)) > 20


def test_tool_takes_the_pictures_of_a_list(draw, tmp_path, capsys):
    draw('pr.pdf', 'bad', '--labels', 'label', '--list', 'file_list.txt')
    said = capsys.readouterr().out
    assert '1 pictures, 1 faces, 2 detections' in said and '0.5000' in said
    assert (tmp_path / 'pr.pdf').read_bytes()[:4] == b'%PDF'


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['good'], 'good is a folder: --labels'),
        (['none.json'], 'none.json'),
        (['file_list.txt'], 'file_list.txt: not a curve'),
        (['good', '--labels', 'none'], 'labels=none'),
        (
            ['good', '--labels', 'label', '--list', 'file_list.txt'],
            '2.txt: not one of the 1 pictures',
        ),
        (['saved.json', 'saved.json'], 'names .* for 2 runs'),
        (['saved.json', '--names', 'a', 'b'], "names .*'b'.* for 1 runs"),
    ],
)
def test_tool_says_what_is_wrong(draw, tmp_path, arguments, message):
    with pytest.raises(SystemExit, match=message) as caught:
        draw('pr.png', *arguments)
    assert isinstance(caught.value.code, str)
    assert not (tmp_path / 'pr.png').exists()

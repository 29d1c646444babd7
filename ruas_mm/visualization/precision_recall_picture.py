"""Precision-recall curves of several detectors, as in Fig. 10 of the paper.

https://arxiv.org/abs/2112.04719
"""

from pathlib import Path
from typing import Mapping, Optional, Union

from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ruas_mm.evaluation.face_average_precision import Curve
from ruas_mm.files.atomic_write import atomic_write

DPI = 150
FORMATS = ('.png', '.pdf', '.svg')
COLOURS = colormaps['tab10'].colors
STYLES = ('-', '--', ':', '-.')
"""Of the first ten curves, the next ten, ..."""


def draw_precision_recall(
    curves: Mapping[str, Curve], title: Optional[str] = None
) -> Figure:
    """Draw all curves into one picture, the best on top of the legend.

    A dot is where all detections of a curve are taken.

    Args:
        curves: Name in the legend to the curve.
        title: A line above.

    Returns:
        The figure, not attached to any window or global state.

    Raises:
        ValueError: No curve.
    """
    if not curves:
        raise ValueError('curves={}, allowed: at least one')
    figure = Figure(figsize=(7.5, 4.5), dpi=DPI)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(
        xlim=(0, 1), ylim=(0, 1.02), xlabel='Recall', ylabel='Precision'
    )
    axes.grid(color='0.9')
    axes.set_axisbelow(True)
    if title:
        axes.set_title(title, parse_math=False)
    figures = {name: c.average_precision for name, c in curves.items()}
    # nan last
    names = sorted(
        curves, key=lambda n: (figures[n] != figures[n], -figures[n])
    )
    lines = [
        axes.plot(
            curves[name].recall,
            curves[name].precision,
            STYLES[i // len(COLOURS) % len(STYLES)],
            color=COLOURS[i % len(COLOURS)],
            marker='o',
            markersize=4,
            markevery=[-1],
            clip_on=False,
            label=f'{name} ({figures[name]:.3f})',
        )[0]
        for i, name in enumerate(names)
    ]
    legend = axes.legend(
        handles=lines, loc='upper left', bbox_to_anchor=(1.02, 1), title='AP'
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
    return figure


def save_precision_recall(
    path: Union[str, Path],
    curves: Mapping[str, Curve],
    title: Optional[str] = None,
) -> None:
    """Write :func:`draw_precision_recall`; an old file is replaced whole.

    Args:
        path: PNG, PDF or SVG file; the folder is created.
        curves: See :func:`draw_precision_recall`.
        title: See :func:`draw_precision_recall`.

    Raises:
        ValueError: Another suffix, no curve; nothing is written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise ValueError(f'{path}: allowed: a file of {", ".join(FORMATS)}')
    figure = draw_precision_recall(curves, title)
    with atomic_write(path) as temporary:
        figure.savefig(temporary, format=suffix[1:], bbox_inches='tight')

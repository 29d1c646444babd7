"""Picture of searched architectures, as in Fig. 5 of the paper.

https://arxiv.org/abs/2112.04719
"""

from pathlib import Path
from typing import List, Optional, Union

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Patch

from ruas_mm.files.atomic_write import atomic_write
from ruas_mm.models.cells.operations import OPERATIONS, Operation
from ruas_mm.search.genotype_file import DISTILLATION_CELLS, check_genotypes

INK, FAINT, PAPER = '#2b2d33', '#8a8f99', '#ffffff'
FAMILIES = {
    'convolution (C)': '#2f6aa5',
    'residual convolution (RC)': '#b4571c',
    'dilated convolution (DC)': '#3f7a3c',
    'residual dilated convolution (RDC)': '#7c4f9c',
    'skip connection (SC)': '#646a73',
}
"""Kind of operation to its colour; all carry white text."""

TITLES = dict(
    scene='Scene cell',
    noise_remover='Noise removal cell',
    neck='Neck',
    head='Head',
)
DPI = 150


def draw_genotype(genotype: dict, title: Optional[str] = None) -> Figure:
    """Draw all parts of a genotype, one below the other.

    Distillation cells become graphs, with the scene cell on top; other parts
    rows of operations.

    Args:
        genotype: As in a genotype file, see
            :func:`~ruas_mm.search.genotype_file.read_genotype`.
        title: A line above everything.

    Returns:
        The figure, not attached to any window or global state.

    Raises:
        ValueError: Not a genotype.
    """
    genotype = check_genotypes(genotype, 'picture')
    parts = sorted(genotype, key=lambda part: part not in DISTILLATION_CELLS)
    parts.sort(key=lambda part: part != 'scene')
    drawings = [_Drawing(part, genotype[part]) for part in parts]
    top, legend = (0.45 if title else 0.1), 0.75
    width = max(drawing.width for drawing in drawings)
    height = sum(d.height for d in drawings) + top + legend
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    if title:
        figure.text(
            0.5, 1 - 0.25 / height, title, ha='center', va='center',
            size=13, color=INK, weight='bold', parse_math=False,
        )  # fmt: skip
    bottom = height - top
    for drawing in drawings:
        bottom -= drawing.height
        left = (width - drawing.width) / 2
        axes = figure.add_axes(
            [
                left / width,
                bottom / height,
                drawing.width / width,
                drawing.height / height,
            ]
        )
        drawing.draw(axes)
    _add_legend(figure, drawings)
    return figure


def save_genotype_picture(
    path: Union[str, Path], genotype: dict, title: Optional[str] = None
) -> None:
    """Write :func:`draw_genotype` as a PNG; an old file is replaced whole.

    Args:
        path: PNG file; the folder is created.
        genotype: See :func:`draw_genotype`.
        title: See :func:`draw_genotype`.

    Raises:
        ValueError: Not a genotype; nothing is written.
    """
    figure = draw_genotype(genotype, title)
    with atomic_write(path) as temporary:
        figure.savefig(temporary, format='png', dpi=DPI)


class _Drawing:
    """One part of a network: its size in inches, and how it is drawn."""

    def __init__(self, part: str, operations: Union[list, dict]) -> None:
        self.title = TITLES.get(part, part.replace('_', ' '))
        self.is_cell = part in DISTILLATION_CELLS
        self.rows = operations
        if not isinstance(operations, dict):
            self.rows = {'': operations}
        if self.is_cell:
            self.width, self.height = 8.75, 3.75
        else:
            longest = max(len(row) for row in self.rows.values())
            self.width = max(8.75, 1.3 + 1.15 * longest)
            self.height = 1.0 + 0.45 * len(self.rows)

    def draw(self, axes: Axes) -> None:
        axes.set(xlim=(0, self.width), ylim=(0, self.height), aspect='equal')
        axes.axis('off')
        axes.text(
            0.3, self.height - 0.3, self.title,
            size=12, color=INK, weight='bold', va='center', parse_math=False,
        )  # fmt: skip
        if self.is_cell:
            _draw_cell(axes, self.rows[''])
        else:
            _draw_rows(axes, self.rows, self.height)


def _draw_cell(axes: Axes, operations: List[str]) -> None:
    """Refined maps run along the top, distilled ones drop to the sum."""
    c1_d, c1_r, c2_d, c2_r, c3_d, c3_r, c4 = operations
    columns = [0.9, 2.9, 4.9, 6.9]
    refined, distilled, joined = 2.7, 1.3, 0.45
    top = [_Node(axes, x, refined, n) for x, n in zip(
        columns, ['in', 'r1', 'r2', 'r3'])]  # fmt: skip
    low = [_Node(axes, x, distilled, f'd{i + 1}') for i, x in
           enumerate(columns)]  # fmt: skip
    for i, operation in enumerate([c1_r, c2_r, c3_r]):
        _connect(axes, top[i], top[i + 1], operation)
        _connect(axes, top[i], top[i + 1], bend=-0.42)
    for i, operation in enumerate([c1_d, c2_d, c3_d, c4]):
        _connect(axes, top[i], low[i], operation)
    concat = _Node(axes, 3.9, joined, 'concat', width=6.56)
    for node in low:
        _connect(axes, node, concat, straight=True)
    out = _Node(axes, 8.05, joined, 'out')
    _connect(axes, concat, out)
    axes.text(7.45, joined + 0.1, '1×1', size=8.5, color=FAINT, ha='center')


class _Node:
    """A map: a rounded box with its name."""

    HEIGHT = 0.38

    def __init__(
        self, axes: Axes, x: float, y: float, name: str, width: float = 0.56
    ) -> None:
        self.x, self.y, self.width = x, y, width
        axes.add_patch(
            FancyBboxPatch(
                (x - width / 2, y - self.HEIGHT / 2), width, self.HEIGHT,
                boxstyle='round,pad=0,rounding_size=.12',
                facecolor='#f1f2f4', edgecolor=INK, linewidth=1.1, zorder=3,
            )
        )  # fmt: skip
        axes.text(
            x, y, name, size=10, color=INK, ha='center', va='center', zorder=4
        )


def _connect(
    axes: Axes,
    start: _Node,
    end: _Node,
    operation: Optional[str] = None,
    bend: float = 0.0,
    straight: bool = False,
) -> None:
    """An arrow with its operation; a bent one is the residual of the node."""
    half = _Node.HEIGHT / 2
    if bend:
        ends = (start.x, start.y + half), (end.x, end.y + half)
    elif start.y == end.y:
        ends = (
            (start.x + start.width / 2, start.y),
            (end.x - end.width / 2, end.y),
        )
    else:
        ends = (
            (start.x, start.y - half),
            (start.x if straight else end.x, end.y + half),
        )
    colour = _colour(operation) if operation else FAINT
    axes.add_patch(
        FancyArrowPatch(
            *ends, arrowstyle='-|>', mutation_scale=11, shrinkA=0, shrinkB=0,
            connectionstyle=f'arc3,rad={bend}', color=colour,
            linewidth=1.8 if operation else 1.2,
            linestyle=(0, (3, 2)) if bend else '-', zorder=2,
        )
    )  # fmt: skip
    if operation:
        (x0, y0), (x1, y1) = ends
        at = 0.47  # the head of the arrow takes a little of the other half
        _label(axes, x0 + at * (x1 - x0), y0 + at * (y1 - y0), operation)


def _label(axes: Axes, x: float, y: float, operation: str) -> None:
    width, height = 0.86, 0.3
    axes.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - height / 2), width, height,
            boxstyle='round,pad=0,rounding_size=.15',
            facecolor=_colour(operation), edgecolor=PAPER, linewidth=1.5,
            zorder=5,
        )
    )  # fmt: skip
    axes.text(
        x, y - 0.01, operation, size=9.5, color=PAPER, weight='bold',
        ha='center', va='center', zorder=6,
    )  # fmt: skip


def _draw_rows(axes: Axes, rows: dict, height: float) -> None:
    longest = max(len(row) for row in rows.values())
    columns = [1.6 + 1.15 * i for i in range(longest)]
    y = height - 0.75
    step = 0.38
    for number, x in enumerate(columns, 1):
        axes.text(
            x, y, str(number), size=9, color=FAINT, ha='center', va='center'
        )
    axes.text(0.3, y, 'layer', size=9, color=FAINT, va='center')
    for name, operations in rows.items():
        y -= step
        step = 0.45
        axes.text(
            0.3, y, name, size=10, color=INK, va='center', parse_math=False
        )
        for x, operation in zip(columns, operations):
            _label(axes, x, y, operation)


def _add_legend(figure: Figure, drawings: List[_Drawing]) -> None:
    """The kinds of operations that occur, and how to read their names."""
    used = {
        _colour(operation)
        for drawing in drawings
        for row in drawing.rows.values()
        for operation in row
    }
    handles = [
        Patch(color=colour, label=name)
        for name, colour in FAMILIES.items()
        if colour in used
    ]
    note = 'k-…: kernel k×k     k-d-…: dilation d'
    if any(drawing.is_cell for drawing in drawings):
        note += '     dashed: residual of a node'
    legend = figure.legend(
        handles=handles, loc='lower center', ncol=3, frameon=False,
        fontsize=8.5, labelcolor=INK, handlelength=1.2, handleheight=0.9,
        title=note, title_fontsize=8.5,
    )  # fmt: skip
    legend.get_title().set_color(INK)


def _colour(operation: str) -> str:
    row: Operation = OPERATIONS[operation]
    if row.is_skip:
        kind = 4
    else:
        kind = row.residual + 2 * (row.dilation > 1)
    return list(FAMILIES.values())[kind]

"""R'G'B' of frames and back, by the matrix and range that they are in.

Chroma of 4:2:0 is repeated on the way in and averaged on the way out: what is
not changed comes back unchanged, where interpolation would blur the colours a
little in each pass.
"""

from typing import Any, Optional

import numpy as np

from ruas_mm.files.pyav import load_pyav
from ruas_mm.files.video_facts import Colour

# matrices that FFmpeg's scaler knows, by their numbers in H.273
MATRICES = {
    1: 'bt709',
    4: 'fcc',
    5: 'bt470',
    6: 'smpte170m',
    7: 'smpte240m',
    9: 'bt2020',
}
TO_RGB = 'neighbor+accurate_rnd+full_chroma_int'
FROM_RGB = 'area+accurate_rnd'


def matrix_of(colour: Colour, width: int, height: int) -> int:
    """The matrix; where none is told, the one that players take."""
    if colour.matrix in MATRICES:
        return colour.matrix
    return 1 if height > 576 or width >= 1280 else 6


class ColourConverter:
    """One direction of the conversion, for frames of one kind.

    Args:
        target: Pixel format to make.
        colour: Of the Y'CbCr side.
        width: Of the result; what is to the right of it is cut off. None:
            as the frame. An odd width wants one column more: FFmpeg's scaler
            averages two for a value of chroma, and beyond the last one it
            finds what the memory held before.
    """

    def __init__(
        self, target: str, colour: Colour, width: Optional[int] = None
    ) -> None:
        self.target = target
        self.colour = colour
        self.width = width
        self._kind: Optional[tuple] = None
        self._graph: Any = None

    def __call__(self, frame: Any) -> Any:
        """A frame of PyAV in the other format; time stamps are not kept."""
        kind = frame.width, frame.height, frame.format.name
        if kind != self._kind:
            self._graph, self._kind = self._build(frame), kind
        self._graph.push(frame)
        return self._graph.pull()

    def _build(self, frame: Any) -> Any:
        av = load_pyav()
        matrix = MATRICES[matrix_of(self.colour, frame.width, frame.height)]
        extent = 'full' if self.colour.full_range else 'limited'
        if self.target.startswith('rgb'):
            scale = dict(flags=TO_RGB)
            if not frame.format.is_rgb:
                scale.update(in_color_matrix=matrix, in_range=extent)
        else:
            scale = dict(
                flags=FROM_RGB, out_color_matrix=matrix, out_range=extent
            )
        graph = av.filter.Graph()
        source = graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=frame.format,
            time_base=frame.time_base or 1,
        )
        steps = [
            graph.add('scale', **scale),
            graph.add('format', pix_fmts=self.target),
        ]
        if self.width not in (None, frame.width):
            kept = dict(w=str(self.width), h=str(frame.height), x='0', y='0')
            steps.append(graph.add('crop', exact='1', **kept))
        graph.link_nodes(source, *steps, graph.add('buffersink')).configure()
        return graph


def upright(rgb: np.ndarray, matrix: Optional[np.ndarray]) -> np.ndarray:
    """Turn and mirror as a display matrix says.

    Args:
        rgb: (H, W, 3).
        matrix: Nine int32, ``x' = m0 x + m3 y, y' = m1 x + m4 y``; None: as
            it is.
    """
    if matrix is None:
        return rgb
    m0, m1, m3, m4 = (int(matrix[i]) for i in (0, 1, 3, 4))
    if is_on_its_side(matrix):
        rgb, x, y = rgb.transpose(1, 0, 2), m3, m1
    else:
        x, y = m0, m4
    rgb = rgb[:: -1 if y < 0 else 1, :: -1 if x < 0 else 1]
    return np.ascontiguousarray(rgb)


def is_on_its_side(matrix: Optional[np.ndarray]) -> bool:
    """Whether width and height change places."""
    if matrix is None:
        return False
    return abs(int(matrix[1])) > abs(int(matrix[0]))

"""What a detector's test pipeline does to a picture, for exporters."""

from typing import NamedTuple, Optional, Sequence, Tuple

import torch
from torch import Tensor

from ruas_mm.models.cv2_resize import resize_levels

STEPS = dict(
    LoadImageFromFile=dict(
        to_float32=False, color_type='color', imdecode_backend='cv2'
    ),
    Resize=dict(backend='cv2', interpolation='bilinear'),
    Pad=dict(padding_mode='constant'),
    LoadAnnotations={},
    PackDetInputs={},
)
"""Steps that are known, and settings that they must have if any."""
READ = dict(
    Resize={'scale', 'keep_ratio', 'clip_object_border'},
    Pad={'size', 'size_divisor', 'pad_to_square', 'pad_val'},
)
PROBES = ((9999, 9999), (9999, 1), (1, 9999), (1, 1))  # of sizes


class Letterbox(NamedTuple):
    """A picture is resized, then padded below and on the right.

    Attributes:
        scale: Height and width to resize to. None: no resizing.
        keep_ratio: Whether they are limits, of either side, as in mmcv.
        square: Whether the shorter side is padded to the longer one.
        divisor: Of both sides after padding.
        least: Height and width after padding, at least.
        value: Of what is padded, BGR, in [0, 255].
    """

    scale: Optional[Tuple[int, int]] = None
    keep_ratio: bool = False
    square: bool = False
    divisor: int = 1
    least: Tuple[int, int] = (0, 0)
    value: Tuple[float, float, float] = (0.0, 0.0, 0.0)

    def resized(self, size: Tensor) -> Tensor:
        """Height and width after resizing, of those before; (2, ), float64."""
        if self.scale is None:
            return size
        if not self.keep_ratio:
            return size.new_tensor(self.scale)
        longer, shorter = size.amax(0, True), size.amin(0, True)
        ratio = torch.minimum(
            max(self.scale) / longer, min(self.scale) / shorter
        )
        return (size * ratio + 0.5).floor()

    def canvas(self, height: int, width: int) -> Tuple[int, int]:
        """Height and width after padding, of a picture of that size."""
        sides = self.resized(torch.tensor([height, width]).double())
        if self.square:
            sides = sides.max().expand(2)
        sides = (sides / self.divisor).ceil() * self.divisor
        return tuple(
            max(int(side), least) for side, least in zip(sides, self.least)
        )

    @property
    def is_fixed(self) -> bool:
        """Whether pictures of all sizes get to one size."""
        return len({self.canvas(*size) for size in PROBES}) == 1

    def apply(
        self, picture: Tensor, canvas: Tuple[int, int]
    ) -> Tuple[Tensor, Tensor]:
        """Resize and pad, level by level as OpenCV.

        Args:
            picture: (H, W, C), whole numbers in [0, 255]; H and W can be
                left open in a trace.
            canvas: Of its size.

        Returns:
            (1, C, *canvas) in [0, 255]; factors of height and width (2, ).
        """
        size = torch.stack([torch.as_tensor(n) for n in picture.shape[:2]])
        size = size.double()
        resized = self.resized(size)
        x = picture.permute(2, 0, 1)[None]
        x = resize_levels(x, resized, canvas)
        rows, columns = (torch.arange(n).double() for n in canvas)
        inside = (rows < resized[:1])[:, None] & (columns < resized[1:])
        value = x.new_tensor(self.value).reshape(-1, 1, 1)
        x = torch.where(inside, x, value)
        return x.reshape(1, len(self.value), *canvas), resized / size


def read_letterbox(pipeline: Sequence[dict]) -> Letterbox:
    """What a test pipeline of mmdet does to pictures.

    Args:
        pipeline: From a config. Steps: :data:`STEPS`.

    Raises:
        ValueError: A step or a setting that is not known here.
    """
    box = Letterbox()
    for step in pipeline:
        kind = getattr(step['type'], '__name__', step['type']).split('.')[-1]
        fixed = STEPS.get(kind, {})
        strange = [
            name
            for name, value in step.items()
            if name != 'type'
            and (kind in READ or name in fixed)
            and name not in READ.get(kind, ())
            and fixed.get(name) != value
        ]
        again = kind == 'Resize' and box != Letterbox()
        if kind not in STEPS or strange or again:
            raise ValueError(
                f'test pipeline: {dict(step)} cannot be exported'
                f'{f" because of {strange}" if strange else ""}, allowed: '
                f'{list(STEPS)}, one Resize with a scale before Pad, '
                f'settings {STEPS["Resize"] | STEPS["Pad"]}'
            )
        if kind == 'Resize':
            box = box._replace(
                scale=_pair(step['scale']),
                keep_ratio=step.get('keep_ratio', False),
            )
        elif kind == 'Pad':
            box = box._replace(
                square=step.get('pad_to_square', False),
                divisor=step.get('size_divisor') or 1,
                least=_pair(step.get('size') or 0),
                value=_value(step.get('pad_val', 0)),
            )
    return box


def _pair(size) -> Tuple[int, int]:
    """Height and width, of one number or of width and height."""
    return (size, size) if isinstance(size, int) else (size[1], size[0])


def _value(value) -> Tuple[float, float, float]:
    if isinstance(value, dict):
        value = value.get('img', 0)
    return (value,) * 3 if isinstance(value, (int, float)) else tuple(value)

"""What an enhancer looks at a picture as a whole for.

How dark it is, how noisy, its colour. Where pictures are enhanced part by part
by somebody else, such as ONNX Runtime, it has to be known what that is.
"""

from typing import Dict, NamedTuple

from torch import Tensor


class Step(NamedTuple):
    """One result on the way.

    Attributes:
        value: (N, ...).
        is_local: It is a map, (N, C, H, W), of the surroundings of each pixel
            and of earlier steps. Otherwise it is of the picture as a whole.
    """

    value: Tensor
    is_local: bool


class Measuring:
    """Stands in the place of a :class:`VideoMemory`, and takes notes.

    Attributes:
        steps: By name; the later ones depend on the earlier.
    """

    def __init__(self) -> None:
        self.steps: Dict[str, Step] = {}

    def see(self, y: Tensor) -> None:
        """There are no frames."""

    def steady(self, name: str, value: Tensor) -> Tensor:
        """``value``, which is of the picture as a whole."""
        self.steps[name] = Step(value, is_local=False)
        return value

    def strength(self, metered: Tensor) -> Tensor:
        """``metered``."""
        return self.steady('metered', metered)

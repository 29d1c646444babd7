"""What may stand in front of a model: the one interface of enhancers.

Whoever brings an enhancer derives from :class:`Enhancer` and writes
``forward``; any other module with both methods will do as well.
"""

from abc import ABCMeta, abstractmethod
from typing import Optional

import torch
from torch import Tensor, nn

from ruas_mm.arguments import check_strength, check_tile
from ruas_mm.models.pretrained import PretrainedModule
from ruas_mm.models.tiling import tiled


class Enhancer(PretrainedModule, metaclass=ABCMeta):
    """Turns the light on.

    An enhancer that also knows an illumination has a third method,
    ``decompose(y, strength=None, tile=None)``, which returns the enhanced
    picture and the illumination and is differentiable where gradients are on
    (see :meth:`SceneModule.decompose`).

    Args:
        init_cfg: See :class:`PretrainedModule`.

    Attributes:
        radius: How far away a pixel can change the result, in pixels. None:
            from anywhere, so that pictures cannot be enhanced in tiles.
    """

    radius: Optional[int] = None

    @abstractmethod
    def forward(self, y: Tensor) -> Tensor:
        """Enhance, differentiably.

        Args:
            y: RGB in [0, 1], (N, 3, H, W), any size.

        Returns:
            RGB in [0, 1], same shape.
        """

    @torch.no_grad()
    def enhance(
        self,
        y: Tensor,
        strength: Optional[float] = None,
        tile: Optional[int] = None,
    ) -> Tensor:
        """Enhance for inference.

        Args:
            y: As in :meth:`forward`.
            strength: In [0, 1], between the input (0) and the full result;
                None: 1, unless the enhancer has one of its own.
            tile: Largest side of what is computed at once, in pixels; None:
                as large as is fast. Not looked at where ``radius`` is None.

        Returns:
            As :meth:`forward`, up to rounding.

        Raises:
            ValueError: ``strength`` or ``tile`` is out of range.
        """
        check_strength(strength)
        check_tile(tile)
        size = None if tile is None or self.radius is None else (tile, tile)
        u = tiled(self, y, tile=size, radius=self.radius or 0)
        return u if strength is None else torch.lerp(y, u, strength)


def check_enhancer(module: nn.Module, name: str) -> None:
    """Raise ``ValueError`` unless ``module`` can stand in front of a model.

    Args:
        module: Whatever was built.
        name: Named in the message.
    """
    if not callable(getattr(module, 'enhance', None)):
        raise ValueError(
            f'{name} is a {type(module).__name__}, allowed: an enhancer, with '
            'forward(y) and enhance(y, strength=None, tile=None), see '
            'ruas_mm.models.enhancers.Enhancer'
        )

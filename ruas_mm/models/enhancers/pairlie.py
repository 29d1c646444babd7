"""PairLIE: projection, illumination and reflectance, learned from dark pairs.

Fu et al., Learning a Simple Low-light Image Enhancer from Paired Low-light
Instances, CVPR 2023.

Differs from the paper: sides of one pixel are padded with themselves, as
there is nothing to reflect; its losses: :class:`PairLIELoss`.
Weights: github.com/zhenqifu/PairLIE, no licence stated.
"""

from typing import Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ruas_mm.arguments import check_at_least
from ruas_mm.models.enhancers.published import PublishedEnhancer

WIDTHS = (3, 64, 64, 64, 64)


class PairLIE(PublishedEnhancer):
    """x = N(y), u = L(x) ** exponent * R(x).

    Args:
        exponent: How much of the illumination stays, from 0 on. 0.2: the
            authors' default; they take 0.14 for LOL.
        init_cfg: See :class:`PretrainedModule`.

    Raises:
        ValueError: ``exponent`` is out of range.
    """

    radius = 2 * len(WIDTHS)
    theirs = {
        f'{letter}_net.{letter}_net.{3 * i + 1}': f'{part}.{i}'
        for letter, part in zip('NLR', ('projection', 'light', 'reflectance'))
        for i in range(len(WIDTHS))
    }

    def __init__(
        self, exponent: float = 0.2, init_cfg: Optional[dict] = None
    ) -> None:
        super().__init__(init_cfg)
        check_at_least('exponent', exponent, 0)
        self.exponent = exponent
        self.projection = _convolutions(3)
        self.light = _convolutions(1)
        self.reflectance = _convolutions(3)

    def forward(self, y: Tensor) -> Tensor:
        """See :meth:`Enhancer.forward`."""
        _, light, reflectance = self.retinex(y)
        return light**self.exponent * reflectance

    def retinex(self, y: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
        """x, L (N, 1, H, W) and R, each in [0, 1]."""
        x = _run(self.projection, y)
        return x, _run(self.light, x), _run(self.reflectance, x)


def _convolutions(outputs: int) -> nn.ModuleList:
    widths = (*WIDTHS, outputs)
    return nn.ModuleList(
        nn.Conv2d(before, after, 3)
        for before, after in zip(widths, widths[1:])
    )


def _run(layers: nn.ModuleList, x: Tensor) -> Tensor:
    """In [0, 1]."""
    for layer in layers[:-1]:
        x = F.relu(layer(_padded(x)))
    return torch.sigmoid(layers[-1](_padded(x)))


def _padded(x: Tensor) -> Tensor:
    """By a pixel, reflected."""
    if min(x.shape[-2:]) > 1:
        return F.pad(x, (1, 1, 1, 1), 'reflect')
    for axis, sides in ((-1, (1, 1, 0, 0)), (-2, (0, 0, 1, 1))):
        x = F.pad(x, sides, 'reflect' if x.shape[axis] > 1 else 'replicate')
    return x

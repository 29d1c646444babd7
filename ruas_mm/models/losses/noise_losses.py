"""What trains noise estimator and remover without any clean picture.

``Neighbor2NeighborLoss``: Neighbor2Neighbor: Self-Supervised Denoising from
Single Noisy Images, Huang et al., CVPR 2021, Eq. (8) and Sec. 3.3.
https://arxiv.org/abs/2101.02824

``ReleasedNoiseLoss``: the authors' release of
https://arxiv.org/abs/2112.04719, whose text names no loss for the noise.

Differs from the papers: RUAS does not use Neighbor2Neighbor; there the cells
of the sub-sampler are 2x2, here ``cell`` x ``cell``, because the noise of
developed pictures is correlated from a pixel to the next.
"""

from typing import Callable, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ruas_mm.arguments import check_whole_number
from ruas_mm.registry import MODELS

from .noise_loss import NoiseLoss

Denoiser = Callable[[Tensor], Tensor]


@MODELS.register_module()
class Neighbor2NeighborLoss(NoiseLoss):
    """One neighbour, denoised, must predict the other.

    Args:
        cell: Side of the cells, in pixels; two pixels out of each make the
            pair of sub-pictures. 2: Neighbor2Neighbor.
        consistency: Weight of the regulariser. 2: Neighbor2Neighbor's code
            for real noise ends at this weight.

    Raises:
        ValueError: ``cell`` is no whole number from 2 on.
    """

    def __init__(self, cell: int = 2, consistency: float = 2.0) -> None:
        super().__init__()
        check_whole_number('cell', cell, 2)
        self.cell = cell
        self.consistency = consistency

    def forward(self, denoise: Denoiser, noisy: Tensor) -> Tensor:
        """Loss of a batch.

        Args:
            denoise: Pictures to denoised pictures, any size.
            noisy: (N, C, H, W), at least ``cell`` x ``cell``.
        """
        first, second = self._choose(noisy)
        with torch.no_grad():
            clean = denoise(noisy)
        predicted = denoise(first(noisy))
        difference = predicted - second(noisy)
        expected = first(clean) - second(clean)
        return difference.square().mean() + self.consistency * (
            (difference - expected).square().mean()
        )

    def _choose(self, x: Tensor) -> Tuple[Denoiser, Denoiser]:
        """Two sub-samplers that pick different pixels of each cell."""
        batch, _, height, width = x.shape
        rows, columns = height // self.cell, width // self.cell
        if not rows or not columns:
            raise ValueError(
                f'noisy has {height}x{width} pixels, allowed: at least '
                f'{self.cell}x{self.cell}'
            )
        shape = (batch, 1, rows, columns)
        pixels = self.cell**2
        place = torch.randint(pixels, shape, device=x.device)
        row, column = place // self.cell, place % self.cell
        # in the same row or column, half a cell away (up to rounding)
        step = self.cell // 2
        across = torch.rand(shape, device=x.device) < 0.5
        other = torch.where(
            across,
            row * self.cell + (column + step) % self.cell,
            (row + step) % self.cell * self.cell + column,
        )
        return (
            lambda x: self._pick(x, place, rows, columns),
            lambda x: self._pick(x, other, rows, columns),
        )

    def _pick(
        self, x: Tensor, place: Tensor, rows: int, columns: int
    ) -> Tensor:
        x = x[..., : rows * self.cell, : columns * self.cell]
        channels = x.shape[1]
        cells = F.pixel_unshuffle(x, self.cell).unflatten(1, (channels, -1))
        index = place[:, :, None].expand(-1, channels, 1, -1, -1)
        return cells.gather(2, index).squeeze(2)


@MODELS.register_module()
class ReleasedNoiseLoss(NoiseLoss):
    """``1e-7 MSE + TV`` of the release; it smooths whatever it is given.

    Args:
        fidelity: Weight of the mean squared change. 1e-7: release.
    """

    def __init__(self, fidelity: float = 1e-7) -> None:
        super().__init__()
        self.fidelity = fidelity

    def forward(self, denoise: Denoiser, noisy: Tensor) -> Tensor:
        """Loss of a batch; see :class:`Neighbor2NeighborLoss`."""
        clean = denoise(noisy)
        variation = sum(
            clean.diff(dim=axis).abs().mean()
            for axis in (2, 3)
            if clean.shape[axis] > 1
        )
        return self.fidelity * (clean - noisy).square().mean() + variation

"""Noise remover Psi_r, searched with the scene module.

Paper: Sec. 5.1, "Noise removal module", Fig. 5 (second row).
https://arxiv.org/abs/2112.04719

Differs from the paper: by default it sees u alone, as in the release, whose
weights need that; ``noise_map=True`` is the paper's ``Psi_r(u, theta)``.
"""

from functools import partial
from typing import Iterable, Optional, Sequence, Tuple

import torch
import torch.nn as nn
from torch import Tensor

from ruas_mm.models.architecture import (
    SearchedPart,
    cell_alphas,
    runnable_cells,
)
from ruas_mm.models.cells import LOW_LEVEL_OPERATIONS, DistillationCell
from ruas_mm.models.cells.genotype import NOISE_REMOVAL_JOURNAL
from ruas_mm.models.lit import Lit
from ruas_mm.models.precision import at_least_float32, full_precision
from ruas_mm.models.pretrained import PretrainedModule
from ruas_mm.models.tiling import tiled
from ruas_mm.models.tone import Tone
from ruas_mm.registry import MODELS


@MODELS.register_module()
class NoiseRemover(SearchedPart, PretrainedModule):
    """Estimates the noise, which is then taken from the picture.

    Args:
        genotype: Seven operations of Table 1, for all cells; default: the
            journal release (5,985 parameters). None: the supernet, with
            ``alphas`` that the cells share.
        num_cells: 3: release.
        channels: Width of the cells. 6: Sec. 6.1.
        noise_map: Whether theta is a second input.
        init_cfg: See :class:`PretrainedModule`.

    Raises:
        ValueError: The genotype does not fit a distillation cell.
    """

    searched_operations = LOW_LEVEL_OPERATIONS

    def __init__(
        self,
        genotype: Optional[Sequence[str]] = NOISE_REMOVAL_JOURNAL,
        num_cells: int = 3,
        channels: int = 6,
        noise_map: bool = False,
        init_cfg: dict = None,
    ) -> None:
        super().__init__(init_cfg)
        self.noise_map = noise_map
        inputs = 6 if noise_map else 3
        self.stem = nn.Conv2d(inputs, channels, 3, padding=1)
        self.cells = nn.ModuleList(
            DistillationCell(genotype, channels) for _ in range(num_cells)
        )
        self.to_noise = nn.Conv2d(channels, 3, 3, padding=1)
        self.alphas = cell_alphas(genotype)

    @property
    def radius(self) -> int:
        """How far away a pixel can change the result, in pixels."""
        return 2 + sum(cell.radius for cell in self.cells)

    def start_small(self) -> None:
        """Training starts from "no noise"."""
        self.to_noise.weight.data.mul_(0.1)
        self.to_noise.bias.data.zero_()

    def inputs(
        self, lit: Lit, tone: Tone, theta: Optional[Tensor] = None
    ) -> Tuple[Tensor, ...]:
        """What :meth:`forward` takes, of a picture with the light on.

        Args:
            lit: The picture.
            tone: Not looked at.
            theta: Its noise map.
        """
        return (lit.u, theta) if self.noise_map else (lit.u,)

    def forward(self, u: Tensor, theta: Optional[Tensor] = None) -> Tensor:
        """The noise in ``u``; x = u - noise.

        Not in half precision under autocast, whose rounding is noise, too.

        Args:
            u: Picture with the light on, (N, 3, H, W).
            theta: Noise map of the estimator, same shape; needed where
                ``noise_map`` is set, and otherwise not looked at.

        Raises:
            ValueError: ``noise_map`` is set and ``theta`` is missing.
        """
        cells = runnable_cells(self.cells, self.alphas)
        return self._find_noise(cells, u, theta)

    @torch.no_grad()
    def find_noise(
        self,
        u: Tensor,
        theta: Optional[Tensor] = None,
        tile: Optional[Tuple[int, int]] = None,
    ) -> Tensor:
        """:meth:`forward` for inference, with folded cells, in tiles."""
        cells = runnable_cells(self.cells, self.alphas, for_inference=True)
        return tiled(
            partial(self._find_noise, cells),
            *(x for x in (u, theta) if x is not None),
            tile=tile,
            radius=self.radius,
        )

    def _find_noise(
        self, cells: Iterable, u: Tensor, theta: Optional[Tensor] = None
    ) -> Tensor:
        self.check_ready()
        if self.noise_map:
            if theta is None:
                raise ValueError(
                    'noise_map=True, but theta is None; allowed: the noise '
                    'map of a NoiseEstimator'
                )
            u = torch.cat([u, theta], 1)
        with full_precision(u):
            features = self.stem(at_least_float32(u))
            for cell in cells:
                features = cell(features)
            return self.to_noise(features)

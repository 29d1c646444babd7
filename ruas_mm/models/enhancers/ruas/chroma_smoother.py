"""Noise removal for detectors: chroma at a low resolution, luma as it is.

Beyond the paper. A detector lives on edges, which lie in luma; what a dark
picture has in chroma is mostly noise (docs/results.md).
"""

from typing import Optional, Tuple

import torch
from torch import Tensor

from ruas_mm.arguments import check_whole_number
from ruas_mm.models.lit import Lit
from ruas_mm.models.low_resolution import enlarge, filled_up, shrunk
from ruas_mm.models.pretrained import PretrainedModule
from ruas_mm.models.tiling import tiled
from ruas_mm.models.tone import Tone
from ruas_mm.models.ycbcr import rgb_to_ycbcr, ycbcr_to_rgb
from ruas_mm.registry import MODELS


@MODELS.register_module()
class ChromaSmoother(PretrainedModule):
    """Means of chroma over blocks, raised bilinearly; nothing is learned.

    Args:
        shrink: Side of a block, in pixels; 8 is like a Gaussian of sigma 4.
        init_cfg: There is nothing to be initialised.

    Raises:
        ValueError: ``shrink`` is no whole number from 2 on.
    """

    noise_map = False  # of the estimator is not looked at

    def __init__(self, shrink: int = 8, init_cfg: dict = None) -> None:
        super().__init__(init_cfg)
        check_whole_number('shrink', shrink, 2)
        self.shrink = shrink

    @property
    def radius(self) -> int:
        """How far away a pixel can change the result, in pixels."""
        return 2 * self.shrink

    @property
    def multiple(self) -> int:
        """Of which tiles and margins are."""
        return self.shrink

    def inputs(
        self, lit: Lit, tone: Tone, theta: Optional[Tensor] = None
    ) -> Tuple[Tensor]:
        """What :meth:`forward` takes, of a picture with the light on."""
        return (lit.u,)

    def forward(self, u: Tensor) -> Tensor:
        """The noise in ``u``, RGB in [0, 1], (N, 3, H, W); x = u - noise."""
        picture = rgb_to_ycbcr(filled_up(u, self.shrink))
        chroma = picture[:, 1:]
        smooth = enlarge(shrunk(chroma, self.shrink), self.shrink, chroma)
        nothing = torch.zeros_like(picture[:, :1])
        noise = ycbcr_to_rgb(torch.cat([nothing, chroma - smooth], 1))
        return noise[..., : u.shape[-2], : u.shape[-1]]

    @torch.no_grad()
    def find_noise(
        self, u: Tensor, tile: Optional[Tuple[int, int]] = None
    ) -> Tensor:
        """:meth:`forward` for inference, in tiles (rounded up to blocks)."""
        return tiled(
            self, u, tile=tile, radius=self.radius, multiple=self.multiple
        )

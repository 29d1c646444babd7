"""Multi-scale Retinex: light in ratio to that of wider and wider surrounds.

Jobson et al., A Multiscale Retinex for Bridging the Gap Between Color Images
and the Human Observation of Scenes, IEEE TIP 1997; with what is left open
there (how values become a picture, colours) as in Petro et al., Multiscale
Retinex, IPOL 2014, Algorithm 2 (MSRCP), https://doi.org/10.5201/ipol.2014.107.

Differs from these: a surround ends with the picture (no padding).
"""

from typing import Optional, Sequence

import torch
from torch import Tensor

from ruas_mm.arguments import check_interval
from ruas_mm.models.enhancers.base import Enhancer
from ruas_mm.models.gaussian_blur import gaussian_blur

LEVEL = 1 / 255


class MultiScaleRetinex(Enhancer):
    """On the intensity; the chromaticity stays.

    Args:
        sigmas: Of the surrounds, in pixels. 15, 80, 250: Jobson et al.
        clipped: Share of the pixels that becomes black, and that becomes
            white, below one half. 0.01: Petro et al.
        init_cfg: See :class:`PretrainedModule`.

    Raises:
        ValueError: An argument is out of range.
    """

    def __init__(
        self,
        sigmas: Sequence[float] = (15, 80, 250),
        clipped: float = 0.01,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg)
        if not sigmas or min(sigmas) < 1:
            raise ValueError(f'sigmas={sigmas}, allowed: some from 1 on')
        check_interval('clipped', clipped, 0, 0.49)
        self.sigmas, self.clipped = tuple(sigmas), clipped

    def forward(self, y: Tensor) -> Tensor:
        """See :meth:`Enhancer.forward`."""
        if torch.jit.is_tracing():
            raise RuntimeError('its surrounds depend on the size')
        intensity = y.mean(1, keepdim=True)  # (N, 1, H, W)
        light = self.balanced(self.retinex(intensity), intensity)
        gain = light / intensity.clamp(min=LEVEL)
        brightest = y.amax(1, keepdim=True).clamp(min=LEVEL)
        return (y * torch.minimum(gain, 1 / brightest)).clamp(0, 1)

    def retinex(self, intensity: Tensor) -> Tensor:
        """Mean of log(I / surround), (N, 1, H, W)."""
        logs = [
            (gaussian_blur(intensity, sigma) + LEVEL).log()
            for sigma in self.sigmas
        ]
        return (intensity + LEVEL).log() - torch.stack(logs).mean(0)

    def balanced(self, retinex: Tensor, intensity: Tensor) -> Tensor:
        """Stretched to [0, 1]; a flat one is left as bright as it was."""
        ordered = retinex.flatten(1).sort(1).values
        last = ordered.shape[1] - 1
        first = int(self.clipped * last)
        low = ordered[:, first, None, None, None]
        width = ordered[:, last - first, None, None, None] - low
        stretched = ((retinex - low) / width.clamp(min=1e-6)).clamp(0, 1)
        return torch.where(width > 1e-3, stretched, intensity)

"""LIME: the brightest channel, smoothed along structure, is the illumination.

Guo et al., LIME: Low-Light Image Enhancement via Illumination Map Estimation,
IEEE TIP 2017, Eq. (3), (17)-(19), weights of strategy III.

Differs from the paper: the reflectance is not denoised (BM3D there). The
linear system of the sped-up solver is solved directly, in double precision
(SciPy): some 2 s and 0.5 GB for 600x400 pixels, more than in proportion for
more.
"""

from typing import Optional

import numpy as np
import torch
from torch import Tensor

from ruas_mm.arguments import check_at_least, check_interval
from ruas_mm.compatibility import is_installed
from ruas_mm.models.enhancers.base import Enhancer
from ruas_mm.models.gaussian_blur import gaussian_blur

DARKEST = 1e-3


class LIME(Enhancer):
    """t of least ``|t - max_c y|^2 + alpha |W grad t|_1``; u = y / t ** gamma.

    Gradients pass through y alone: t counts as a constant.

    Args:
        alpha: Of the smoothness, from 0 on. 0.15: the paper.
        gamma: How much of the darkness is taken away, in [0, 1]. 0.8: the
            paper.
        sigma: Of the window of the weights, in pixels. 2: the paper.
        init_cfg: See :class:`PretrainedModule`.

    Raises:
        ValueError: An argument is out of range, or SciPy is not installed.
    """

    def __init__(
        self,
        alpha: float = 0.15,
        gamma: float = 0.8,
        sigma: float = 2.0,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg)
        if not is_installed('scipy'):
            raise ValueError('lime needs SciPy: pip install scipy')
        check_at_least('alpha', alpha, 0)
        check_interval('gamma', gamma, 0, 1)
        check_at_least('sigma', sigma, 0.1)
        self.alpha, self.gamma, self.sigma = alpha, gamma, sigma

    def forward(self, y: Tensor) -> Tensor:
        """See :meth:`Enhancer.forward`."""
        if torch.jit.is_tracing():
            raise RuntimeError('SciPy solves its system, not torch')
        return (y / self.illumination(y) ** self.gamma).clamp(0, 1)

    @torch.no_grad()
    def illumination(self, y: Tensor) -> Tensor:
        """t in [0.001, 1], (N, 1, H, W)."""
        brightest = y.amax(1, keepdim=True)
        down, across = (self._weights(brightest, axis) for axis in (2, 3))
        t = [
            _solve(*(x[0].double().cpu().numpy() for x in maps))
            for maps in zip(brightest, down, across)
        ]
        return torch.from_numpy(np.stack(t)[:, None]).to(y).clamp(DARKEST, 1)

    def _weights(self, brightest: Tensor, axis: int) -> Tensor:
        """alpha W / |gradient|, between pixels along an axis."""
        gradient = brightest.diff(dim=axis)
        if not gradient.numel():
            return gradient
        inherent = gaussian_blur(gradient, self.sigma).abs()
        return self.alpha / ((inherent + DARKEST) * (gradient.abs() + DARKEST))


def _solve(
    target: np.ndarray, down: np.ndarray, across: np.ndarray
) -> np.ndarray:
    """t of ``(1 + D^T W D) t = target``, (H, W).

    Args:
        target: (H, W).
        down: Weights W between rows, (H - 1, W).
        across: Between columns, (H, W - 1).
    """
    from scipy.sparse import coo_matrix, diags
    from scipy.sparse.linalg import splu

    place = np.arange(target.size).reshape(target.shape)
    one = np.concatenate([place[:-1].ravel(), place[:, :-1].ravel()])
    other = np.concatenate([place[1:].ravel(), place[:, 1:].ravel()])
    weights = np.concatenate([down.ravel(), across.ravel()])
    links = coo_matrix((weights, (one, other)), shape=(target.size,) * 2)
    links = links + links.T
    system = diags(1 + np.asarray(links.sum(1)).ravel()) - links
    factors = splu(
        system.tocsc(),
        permc_spec='MMD_AT_PLUS_A',
        diag_pivot_thresh=0.0,
        options=dict(SymmetricMode=True),
    )
    return factors.solve(target.ravel()).reshape(target.shape)

"""What trains the scene module without any clean picture.

Paper: Sec. 3, ``l_s = ||t^K - y||^2 + eta ||t^K||_RTV``.
https://arxiv.org/abs/2112.04719

Differs from the paper: means in the place of sums, so that eta holds for
every size.
"""

import torch.nn as nn
from torch import Tensor

from ruas_mm.models.precision import full_precision
from ruas_mm.models.scene_module import SceneOutput
from ruas_mm.registry import MODELS

from .relative_total_variation import relative_total_variation

SCENE_LOSSES = 'loss_scene'
"""How the names of l_s begin; all other losses of a model are l_t."""


@MODELS.register_module()
class SceneLoss(nn.Module):
    """Fidelity of the illumination and its relative total variation.

    Args:
        eta: Weight of the prior. 1e-3: docs/notes.md.
        sigma: Window of the prior in pixels; see
            :func:`relative_total_variation`.
    """

    def __init__(self, eta: float = 1e-3, sigma: float = 3.0) -> None:
        super().__init__()
        self.eta = eta
        self.sigma = sigma

    def forward(self, y: Tensor, scene: SceneOutput) -> dict:
        """Losses of a batch.

        Args:
            y: Dark pictures, RGB in [0, 1], (N, 3, H, W).
            scene: What the scene module made of them.

        Returns:
            ``loss_scene_fidelity`` and ``loss_scene_rtv`` (weighted), each a
            scalar.

        Raises:
            ValueError: There is no illumination.
        """
        if not scene.illuminations:
            raise ValueError(
                'the scene loss needs an illumination, but the enhancer has '
                'no method decompose; allowed: one that has (SceneModule, '
                'LowLightEnhancer), or a scene_loss of your own'
            )
        t = scene.illuminations[-1]
        # differences of a smooth map would drown in half precision
        with full_precision(t):
            rtv = relative_total_variation(t, self.sigma).mean()
        return {
            f'{SCENE_LOSSES}_fidelity': (t - y).square().mean(),
            f'{SCENE_LOSSES}_rtv': self.eta * rtv,
        }

"""SSIENet: a reflectance with an equalised brightest channel.

Zhang et al., Self-supervised Image Enhancement Network: Training with Low
Light Images Only, 2020. https://arxiv.org/abs/2002.11300

Differs from the paper: odd sides are padded by a pixel; its losses are not
here.
Weights: github.com/hitzhangyu/Self-supervised-Image-Enhancement-Network-\
Training-With-Low-Light-Images-Only, no licence stated (TensorFlow; converted
tensors keep its names).
"""

from typing import Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ruas_mm.models.enhancers.padding import (
    cropped,
    extended,
    sides_to_multiple,
)
from ruas_mm.models.enhancers.published import PublishedEnhancer

WIDTH = 64


class SSIENet(PublishedEnhancer):
    """Decomposes y = R * L; the enhanced picture is R.

    Args:
        init_cfg: See :class:`PretrainedModule`.
    """

    theirs = {
        'first_layer': 'narrow',
        'shallow_feature_extraction': 'stem',
        'activated_layer_1': 'layer',
        'activated_layer_2': 'down',
        'activated_layer_3': 'deep',
        'activated_layer_4': 'up',
        'activated_layer_5': 'fuse',
        'activated_layer_7': 'fuse_narrow',
        'recon_layer': 'to_retinex',
    }

    def __init__(self, init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg)
        self.narrow = nn.Conv2d(4, WIDTH // 2, 3, padding=1)
        self.stem = nn.Conv2d(4, WIDTH, 9, padding=4)
        self.layer = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
        self.down = nn.Conv2d(WIDTH, 2 * WIDTH, 3, stride=2)
        self.deep = nn.Conv2d(2 * WIDTH, 2 * WIDTH, 3, padding=1)
        self.up = nn.ConvTranspose2d(2 * WIDTH, WIDTH, 3, stride=2)
        self.fuse = nn.Conv2d(2 * WIDTH, WIDTH, 3, padding=1)
        self.fuse_narrow = nn.Conv2d(WIDTH + WIDTH // 2, WIDTH, 3, padding=1)
        self.to_retinex = nn.Conv2d(WIDTH, 4, 3, padding=1)

    def forward(self, y: Tensor) -> Tensor:
        """See :meth:`Enhancer.forward`."""
        return self.retinex(y)[0]

    def retinex(self, y: Tensor) -> Tuple[Tensor, Tensor]:
        """R, (N, 3, H, W), and L, (N, 1, H, W), in [0, 1]."""
        sides = sides_to_multiple(y, 2)
        z = extended(torch.cat([y.amax(1, keepdim=True), y], 1), sides)
        wide = F.relu(self.layer(self.stem(z)))
        deep = F.relu(self.down(F.pad(wide, (0, 1, 0, 1))))
        deep = F.relu(self.deep(deep))
        up = F.relu(self.up(deep)[..., :-1, :-1])
        x = F.relu(self.fuse(torch.cat([up, wide], 1)))
        narrow = F.relu(self.narrow(z))
        x = self.fuse_narrow(torch.cat([x, narrow], 1))
        x = torch.sigmoid(self.to_retinex(x))
        return cropped(x, sides).split([3, 1], 1)

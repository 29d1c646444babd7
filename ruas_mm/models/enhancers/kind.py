"""KinD: reflectance times an illumination adjusted by a ratio.

Zhang et al., Kindling the Darkness: A Practical Low-light Image Enhancer, ACM
MM 2019. https://arxiv.org/abs/1905.04161

Differs from the paper: the reflectance is not restored, because the weights
of the restoring network are not published with the others; what is here is
R * A, noise and all. Its losses are not here.
Weights: github.com/zhangyhuaee/KinD, no licence stated (TensorFlow, of the
decomposing and the adjusting network; converted tensors keep their names).
"""

from typing import Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ruas_mm.arguments import check_interval
from ruas_mm.models.enhancers.padding import extended, sides_to_multiple
from ruas_mm.models.enhancers.published import PublishedEnhancer

WIDTH = 32
NARROWEST = 1e-3  # range of a picture that is stretched
MAX_RATIO = 5
DECOMPOSING = {
    'g_conv1_1': 'encoder.0',
    'g_conv2_1': 'encoder.1',
    'g_conv3_1': 'encoder.2',
    'g_up_1': 'up.0',
    'g_up_2': 'up.1',
    'g_conv8_1': 'decoder.0',
    'g_conv9_1': 'decoder.1',
    'g_conv10': 'to_reflectance',
    'l_conv1_2': 'light',
    'l_conv1_4': 'to_light',
}


class KinD(PublishedEnhancer):
    """u = R * A, where A is made of the illumination and a ratio.

    Args:
        ratio: How much brighter, in [0, 5]. 5: the authors' for pictures
            without a reference.
        init_cfg: See :class:`PretrainedModule`.

    Raises:
        ValueError: ``ratio`` is out of range.
    """

    theirs = {
        **DECOMPOSING,
        **{f'en_conv_{i + 1}': f'adjust.{i}' for i in range(4)},
    }

    def __init__(
        self, ratio: float = 5.0, init_cfg: Optional[dict] = None
    ) -> None:
        super().__init__(init_cfg)
        check_interval('ratio', ratio, 0, MAX_RATIO)
        self.ratio = ratio
        widths = (3, WIDTH, 2 * WIDTH, 4 * WIDTH)
        self.encoder = _convolutions(*widths)
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(2 * width, width, 2, stride=2, bias=False)
            for width in (2 * WIDTH, WIDTH)
        )
        self.decoder = nn.ModuleList(
            nn.Conv2d(2 * width, width, 3, padding=1)
            for width in (2 * WIDTH, WIDTH)
        )
        self.to_reflectance = nn.Conv2d(WIDTH, 3, 1)
        self.light = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
        self.to_light = nn.Conv2d(2 * WIDTH, 1, 1)
        self.adjust = _convolutions(2, WIDTH, WIDTH, WIDTH, 1)

    def forward(self, y: Tensor) -> Tensor:
        """See :meth:`Enhancer.forward`."""
        reflectance, light = self.retinex(stretched(y))
        return reflectance * self.adjusted(light)

    def retinex(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        """R, (N, 3, H, W), and I, (N, 1, H, W), in [0, 1]."""
        levels = []
        for layer in self.encoder:
            if levels:
                x = F.max_pool2d(extended(x, sides_to_multiple(x, 2)), 2)
            x = _leaky(layer(x))
            levels.append(x)
        shallow, *skips = levels[:-1]
        for up, fuse, skip in zip(
            self.up, self.decoder, (*reversed(skips), shallow)
        ):
            height, width = skip.shape[-2:]
            x = torch.cat([up(x)[..., :height, :width], skip], 1)
            x = _leaky(fuse(x))
        light = torch.cat([_leaky(self.light(shallow)), x], 1)
        return (
            torch.sigmoid(self.to_reflectance(x)),
            torch.sigmoid(self.to_light(light)),
        )

    def adjusted(self, light: Tensor) -> Tensor:
        """A in [0, 1], (N, 1, H, W)."""
        x = torch.cat([light, torch.full_like(light, self.ratio)], 1)
        for layer in self.adjust:
            x = _leaky(layer(x))
        return torch.sigmoid(x)


def stretched(y: Tensor) -> Tensor:
    """Each picture from its darkest to its brightest value, to [0, 1]."""
    low = y.amin((1, 2, 3), keepdim=True)
    width = y.amax((1, 2, 3), keepdim=True) - low
    return (y - low) / width.clamp(min=NARROWEST)


def _convolutions(*widths: int) -> nn.ModuleList:
    return nn.ModuleList(
        nn.Conv2d(before, after, 3, padding=1)
        for before, after in zip(widths, widths[1:])
    )


def _leaky(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.2)

"""MBLLEN: ten depths of features, each enhanced in a branch, then fused.

Lv et al., MBLLEN: Low-light Image/Video Enhancement Using CNNs, BMVC 2018.

Differs from the paper: sides under 13 pixels are padded; its losses are not
here; untrained, the last biases are 0.1, or a branch may be dead from the
start.
Weights: github.com/Lvfeifan/MBLLEN, Apache-2.0 (Keras; converted tensors are
called fem, em, fusion).
"""

from typing import Optional

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ruas_mm.models.enhancers.hsv import from_hsv, to_hsv
from ruas_mm.models.enhancers.padding import cropped, extended
from ruas_mm.models.enhancers.published import PublishedEnhancer

WIDTH = 32
DEPTH = 10
SMALLEST = 13  # three convolutions of 5 x 5 without padding
LUMA = (0.299, 0.701, 0.0)  # of the authors' script: blue counts as green
BRIGHT, SHARE = 0.8, 0.05  # luma that at least this share should reach
SATURATION = 0.8  # its exponent


class MBLLEN(PublishedEnhancer):
    """Ten branches of a chain of convolutions.

    Args:
        finished: Whether contrast and saturation are raised afterwards, as
            the authors' script does. It is hard on hazy pictures.
        init_cfg: See :class:`PretrainedModule`.
    """

    theirs = {'fem': 'features', 'em': 'branches', 'fusion': 'fuse'}

    def __init__(
        self, finished: bool = False, init_cfg: Optional[dict] = None
    ) -> None:
        super().__init__(init_cfg)
        self.finished = finished
        # features, and in a branch the first, the next three, and back
        self.radius = None if finished else DEPTH + 1 + 6 + 6
        self.features = nn.ModuleList(
            nn.Conv2d(3 if i == 0 else WIDTH, WIDTH, 3, padding=1)
            for i in range(DEPTH)
        )
        self.branches = nn.ModuleList(_Branch() for _ in range(DEPTH))
        self.fuse = nn.Conv2d(3 * DEPTH, 3, 1)
        nn.init.constant_(self.fuse.bias, 0.1)

    def forward(self, y: Tensor) -> Tensor:
        """See :meth:`Enhancer.forward`."""
        u = self.raw(y)
        return (finished(u) if self.finished else u).clamp(0, 1)

    def raw(self, y: Tensor) -> Tensor:
        """From 0 on, as ``y``."""
        height, width = y.shape[-2:]
        sides = (0, max(SMALLEST - width, 0), 0, max(SMALLEST - height, 0))
        x, outputs = extended(y, sides), []
        for layer, branch in zip(self.features, self.branches):
            x = F.relu(layer(x))
            outputs.append(branch(x))
        return cropped(F.relu(self.fuse(torch.cat(outputs, 1))), sides)


def finished(u: Tensor) -> Tensor:
    """Brightest luma at 0.8, darkest at 0, stronger colours.

    Args:
        u: RGB from 0 on, (N, 3, H, W).

    Returns:
        RGB, not clipped.
    """
    luma = _luma(u).flatten(1)
    bright = (luma >= BRIGHT).sum(1)
    is_dark = bright < SHARE * (luma <= 1).sum(1)
    brightest = _percentile(luma, 95).clamp(min=1e-6)
    gain = torch.where(is_dark, BRIGHT / brightest, 1)[:, None, None, None]
    amplified = torch.where(
        is_dark[:, None, None, None], (u * gain).clamp(max=1), u
    )
    darkest = _percentile(_luma(amplified).flatten(1), 5)
    darkest = darkest[:, None, None, None]
    hue, saturation, value = to_hsv(
        (amplified - darkest) / (1 - darkest).clamp(min=1e-6)
    )
    return from_hsv(hue, saturation.clamp(min=1e-6) ** SATURATION, value)


def _luma(u: Tensor) -> Tensor:
    weights = u.new_tensor(LUMA)[:, None, None]
    return (u * weights).sum(1, keepdim=True)


def _percentile(values: Tensor, percent: float) -> Tensor:
    """Of each row, between two values linearly; (N,)."""
    ordered = values.sort(1).values
    place = percent / 100 * (ordered.shape[1] - 1)
    below = int(place)
    above = min(below + 1, ordered.shape[1] - 1)
    return ordered[:, below].lerp(ordered[:, above], place - below)


class _Branch(nn.Module):
    """(N, 32, H, W) to (N, 3, H, W), a ReLU after each layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(WIDTH, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 8, 5)
        self.conv3 = nn.Conv2d(8, 16, 5)
        self.conv4 = nn.Conv2d(16, 32, 5)
        self.deconv1 = nn.ConvTranspose2d(32, 16, 5)
        self.deconv2 = nn.ConvTranspose2d(16, 8, 5)
        self.deconv3 = nn.ConvTranspose2d(8, 3, 5)
        nn.init.constant_(self.deconv3.bias, 0.1)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.children():
            x = F.relu(layer(x))
        return x

"""DRBN: four recurrences of a band representation, then recomposed.

Yang et al., From Fidelity to Perceptual Quality: A Semi-Supervised Approach
for Low-Light Image Enhancement, CVPR 2020.

Differs from the paper: sides that four does not divide are padded, and
nothing is cropped, where the authors' test crops to a multiple of eight; its
losses are not here.
Weights: github.com/flyywh/CVPR-2020-Semi-Low-Light, no licence stated
(model_s2.pt: the bands, model_R_s2.pt: the recomposition).
"""

from typing import List, Optional, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ruas_mm.models.enhancers.padding import (
    cropped,
    extended,
    sides_to_multiple,
)
from ruas_mm.models.enhancers.published import PublishedEnhancer

WIDTH, GROWTH = 16, 8
NUM_UNITS = 4
DENSE = 4  # layers of a dense block
UNIT = {
    'SFENet1': 'stem.0',
    'SFENet2': 'stem.1',
    'Down1': 'down.0',
    'Down2': 'down.1',
    'Up2': 'up.0',
    'Up1': 'up.1',
    'UPNet4': 'to_bands.0',
    'UPNet2': 'to_bands.1',
    'UPNet': 'to_bands.2',
}
"""Theirs and ours; the dense blocks are told in :func:`_blocks`."""


def _blocks(theirs: str, ours: str, number: int) -> dict:
    names = {}
    for i in range(number):
        for j in range(DENSE):
            key = f'{theirs}RDBs.{i}.convs.{j}.conv.0'
            names[key] = f'{ours}dense.{i}.layers.{j}'
        names[f'{theirs}RDBs.{i}.LFF'] = f'{ours}dense.{i}.fuse'
    return names


class DRBN(PublishedEnhancer):
    """Bands of full, half and quarter size, each unit on the one before.

    Args:
        recomposed: Whether the bands are weighted and summed anew (stage 2);
            else the full band is the result (stage 1), and ``model_s2.pt``
            alone is all weights.
        init_cfg: See :class:`PretrainedModule`.
    """

    theirs = {
        **{
            f'recur{i + 1}.{name}': f'units.{i}.{ours}'
            for i in range(NUM_UNITS)
            for name, ours in UNIT.items()
        },
        **{
            name: ours
            for i in range(NUM_UNITS)
            for name, ours in _blocks(
                f'recur{i + 1}.', f'units.{i}.', 6
            ).items()
        },
        **_blocks('', 'recompose.', 1),
        'SFENet1': 'recompose.stem.0',
        'SFENet2': 'recompose.stem.1',
        'GFF': 'recompose.mix',
        'UPNet': 'recompose.after',
        'UPNet2': 'recompose.to_weights',
    }

    def __init__(
        self, recomposed: bool = True, init_cfg: Optional[dict] = None
    ) -> None:
        super().__init__(init_cfg)
        self.units = nn.ModuleList(_Unit() for _ in range(NUM_UNITS))
        if recomposed:
            self.recompose = _Recomposition()
        self.recomposed = recomposed

    def forward(self, y: Tensor) -> Tensor:
        """See :meth:`Enhancer.forward`."""
        sides = sides_to_multiple(y, 4)
        x = extended(y, sides)
        bands = self.bands(x)
        u = self.recompose(x, bands) if self.recomposed else bands[-1]
        return cropped(u, sides).clamp(0, 1)

    def bands(self, x: Tensor) -> List[Tensor]:
        """Of quarter, half and full size, each with 3 channels."""
        before, maps = x, None
        for unit in self.units:
            maps = unit(torch.cat([before, x], 1), maps)
            bands = unit.bands(maps)
            before = bands[-1]
        return bands


class _Dense(nn.Module):
    """A residual dense block.

    Args:
        width: Of the input and of the output.
        growth: What each layer adds.
    """

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Conv2d(width + j * growth, growth, 3, padding=1)
            for j in range(DENSE)
        )
        self.fuse = nn.Conv2d(width + DENSE * growth, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        maps = x
        for layer in self.layers:
            maps = torch.cat([maps, F.relu(layer(maps))], 1)
        return x + self.fuse(maps)


class _Unit(nn.Module):
    """Down to a quarter, up again, with the maps of the unit before."""

    def __init__(self) -> None:
        super().__init__()
        wide = 2 * WIDTH
        self.stem = nn.ModuleList(
            nn.Conv2d(before, WIDTH, 3, padding=1) for before in (6, WIDTH)
        )
        self.down = nn.ModuleList(
            nn.Conv2d(WIDTH, after, 3, 2, 1) for after in (WIDTH, wide)
        )
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(before, WIDTH, 4, 2, 1)
            for before in (wide, WIDTH)
        )
        widths = (WIDTH, WIDTH, wide, wide, WIDTH, WIDTH)
        self.dense = nn.ModuleList(_Dense(w, w // 2) for w in widths)
        self.to_bands = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(before, WIDTH, 3, padding=1),
                nn.Conv2d(WIDTH, 3, 3, padding=1),
            )
            for before in (wide, WIDTH, WIDTH)
        )

    def forward(
        self, x: Tensor, maps: Optional[Sequence[Tensor]] = None
    ) -> List[Tensor]:
        """Maps of quarter, half and full size.

        Args:
            x: (N, 6, H, W).
            maps: Of the unit before, which are added.
        """
        old4, old2, old1 = maps or (0, 0, 0)
        f0 = F.relu(self.stem[0](x))
        f1 = F.relu(self.stem[1](f0))
        f2 = self.down[0](self.dense[0](f1))
        f4 = self.down[1](self.dense[1](f2))
        f4 = f4 + self.dense[3](self.dense[2](f4)) + old4
        f2 = f2 + self.dense[4](self.up[0](f4)) + old2
        f1 = f1 + self.dense[5](self.up[1](f2)) + f0 + old1
        return [f4, f2, f1]

    def bands(self, maps: Sequence[Tensor]) -> List[Tensor]:
        """Pictures of quarter, half and full size."""
        bands: List[Tensor] = []
        for layers, x in zip(self.to_bands, maps):
            band = layers(x)
            bands.append(band + _enlarged(bands[-1], 2) if bands else band)
        return bands


class _Recomposition(nn.Module):
    """Three weights for each value: of the bands without the coarser ones."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.ModuleList(
            nn.Conv2d(before, WIDTH, 3, padding=1) for before in (12, WIDTH)
        )
        self.dense = nn.ModuleList([_Dense(WIDTH, GROWTH)])
        self.mix = nn.Sequential(
            nn.Conv2d(WIDTH, WIDTH, 1), nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
        )
        self.after = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
        self.to_weights = nn.Conv2d(WIDTH, 9, 3, padding=1)

    def forward(self, x: Tensor, bands: Sequence[Tensor]) -> Tensor:
        """The recomposed picture, as ``x``, from bands of three sizes."""
        coarse, half = _enlarged(bands[0], 4), _enlarged(bands[1], 2)
        parts = [coarse, half - coarse, bands[2] - half]
        a = self.stem[0](torch.cat([x, *parts], 1))
        v = self.mix(self.dense[0](self.stem[1](a))) + a
        weights = 0.8 * self.to_weights(self.after(v)) + 0.6
        return sum(p * w for p, w in zip(parts, weights.split(3, 1)))


def _enlarged(x: Tensor, factor: int) -> Tensor:
    return F.interpolate(
        x, scale_factor=factor, mode='bilinear', align_corners=False
    )

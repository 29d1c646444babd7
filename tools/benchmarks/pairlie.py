"""PairLIE with its authors' weights, to be compared with.

Restated from "Learning a Simple Low-light Image Enhancer from Paired Low-light
Instances", Fu et al., CVPR 2023. Weights: zhenqifu/PairLIE, no licence stated.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from ruas_mm.models.enhancers import Enhancer

WIDTHS = (3, 64, 64, 64, 64)
EXPONENT = 0.14  # of the illumination, for LOL; .2 otherwise


def _branch(outputs: int) -> nn.Sequential:
    widths = (*WIDTHS, outputs)
    layers = []
    for before, after in zip(widths, widths[1:]):
        layers += [
            nn.ReflectionPad2d(1),
            nn.Conv2d(before, after, 3),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers[:-1], nn.Sigmoid())


class PairLIE(Enhancer):
    """Projection N, illumination L and reflectance R; u = L ** g * R.

    Args:
        exponent: g.
    """

    def __init__(self, exponent: float = EXPONENT) -> None:
        super().__init__()
        self.exponent = exponent
        for name, outputs in dict(N=3, L=1, R=3).items():
            branch = nn.Module()
            branch.add_module(f'{name}_net', _branch(outputs))
            self.add_module(f'{name}_net', branch)

    def forward(self, y: Tensor) -> Tensor:
        x = self.N_net.N_net(y)
        illumination = self.L_net.L_net(x)
        return illumination**self.exponent * self.R_net.R_net(x)


def load_pairlie(path: Path, exponent: float = EXPONENT) -> PairLIE:
    """Ready for use.

    Args:
        path: ``PairLIE.pth``.
        exponent: See :class:`PairLIE`.
    """
    enhancer = PairLIE(exponent)
    state = torch.load(path, map_location='cpu', weights_only=True)
    enhancer.load_state_dict(state)
    return enhancer.eval()

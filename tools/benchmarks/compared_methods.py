"""The methods that the paper's Tables 5 and 9 to 11 compare, and later ones.

Weights are not part of this package: each row names its file below one folder
(``--weights``), as its authors publish it.
"""

from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Tuple

from torch import nn

from ruas_mm.models import load_enhancer
from ruas_mm.zoo import COMPARED


class Method(NamedTuple):
    """One row.

    Attributes:
        title: As printed.
        enhancer: Name of the zoo.
        weights: File or folder below that of all weights; None: none, or
            packaged.
        settings: Arguments of the enhancer.
        lol: PSNR, SSIM and LPIPS of the paper's Table 5 on LOL, if it is
            there.
        fivek: The same on MIT-Adobe FiveK.
    """

    title: str
    enhancer: str
    weights: Optional[str] = None
    settings: dict = {}
    lol: Optional[Tuple[float, float, float]] = None
    fivek: Optional[Tuple[float, float, float]] = None

    def scene(self, folder: Optional[Path]) -> dict:
        """Config of the enhancer, see :func:`build_enhancer`."""
        weights = self.weights and str(folder / self.weights)
        named = dict(weights=weights) if weights else {}
        return dict(type=self.enhancer, **named, **self.settings)

    def load(self, folder: Optional[Path]) -> nn.Module:
        """Ready for use."""
        scene = self.scene(folder)
        return load_enhancer(scene.pop('type'), **scene)


METHODS: List[Method] = [
    Method(
        'RUAS_S',
        'ruas_s',
        lol=(16.038, 0.513, 0.661),
        fivek=(21.018, 0.855, 0.139),
    ),
    Method(
        'RUAS',
        'ruas',
        lol=(18.226, 0.717, 0.354),
        fivek=(20.830, 0.854, 0.141),
    ),
    Method(
        'RUAS_A',
        'ruas_a',
        lol=(19.751, 0.735, 0.393),
        fivek=(21.018, 0.855, 0.139),
    ),
    Method('gamma .5', 'gamma'),
    Method('CLAHE', 'clahe'),
    Method('MSR', 'msr'),
    Method('LIME', 'lime'),
    *(
        Method(f'SCI {kind}', 'sci', f'sci/{kind}.pt')
        for kind in ('easy', 'medium', 'difficult')
    ),
    Method('Zero-DCE++', 'zero_dce_pp', 'zero_dce_pp/Epoch99.pth'),
    Method(
        'DeepUPE (port)',
        'deepupe_port',
        'deepupe_port/epoch_48.pt',
        lol=(13.041, 0.483, 0.677),
        fivek=(18.779, 0.822, 0.183),
    ),
    Method(
        'Zero-DCE',
        'zero_dce',
        'zero_dce/Epoch99.pth',
        lol=(15.512, 0.553, 0.718),
        fivek=(16.463, 0.764, 0.193),
    ),
    Method(
        'KinD, not restored',
        'kind',
        'kind',
        lol=(14.616, 0.636, 0.463),
        fivek=(17.169, 0.696, 0.229),
    ),
    Method('KinD++, not restored', 'kind_pp', 'kind_pp'),
    *(
        Method(f'IAT {kind}', 'iat', f'iat/best_Epoch_{file}.pth')
        for kind, file in (('LOL', 'lol_v1'), ('exposure', 'exposure'))
    ),
    Method('HLA E(L)', 'hla', 'hla_brighten/Illumination-Enhancer.pth'),
    Method(
        'SSIENet',
        'ssienet',
        'ssienet/decom_6000.pt',
        lol=(14.176, 0.534, 0.675),
        fivek=(10.324, 0.620, 0.323),
    ),
    Method(
        'DRBN',
        'drbn',
        'drbn',
        lol=(15.324, 0.699, 0.362),
        fivek=(15.954, 0.704, 0.292),
    ),
    Method(
        'MBLLEN',
        'mbllen',
        'mbllen/Syn_img_lowlight_withnoise.pt',
        lol=(13.931, 0.489, 0.697),
        fivek=(15.587, 0.713, 0.307),
    ),
    Method(
        'MBLLEN, finished',
        'mbllen',
        'mbllen/Syn_img_lowlight_withnoise.pt',
        dict(finished=True),
    ),
    Method('MBLLEN LOL', 'mbllen', 'mbllen/LOL_img_lowlight.pt'),
    *(
        Method(
            f'PairLIE, exponent .{percent}',
            'pairlie',
            'pairlie/PairLIE.pth',
            dict(exponent=percent / 10 ** len(str(percent))),
        )
        for percent in (2, 14)
    ),
    Method(
        'RetinexNet',
        'retinexnet',
        'retinexnet',
        lol=(13.096, 0.429, 0.864),
        fivek=(12.685, 0.644, 0.338),
    ),
]
"""Those of the paper whose weights are not to be had are left out."""

BY_TITLE: Dict[str, Method] = {method.title: method for method in METHODS}


def available(folder: Optional[Path]) -> Tuple[List[Method], List[str]]:
    """Methods whose weights are there, and what the others lack."""
    found, lacking = [], []
    for method in METHODS:
        path = folder and method.weights and folder / method.weights
        if not method.weights or (path and path.exists()):
            found.append(method)
        else:
            source = COMPARED[method.enhancer].weights
            lacking.append(f'{method.title}: {method.weights} ({source})')
    return found, lacking

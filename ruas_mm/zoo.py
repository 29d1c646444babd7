"""The zoo: enhancers by name, what each is, and where its weights are.

No more than names: commands list them without loading torch. With
:func:`ruas_mm.models.load_enhancer` a name becomes an enhancer.
"""

from importlib import import_module
from types import MappingProxyType
from typing import Dict, Mapping, NamedTuple, Optional, Tuple


class ZooEntry(NamedTuple):
    """What a name with packaged weights stands for.

    Attributes:
        variant: Of :class:`ruas_mm.models.LowLightEnhancer`.
        weights: File of ``ruas_mm/weights``.
        what: In some words.
        settings: Arguments of the enhancer in the place of those in the
            file.
    """

    variant: str
    weights: str
    what: str
    settings: Mapping[str, dict] = MappingProxyType({})


class ComparedEntry(NamedTuple):
    """What the name of an enhancer of others stands for.

    Attributes:
        place: File and class below ``ruas_mm.models.enhancers``.
        what: In some words.
        weights: Where they come from, as none of them is in this package;
            None: it has none.
    """

    place: str
    what: str
    weights: Optional[str] = None

    def load_class(self) -> type:
        """Import it."""
        file, name = self.place.split('.')
        return getattr(import_module(f'ruas_mm.models.enhancers.{file}'), name)


ZOO: Dict[str, ZooEntry] = {
    'ruas_s': ZooEntry('RUAS_S', 'ruas_s.safetensors', 'light alone'),
    'ruas': ZooEntry('RUAS', 'ruas.safetensors', 'light, denoise'),
    'ruas_a': ZooEntry(
        'RUAS_A', 'ruas_a.safetensors', 'light, denoise if noisy'
    ),
    'ruas_s_detection': ZooEntry(
        'RUAS',
        'ruas_s.safetensors',
        'half the light and smooth chroma, as detectors like it',
        dict(
            scene=dict(tone=dict(amount=0.55, full_denoising=0.4)),
            noise_remover=dict(type='ruas_mm.ChromaSmoother'),
        ),
    ),
}
DEFAULT = 'ruas_a'  # for eyes
DEFAULT_SCENE = 'ruas_s_detection'  # in front of a model

COMPARED: Dict[str, ComparedEntry] = {
    'zero_dce': ComparedEntry(
        'zero_dce.ZeroDCE',
        'curves, no references (CVPR 2020)',
        'Epoch99.pth of github.com/Li-Chongyi/Zero-DCE',
    ),
    'zero_dce_pp': ComparedEntry(
        'zero_dce_pp.ZeroDCEPlusPlus',
        'the same on a small picture (TPAMI 2021)',
        'Epoch99.pth of github.com/Li-Chongyi/Zero-DCE_extension',
    ),
    'sci': ComparedEntry(
        'sci.SCI',
        'self-calibrated illumination (CVPR 2022)',
        'easy.pt, medium.pt or difficult.pt of github.com/vis-opt-group/SCI',
    ),
    'iat': ComparedEntry(
        'iat.IAT',
        'light maps, gamma and colours (BMVC 2022)',
        'best_Epoch_lol_v1.pth or best_Epoch_exposure.pth of '
        'github.com/cuiziteng/Illumination-Adaptive-Transformer',
    ),
    'pairlie': ComparedEntry(
        'pairlie.PairLIE',
        'learned from pairs of dark pictures (CVPR 2023)',
        'PairLIE.pth of github.com/zhenqifu/PairLIE',
    ),
    'retinexnet': ComparedEntry(
        'retinexnet.RetinexNet',
        'reflectance, and light anew (BMVC 2018)',
        'Decom and Relight (a folder with both files) of '
        'github.com/aasharma90/RetinexNet_PyTorch',
    ),
    'drbn': ComparedEntry(
        'drbn.DRBN',
        'bands, recomposed (CVPR 2020)',
        'model_s2.pt and model_R_s2.pt (a folder with both files) of '
        'github.com/flyywh/CVPR-2020-Semi-Low-Light',
    ),
    'enlightengan': ComparedEntry(
        'enlightengan.EnlightenGAN',
        'unpaired, adversarial (TIP 2021)',
        '200_net_G_A.pth, named by github.com/VITA-Group/EnlightenGAN',
    ),
    'mbllen': ComparedEntry(
        'mbllen.MBLLEN',
        'ten branches (BMVC 2018)',
        'Keras files in github.com/Lvfeifan/MBLLEN, to be converted',
    ),
    'gladnet': ComparedEntry(
        'gladnet.GLADNet',
        'light of the whole picture, then details (FG 2018)',
        'a TensorFlow checkpoint, named by github.com/weichen582/GLADNet, to '
        'be converted',
    ),
    'ssienet': ComparedEntry(
        'ssienet.SSIENet',
        'reflectance from dark pictures alone (2020)',
        'a TensorFlow checkpoint in github.com/hitzhangyu/Self-supervised-'
        'Image-Enhancement-Network-Training-With-Low-Light-Images-Only, to '
        'be converted',
    ),
    'kind': ComparedEntry(
        'kind.KinD',
        'reflectance and adjusted light, not restored (ACM MM 2019)',
        'TensorFlow checkpoints (a folder with both files) in '
        'github.com/zhangyhuaee/KinD, to be converted',
    ),
    'kind_pp': ComparedEntry(
        'kind_pp.KinDPlusPlus',
        'the same trained anew (IJCV 2021)',
        'TensorFlow checkpoints (a folder with both files) in '
        'github.com/zhangyhuaee/KinD_plus, to be converted',
    ),
    'deepupe': ComparedEntry(
        'deepupe.DeepUPE',
        'local maps of colours (CVPR 2019)',
        'a TensorFlow checkpoint, named by github.com/dvlab-research/DeepUPE, '
        'to be converted',
    ),
    'deepupe_port': ComparedEntry(
        'deepupe_port.DeepUPEPort',
        'the same, shallower: a port',
        'epoch_48 of github.com/hermosayhl/DeepUPE_pytorch',
    ),
    'hla': ComparedEntry(
        'hla.HLABrightening',
        'sixteen curves, for faces (CVPR 2021)',
        'Illumination-Enhancer.pth of github.com/daooshee/HLA-Face-Code',
    ),
    'lime': ComparedEntry(
        'lime.LIME', 'light smoothed along structure, no weights'
    ),
    'clahe': ComparedEntry('clahe.CLAHE', 'local histograms, no weights'),
    'gamma': ComparedEntry('gamma.Gamma', 'the square root, no weights'),
    'msr': ComparedEntry(
        'multi_scale_retinex.MultiScaleRetinex',
        'light in ratio to its surrounds, no weights',
    ),
}


def all_names() -> Tuple[str, ...]:
    """Of both tables."""
    return (*ZOO, *COMPARED)


def describe(name: str) -> str:
    """What a name stands for, in some words."""
    return (ZOO.get(name) or COMPARED[name]).what

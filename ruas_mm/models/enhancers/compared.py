"""Enhancers of others by name: ``scene=dict(type='zero_dce', weights=FILE)``.

None of their weights is in this package. A class is imported when it is asked
for.
"""

from importlib import import_module
from pathlib import Path
from typing import Dict, NamedTuple, Optional, Union

from ruas_mm.models.enhancers.base import Enhancer
from ruas_mm.weights.tensor_file import read_tensors_below


class ComparedEntry(NamedTuple):
    """What a name stands for.

    Attributes:
        place: File and class below ``ruas_mm.models.enhancers``.
        what: In some words.
        weights: Where they come from; None: it has none.
    """

    place: str
    what: str
    weights: Optional[str] = None

    def load_class(self) -> type:
        """Import it."""
        file, name = self.place.split('.')
        return getattr(import_module(f'ruas_mm.models.enhancers.{file}'), name)


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


def load_compared(
    name: str,
    weights: Optional[Union[str, Path]] = None,
    from_nothing: bool = False,
    **settings,
) -> Enhancer:
    """One of :data:`COMPARED`, with its weights.

    Args:
        name: In small letters.
        weights: A file as its authors publish it (or of the class's own
            state dict), read as tensors alone; or a folder, where they are
            several files.
        from_nothing: Whether there need be no weights, for training.
        **settings: Arguments of the class.

    Raises:
        ValueError: No weights where there are some, or the reverse; settings
            that the class has not; a file of another network, damaged or
            with numbers that are not finite.
        FileNotFoundError: No such file.
    """
    entry = COMPARED[name]
    if entry.weights is None and weights is not None:
        raise ValueError(f'{name} with weights={weights}, allowed: None')
    if entry.weights is not None and weights is None and not from_nothing:
        raise ValueError(
            f'{name} with weights=None, allowed: a file (on a command line: '
            '--weights FILE), for none is in this package; its authors '
            f'publish {entry.weights}'
        )
    try:
        enhancer = entry.load_class()(**settings)
    except TypeError as error:
        raise ValueError(f'{name} with {settings}: {error}') from None
    if weights is not None:
        state = read_tensors_below(weights)
        enhancer.load_published(state, str(weights))
    return enhancer

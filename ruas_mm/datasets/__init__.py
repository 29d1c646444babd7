from ruas_mm.compatibility import is_installed

from .fivek import FiveKDataset
from .half import HalfDataset
from .lol import LOLDataset
from .unlabelled_images import UnlabelledImageDataset

__all__ = [
    'FiveKDataset',
    'HalfDataset',
    'LOLDataset',
    'UnlabelledImageDataset',
]

# Detection data sets build on mmdet's base class; nobody else needs mmdet.
if is_installed('mmdet'):
    from .darkface import DarkFaceDataset
    from .exdark import ExDarkDataset

    __all__ += ['DarkFaceDataset', 'ExDarkDataset']

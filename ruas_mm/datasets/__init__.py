from ruas_mm.compatibility import is_installed

from .fivek import FiveKDataset
from .lol import LOLDataset
from .unlabelled_images import UnlabelledImageDataset

__all__ = ['FiveKDataset', 'LOLDataset', 'UnlabelledImageDataset']

# Detection data sets build on mmdet's base class; nobody else needs mmdet.
if is_installed('mmdet'):
    from .exdark import ExDarkDataset

    __all__ += ['ExDarkDataset']

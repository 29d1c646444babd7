from .enhancement import FiveKDataset, LOLDataset, UnlabelledImageDataset
from .half import HalfDataset

__all__ = [
    'FiveKDataset',
    'HalfDataset',
    'LOLDataset',
    'UnlabelledImageDataset',
]

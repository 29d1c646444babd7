from .enhancement import FiveKDataset, LOLDataset, UnlabelledImageDataset
from .half import half_dataset

__all__ = [
    'FiveKDataset',
    'half_dataset',
    'LOLDataset',
    'UnlabelledImageDataset',
]

from .class_balanced import ClassBalancedDataset
from .enhancement import FiveKDataset, LOLDataset, UnlabelledImageDataset
from .half import half_dataset

__all__ = [
    'ClassBalancedDataset',
    'FiveKDataset',
    'half_dataset',
    'LOLDataset',
    'UnlabelledImageDataset',
]

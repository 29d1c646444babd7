from .darkface import DarkFaceDataset
from .exdark import ExDarkDataset

__all__ = ['DarkFaceDataset', 'ExDarkDataset']

from .fivek import FiveKDataset
from .lol import LOLDataset
from .unlabelled_images import UnlabelledImageDataset

__all__ = ['FiveKDataset', 'LOLDataset', 'UnlabelledImageDataset']

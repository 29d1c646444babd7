from .acdc import ACDCDataset
from .camvid import CamVidDataset

__all__ = ['ACDCDataset', 'CamVidDataset']

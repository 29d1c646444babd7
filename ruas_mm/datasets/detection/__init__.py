from .darkface import DarkFaceDataset
from .exdark import ExDarkDataset
from .face_crops import DataAnchorSampling, SquareCrop
from .face_views import FaceViews
from .resize_to_area import ResizeToArea

__all__ = [
    'DarkFaceDataset',
    'DataAnchorSampling',
    'ExDarkDataset',
    'FaceViews',
    'ResizeToArea',
    'SquareCrop',
]

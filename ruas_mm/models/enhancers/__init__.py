from .base import Enhancer
from .compared import COMPARED
from .ruas import (
    VARIANTS,
    ChromaSmoother,
    LowLightEnhancer,
    NoiseEstimator,
    NoiseRemover,
    TwoScaleNoiseRemover,
)
from .zoo import ZOO, build_enhancer, load_enhancer

__all__ = [
    'COMPARED',
    'VARIANTS',
    'ZOO',
    'ChromaSmoother',
    'Enhancer',
    'LowLightEnhancer',
    'NoiseEstimator',
    'NoiseRemover',
    'TwoScaleNoiseRemover',
    'build_enhancer',
    'load_enhancer',
]

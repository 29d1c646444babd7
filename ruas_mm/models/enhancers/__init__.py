from .base import Enhancer
from .ruas import (
    VARIANTS,
    LowLightEnhancer,
    NoiseEstimator,
    NoiseRemover,
    TwoScaleNoiseRemover,
)
from .zoo import ZOO, build_enhancer, load_enhancer

__all__ = [
    'VARIANTS',
    'ZOO',
    'Enhancer',
    'LowLightEnhancer',
    'NoiseEstimator',
    'NoiseRemover',
    'TwoScaleNoiseRemover',
    'build_enhancer',
    'load_enhancer',
]

from .base import Enhancer
from .enhancer_training import EnhancerTraining
from .loading import build_enhancer, load_enhancer
from .ruas import (
    VARIANTS,
    ChromaSmoother,
    LowLightEnhancer,
    NoiseEstimator,
    NoiseRemover,
    TwoScaleNoiseRemover,
)

__all__ = [
    'VARIANTS',
    'ChromaSmoother',
    'Enhancer',
    'EnhancerTraining',
    'LowLightEnhancer',
    'NoiseEstimator',
    'NoiseRemover',
    'TwoScaleNoiseRemover',
    'build_enhancer',
    'load_enhancer',
]

from .base import Enhancer
from .compared import COMPARED
from .enhancer_training import EnhancerTraining
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
    'EnhancerTraining',
    'LowLightEnhancer',
    'NoiseEstimator',
    'NoiseRemover',
    'TwoScaleNoiseRemover',
    'build_enhancer',
    'load_enhancer',
]

from .low_light_enhancer import LowLightEnhancer
from .noise_estimator import NoiseEstimator
from .noise_remover import NoiseRemover

__all__ = ['LowLightEnhancer', 'NoiseEstimator', 'NoiseRemover']

from .chroma_smoother import ChromaSmoother
from .low_light_enhancer import LowLightEnhancer
from .noise_estimator import NoiseEstimator
from .noise_remover import NoiseRemover
from .two_scale_noise_remover import TwoScaleNoiseRemover
from .variants import VARIANTS

__all__ = [
    'VARIANTS',
    'ChromaSmoother',
    'LowLightEnhancer',
    'NoiseEstimator',
    'NoiseRemover',
    'TwoScaleNoiseRemover',
]

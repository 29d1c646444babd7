from .ruas import LowLightEnhancer, NoiseEstimator, NoiseRemover

__all__ = ['LowLightEnhancer', 'NoiseEstimator', 'NoiseRemover']

from .low_light_inferencer import LowLightInferencer

__all__ = ['LowLightInferencer']

from .low_light_inferencer import LowLightInferencer
from .whole_model import WholeModel

__all__ = ['LowLightInferencer', 'WholeModel']

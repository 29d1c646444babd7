from .draw_on_enhanced import draw_on_enhanced
from .low_light_inferencer import LowLightInferencer
from .whole_model import WholeModel

__all__ = ['LowLightInferencer', 'WholeModel', 'draw_on_enhanced']

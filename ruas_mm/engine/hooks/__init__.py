from .complexity_hook import ComplexityHook
from .save_enhanced_hook import SaveEnhancedHook
from .scene_visualization_hook import SceneVisualizationHook

__all__ = ['ComplexityHook', 'SaveEnhancedHook', 'SceneVisualizationHook']

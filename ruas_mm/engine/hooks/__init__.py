from .complexity_hook import ComplexityHook
from .phased_training_hook import PhasedTrainingHook
from .save_enhanced_hook import SaveEnhancedHook
from .scene_visualization_hook import SceneVisualizationHook

__all__ = [
    'ComplexityHook',
    'PhasedTrainingHook',
    'SaveEnhancedHook',
    'SceneVisualizationHook',
]

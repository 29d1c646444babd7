from .complexity_hook import ComplexityHook
from .save_enhanced_hook import SaveEnhancedHook
from .scene_visualization_hook import SceneVisualizationHook
from .staged_training_hook import StagedTrainingHook

__all__ = [
    'ComplexityHook',
    'SaveEnhancedHook',
    'SceneVisualizationHook',
    'StagedTrainingHook',
]

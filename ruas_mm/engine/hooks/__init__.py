from .complexity_hook import ComplexityHook
from .cooperative_search_hook import CooperativeSearchHook
from .save_enhanced_hook import SaveEnhancedHook
from .scene_visualization_hook import SceneVisualizationHook
from .staged_training_hook import StagedTrainingHook

__all__ = [
    'ComplexityHook',
    'CooperativeSearchHook',
    'SaveEnhancedHook',
    'SceneVisualizationHook',
    'StagedTrainingHook',
]

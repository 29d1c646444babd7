from .bf16_optim_wrapper import Bf16OptimWrapper
from .hooks import (
    ComplexityHook,
    PhasedTrainingHook,
    SaveEnhancedHook,
    SceneVisualizationHook,
)

__all__ = [
    'Bf16OptimWrapper',
    'ComplexityHook',
    'PhasedTrainingHook',
    'SaveEnhancedHook',
    'SceneVisualizationHook',
]

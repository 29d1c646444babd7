from .bf16_optim_wrapper import Bf16OptimWrapper
from .hooks import (
    ComplexityHook,
    SaveEnhancedHook,
    SceneVisualizationHook,
    StagedTrainingHook,
)

__all__ = [
    'Bf16OptimWrapper',
    'ComplexityHook',
    'SaveEnhancedHook',
    'SceneVisualizationHook',
    'StagedTrainingHook',
]

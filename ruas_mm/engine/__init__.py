from .bf16_optim_wrapper import Bf16OptimWrapper
from .hooks import SceneVisualizationHook

__all__ = ['Bf16OptimWrapper', 'SceneVisualizationHook']

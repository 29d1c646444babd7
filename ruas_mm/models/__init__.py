from .cells import DistillationCell
from .data_preprocessors import (
    EnhancementDataPreprocessor,
    SceneDataPreprocessor,
)
from .enhancers import LowLightEnhancer, NoiseEstimator, NoiseRemover
from .losses import (
    Neighbor2NeighborLoss,
    NoiseAsCleanLoss,
    ReleasedNoiseLoss,
    SceneLoss,
)
from .scene_constrained import scene_constrained
from .scene_module import SceneModule

__all__ = [
    'DistillationCell',
    'EnhancementDataPreprocessor',
    'LowLightEnhancer',
    'Neighbor2NeighborLoss',
    'NoiseAsCleanLoss',
    'NoiseEstimator',
    'NoiseRemover',
    'ReleasedNoiseLoss',
    'SceneDataPreprocessor',
    'SceneLoss',
    'SceneModule',
    'scene_constrained',
]

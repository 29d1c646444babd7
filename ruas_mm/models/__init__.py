from .cells import DistillationCell
from .data_preprocessors import (
    EnhancementDataPreprocessor,
    SceneDataPreprocessor,
)
from .enhancers import (
    COMPARED,
    VARIANTS,
    ZOO,
    ChromaSmoother,
    Enhancer,
    LowLightEnhancer,
    NoiseEstimator,
    NoiseRemover,
    TwoScaleNoiseRemover,
    build_enhancer,
    load_enhancer,
)
from .losses import (
    CleanTwinLoss,
    Neighbor2NeighborLoss,
    NoiseAsCleanLoss,
    PairedLoss,
    ReleasedNoiseLoss,
    SceneLoss,
)
from .scene_constrained import scene_constrained
from .scene_module import SceneModule
from .video_memory import VideoMemory

__all__ = [
    'COMPARED',
    'VARIANTS',
    'ZOO',
    'ChromaSmoother',
    'CleanTwinLoss',
    'DistillationCell',
    'EnhancementDataPreprocessor',
    'Enhancer',
    'LowLightEnhancer',
    'Neighbor2NeighborLoss',
    'NoiseAsCleanLoss',
    'NoiseEstimator',
    'NoiseRemover',
    'PairedLoss',
    'ReleasedNoiseLoss',
    'SceneDataPreprocessor',
    'SceneLoss',
    'SceneModule',
    'TwoScaleNoiseRemover',
    'VideoMemory',
    'build_enhancer',
    'load_enhancer',
    'scene_constrained',
]

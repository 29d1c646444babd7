from .cells import DistillationCell
from .data_preprocessors import (
    EnhancementDataPreprocessor,
    SceneDataPreprocessor,
)
from .enhancers import (
    VARIANTS,
    ChromaSmoother,
    Enhancer,
    EnhancerTraining,
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
    PairLIELoss,
    ReleasedNoiseLoss,
    SceneLoss,
    SCILoss,
    ZeroReferenceLoss,
)
from .scene_constrained import scene_constrained
from .scene_module import SceneModule
from .video_memory import VideoMemory

__all__ = [
    'VARIANTS',
    'ChromaSmoother',
    'CleanTwinLoss',
    'DistillationCell',
    'EnhancementDataPreprocessor',
    'Enhancer',
    'EnhancerTraining',
    'LowLightEnhancer',
    'Neighbor2NeighborLoss',
    'NoiseAsCleanLoss',
    'NoiseEstimator',
    'NoiseRemover',
    'PairLIELoss',
    'PairedLoss',
    'ReleasedNoiseLoss',
    'SCILoss',
    'SceneDataPreprocessor',
    'SceneLoss',
    'SceneModule',
    'TwoScaleNoiseRemover',
    'VideoMemory',
    'ZeroReferenceLoss',
    'build_enhancer',
    'load_enhancer',
    'scene_constrained',
]

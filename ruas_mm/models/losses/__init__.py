from .noise_as_clean_loss import NoiseAsCleanLoss
from .noise_losses import Neighbor2NeighborLoss, ReleasedNoiseLoss
from .relative_total_variation import relative_total_variation
from .scene_loss import SceneLoss

__all__ = [
    'Neighbor2NeighborLoss',
    'NoiseAsCleanLoss',
    'ReleasedNoiseLoss',
    'SceneLoss',
    'relative_total_variation',
]

from .clean_twin_loss import CleanTwinLoss
from .noise_as_clean_loss import NoiseAsCleanLoss
from .noise_losses import Neighbor2NeighborLoss, ReleasedNoiseLoss
from .paired_loss import PairedLoss
from .pairlie_loss import PairLIELoss
from .relative_total_variation import relative_total_variation
from .scene_loss import SCENE_LOSSES, SceneLoss
from .sci_loss import SCILoss
from .zero_reference_loss import ZeroReferenceLoss

__all__ = [
    'SCENE_LOSSES',
    'CleanTwinLoss',
    'Neighbor2NeighborLoss',
    'NoiseAsCleanLoss',
    'PairLIELoss',
    'PairedLoss',
    'ReleasedNoiseLoss',
    'SCILoss',
    'SceneLoss',
    'ZeroReferenceLoss',
    'relative_total_variation',
]

from .camera_darkening import CameraDarkening
from .load_image_pair import LoadImagePair
from .low_light_simulation import LowLightSimulation
from .pack_enhancement_inputs import PackEnhancementInputs
from .paired_random_crop import PairedRandomCrop
from .paired_random_flip import PairedRandomFlip

__all__ = [
    'CameraDarkening',
    'LoadImagePair',
    'LowLightSimulation',
    'PackEnhancementInputs',
    'PairedRandomCrop',
    'PairedRandomFlip',
]

from .enhancement_data_preprocessor import EnhancementDataPreprocessor
from .scene_data_preprocessor import SceneDataPreprocessor

__all__ = ['EnhancementDataPreprocessor', 'SceneDataPreprocessor']

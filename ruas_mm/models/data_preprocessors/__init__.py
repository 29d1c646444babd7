from .scene_data_preprocessor import SceneDataPreprocessor

__all__ = ['SceneDataPreprocessor']

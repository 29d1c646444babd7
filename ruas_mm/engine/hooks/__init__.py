from .scene_visualization_hook import SceneVisualizationHook

__all__ = ['SceneVisualizationHook']

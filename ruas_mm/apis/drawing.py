"""Let a host's inferencer draw its results on the enhanced picture."""

from typing import Any

from mmengine.visualization import Visualizer

from ruas_mm.models.unwrap import unwrap_model
from ruas_mm.visualization import on_enhanced_pictures


def draw_on_enhanced(inferencer: Any) -> Any:
    """Switch an inferencer to enhanced pictures.

    Args:
        inferencer: ``DetInferencer``, ``MMSegInferencer`` or
            ``ImageClassificationInferencer`` of a model with
            :class:`SceneDataPreprocessor`; changed in place.

    Returns:
        The same.

    Raises:
        ValueError: The model has another preprocessor.
    """
    preprocessor = unwrap_model(inferencer.model).data_preprocessor
    if not hasattr(preprocessor, 'attach_scene'):
        raise ValueError(
            'draw_on_enhanced needs ruas_mm.SceneDataPreprocessor as '
            f'data_preprocessor, got {type(preprocessor).__name__}'
        )
    preprocessor.attach_scene = True
    if inferencer.visualizer is None:
        inferencer.visualizer = _visualizer_of_mmpretrain()
    on_enhanced_pictures(inferencer.visualizer)
    return inferencer


def _visualizer_of_mmpretrain() -> Visualizer:
    """Its inferencers make theirs only when they draw."""
    from mmpretrain.visualization import UniversalVisualizer

    return UniversalVisualizer()

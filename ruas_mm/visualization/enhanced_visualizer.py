"""Let a host draw on the enhanced picture instead of the dark one."""

import inspect
import logging
from functools import wraps
from typing import Callable, Optional

import numpy as np
from mmengine.logging import print_log
from mmengine.registry import VISUALIZERS as HOST_VISUALIZERS
from mmengine.visualization import Visualizer

from ruas_mm.registry import VISUALIZERS

from .boxes_inside import boxes_inside
from .scene_picture import scene_picture


@VISUALIZERS.register_module(name='EnhancedVisualizer')
def enhanced_visualizer(
    visualizer: dict, name: str = 'visualizer', save_dir: Optional[str] = None
) -> Visualizer:
    """The host's visualiser, drawing on enhanced pictures.

    Goes with ``attach_scene=True`` of :class:`SceneDataPreprocessor`. It
    works wherever a host builds its visualiser: test tools with
    ``--show-dir``, ``DetInferencer``, ``MMSegInferencer``, their demos.

    Args:
        visualizer: Config of the host's, ``{{_base_.visualizer}}``.
        name: Set by the host.
        save_dir: The same; one in ``visualizer`` comes first.
    """
    cfg = {**visualizer, 'name': name}
    if save_dir is not None:
        cfg.setdefault('save_dir', save_dir)
    return on_enhanced_pictures(HOST_VISUALIZERS.build(cfg))


def on_enhanced_pictures(visualizer: Visualizer) -> Visualizer:
    """Let ``visualizer`` take the enhanced picture where a sample has one.

    Results with places in the picture (boxes, masks, maps) are drawn at the
    size of the image file, classes on what the network saw.

    Args:
        visualizer: Of any host; changed in place.

    Returns:
        The same.
    """
    for name, keeps_size in dict(
        add_datasample=True, visualize_cls=False
    ).items():
        # a visualiser of the same name may be asked for again
        if hasattr(visualizer, name) and name not in vars(visualizer):
            draw = _on_enhanced(getattr(visualizer, name), keeps_size)
            setattr(visualizer, name, draw)
    return visualizer


def _on_enhanced(draw: Callable, keeps_size: bool) -> Callable:
    signature = inspect.signature(draw)
    warned = False

    @wraps(draw)
    def draw_on_enhanced(*args, **kwargs):
        nonlocal warned
        bound = signature.bind(*args, **kwargs)
        sample = bound.arguments.get('data_sample')
        if sample is not None and 'scene' in sample:
            size = bound.arguments['image'].shape[:2] if keeps_size else None
            picture = scene_picture(sample, 'enhanced', size)
            bound.arguments['image'] = as_uint8(picture)
            inside = boxes_inside(sample, *picture.shape[:2])
            bound.arguments['data_sample'] = inside
        elif sample is not None and not warned:
            warned = True
            print_log(
                'A data sample has no field scene, so that its result is '
                'drawn on the picture as it was loaded; set '
                'attach_scene=True in the data_preprocessor',
                logger='current',
                level=logging.WARNING,
            )
        return draw(*bound.args, **bound.kwargs)

    return draw_on_enhanced


def as_uint8(picture: np.ndarray) -> np.ndarray:
    """From [0, 1] to 0 ... 255."""
    return (picture.clip(0, 1) * 255).round().astype(np.uint8)

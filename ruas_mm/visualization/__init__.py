from .boxes_inside import boxes_inside
from .enhanced_visualizer import as_uint8, on_enhanced_pictures
from .scene_panels import (
    colour_illumination,
    draw_scene_panels,
    fit_picture,
    resize_picture,
)
from .scene_picture import scene_picture, shows_crop

__all__ = [
    'as_uint8',
    'boxes_inside',
    'colour_illumination',
    'draw_scene_panels',
    'fit_picture',
    'on_enhanced_pictures',
    'resize_picture',
    'scene_picture',
    'shows_crop',
]

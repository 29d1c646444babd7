from .enhanced_visualizer import as_uint8, on_enhanced_pictures
from .scene_panels import (
    colour_illumination,
    draw_scene_panels,
    resize_picture,
)
from .scene_picture import scene_picture

__all__ = [
    'as_uint8',
    'colour_illumination',
    'draw_scene_panels',
    'on_enhanced_pictures',
    'resize_picture',
    'scene_picture',
]

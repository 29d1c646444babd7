from .scene_panels import (
    colour_illumination,
    draw_scene_panels,
    resize_picture,
)

__all__ = ['colour_illumination', 'draw_scene_panels', 'resize_picture']

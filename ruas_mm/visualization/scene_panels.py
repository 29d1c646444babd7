"""One picture: dark | enhanced | illumination | result."""

from typing import Dict

import cv2
import numpy as np

CAPTION_HEIGHT = 24  # pixels
GAP = 4  # pixels between two panels


def draw_scene_panels(panels: Dict[str, np.ndarray]) -> np.ndarray:
    """Put pictures side by side under their captions.

    Args:
        panels: Caption to picture, RGB uint8, (H, W, 3); each is resized to
            the size of the first.

    Returns:
        RGB uint8, (H + caption, width of all, 3).
    """
    height, width = next(iter(panels.values())).shape[:2]
    columns = []
    for caption, picture in panels.items():
        column = np.full((height + CAPTION_HEIGHT, width, 3), 32, np.uint8)
        cv2.putText(
            column,
            caption,
            (6, CAPTION_HEIGHT - 8),
            cv2.FONT_HERSHEY_SIMPLEX,
            0.5,
            (255, 255, 255),
            1,
            cv2.LINE_AA,
        )
        column[CAPTION_HEIGHT:] = resize_picture(picture, height, width)
        columns += [column, np.full_like(column[:, :GAP], 32)]
    return np.hstack(columns[:-1])


def resize_picture(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bilinear, or unchanged where the size fits."""
    if picture.shape[:2] == (height, width):
        return picture
    return cv2.resize(picture, (width, height))


def fit_picture(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """As large as fits, in the middle of black margins: nothing squeezed."""
    scale = min(height / picture.shape[0], width / picture.shape[1])
    rows = min(max(round(picture.shape[0] * scale), 1), height)
    columns = min(max(round(picture.shape[1] * scale), 1), width)
    top, left = (height - rows) // 2, (width - columns) // 2
    fitted = np.zeros((height, width, *picture.shape[2:]), picture.dtype)
    fitted[top : top + rows, left : left + columns] = resize_picture(
        picture, rows, columns
    )
    return fitted


def colour_illumination(illumination: np.ndarray) -> np.ndarray:
    """Illumination as false colours: dark blue 0, yellow 1.

    By its square root, since t of dark pictures is small.

    Args:
        illumination: t, (H, W, 3), in [0, 1]; the channels' mean is shown.

    Returns:
        RGB uint8, (H, W, 3).
    """
    grey = (np.sqrt(illumination.mean(-1)) * 255).round().astype(np.uint8)
    coloured = cv2.applyColorMap(grey, cv2.COLORMAP_CIVIDIS)
    return cv2.cvtColor(coloured, cv2.COLOR_BGR2RGB)

"""Pillow without its own limit of pixels: ours is the one that counts."""

import io
import threading

from PIL import Image

_LIMIT = threading.Lock()


def open_image(data: bytes, **kwargs) -> Image.Image:
    """``PIL.Image.open``, for a caller who checks the size itself.

    Pillow warns above one limit and stops at another. Both are a global that
    is back when this returns, as soon as the header has been read.

    Args:
        data: Content of a file.
        **kwargs: Of ``PIL.Image.open``.
    """
    with _LIMIT:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return Image.open(io.BytesIO(data), **kwargs)
        finally:
            Image.MAX_IMAGE_PIXELS = limit

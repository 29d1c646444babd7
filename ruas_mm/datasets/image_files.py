"""Find image files and tell broken ones, for every data set."""

import os
import os.path as osp
from typing import Dict

from PIL import Image, UnidentifiedImageError

EXIF_ORIENTATION = 0x0112
TAIL_BYTES = 1024  # where the end marker of a complete file must be


class DataNotFoundError(ValueError):
    """A data set is not where the config says; tells how to get it."""


class FileIndex:
    """Finds files by name whatever the case; lists each folder once.

    Args:
        root: Folder of the folders.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._folders: Dict[str, Dict[str, str]] = {}

    def find(self, folder: str, name: str) -> str:
        """Path of ``root/folder/name``.

        Raises:
            ValueError: There is no such file.
        """
        place = osp.join(self.root, folder)
        if folder not in self._folders:
            names = os.listdir(place) if osp.isdir(place) else []
            self._folders[folder] = {n.casefold(): n for n in names}
        found = self._folders[folder].get(name.casefold())
        if found is None:
            raise ValueError(f'{osp.join(place, name)}: missing file')
        return osp.join(place, found)


def read_image_size(path: str) -> tuple:
    """Width and height as the image will be loaded (EXIF orientation).

    Raises:
        ValueError: The file is empty or no image.
    """
    try:
        with Image.open(path) as image:
            width, height = image.size
            # Pillow decodes a whole PNG to look for EXIF data
            exif = image.getexif() if image.format == 'JPEG' else {}
            turned = exif.get(EXIF_ORIENTATION, 1) >= 5
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError(f'{path}: not a readable image ({error})') from None
    return (height, width) if turned else (width, height)


def check_image_complete(path: str) -> None:
    """Check that the end of a JPEG or PNG file is there.

    OpenCV decodes a truncated file without an error and fills the rest with
    grey. Only files whose end marker is not where it should be are decoded,
    by Pillow, which refuses what is truncated.

    Raises:
        ValueError: The file is empty, truncated or not decodable.
    """
    with open(path, 'rb') as file:
        file.seek(max(os.path.getsize(path) - TAIL_BYTES, 0))
        tail = file.read()
    if b'\xff\xd9' in tail or b'IEND' in tail:
        return
    try:
        Image.open(path).load()
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise ValueError(
            f'{path}: the image is broken or truncated ({error})'
        ) from None

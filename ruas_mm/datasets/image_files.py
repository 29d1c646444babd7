"""Find image files and tell broken ones, for every data set."""

import os
import os.path as osp
from typing import Dict, List, Optional, Sequence

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.ExifTags import Base

TAIL_BYTES = 1024  # where the end marker of a complete file must be
END_MARKERS = {b'\xff\xd8\xff': b'\xff\xd9', b'\x89PNG': b'IEND'}
"""First bytes of a JPEG and a PNG file -> their end marker."""


class DataNotFoundError(ValueError):
    """A data set is not where the config says; tells how to get it."""


def refuse_images(problems: Sequence[str], number: int, title: str) -> None:
    """Raise ``ValueError`` that names the first ten, if there are problems.

    Args:
        problems: A line for each image that cannot be used.
        number: Of all images.
        title: Of the data set.
    """
    if problems:
        raise ValueError(
            f'{len(problems)} of {number} images of {title} cannot be used:'
            + ''.join(f'\n  {problem}' for problem in problems[:10])
            + ('\n  ...' if len(problems) > 10 else '')
        )


class FileIndex:
    """Finds files by name, else whatever the case; lists each folder once.

    Args:
        root: Folder of the folders.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._folders: Dict[str, Dict[str, List[str]]] = {}

    def find(self, folder: str, name: str) -> str:
        """Path of ``root/folder/name``.

        Raises:
            ValueError: There is no such file, or several in other cases.
        """
        place = osp.join(self.root, folder)
        if folder not in self._folders:
            names = os.listdir(place) if osp.isdir(place) else []
            self._folders[folder] = like = {}
            for each in sorted(names):
                like.setdefault(each.casefold(), []).append(each)
        found = self._folders[folder].get(name.casefold(), [])
        if name in found:
            found = [name]
        if not found:
            raise ValueError(f'{osp.join(place, name)}: missing file')
        if len(found) > 1:
            raise ValueError(
                f'{osp.join(place, name)}: missing file, allowed: one of '
                f'that name; there are {found}'
            )
        return osp.join(place, found[0])


def read_image_size(path: str) -> tuple:
    """Width and height as the image will be loaded (EXIF orientation).

    Which formats OpenCV turns differs from version to version: of a turned
    file that is no JPEG the size is what OpenCV decodes.

    Raises:
        ValueError: The file is empty, no image, or of a format that OpenCV
            does not read, whatever its suffix.
    """
    try:
        with Image.open(path) as image:
            kind, (width, height) = image.format, image.size
            orientation = _read_orientation(path, image)
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError(f'{path}: not a readable image ({error})') from None
    if not cv2.haveImageReader(path):
        raise ValueError(
            f'{path}: holds a {kind} image, which OpenCV {cv2.__version__} '
            'cannot load, allowed: JPEG, PNG, WebP, BMP, TIFF, PPM'
        )
    if orientation == 1:
        return width, height
    if kind in ('JPEG', 'MPO'):  # MPO: a phone's, with several views
        return (height, width) if orientation >= 5 else (width, height)
    return decode_image(path).shape[1::-1]


def decode_image(path: str, flags: int = cv2.IMREAD_COLOR) -> np.ndarray:
    """Pixels as mmcv's loader decodes them, BGR, EXIF orientation applied.

    From memory, as there: ``cv2.imread`` fails on a turned TIFF file.

    Raises:
        ValueError: OpenCV cannot decode the file.
    """
    content = np.fromfile(path, np.uint8)
    image = cv2.imdecode(content, flags) if content.size else None
    if image is None:
        raise ValueError(f'{path}: broken, truncated or no picture')
    return image


def check_image_complete(path: str) -> None:
    """Check that an image is not truncated.

    Raises:
        ValueError: The file is empty, truncated or not decodable.
    """
    if not check_end_marker(path):
        decode_image(path)


def check_end_marker(path: str) -> bool:
    """Check that the end of a JPEG or PNG file is there.

    OpenCV decodes a truncated one without an error and fills the rest with
    grey. Only files whose end marker is not where it should be are decoded,
    by Pillow, which refuses what is truncated.

    Returns:
        Whether it is a JPEG or PNG file, by its content. A truncated file of
        another format is refused by OpenCV itself.

    Raises:
        ValueError: The file is empty, truncated or not decodable.
    """
    with open(path, 'rb') as file:
        start = file.read(4)
        file.seek(max(os.path.getsize(path) - TAIL_BYTES, 0))
        tail = file.read()
    markers = [end for s, end in END_MARKERS.items() if start.startswith(s)]
    if not markers:
        return False
    if markers[0] not in tail:
        try:
            Image.open(path).load()
        except (UnidentifiedImageError, OSError, SyntaxError) as error:
            raise ValueError(
                f'{path}: the image is broken or truncated ({error})'
            ) from None
    return True


def _read_orientation(path: str, image: Image.Image) -> int:
    """EXIF orientation, 1 to 8, without decoding any pixels."""
    exif = Image.Exif()
    if image.format != 'PNG':  # of a PNG, Pillow would decode all
        exif = image.getexif()
    elif (content := _png_exif(path)) is not None:
        exif.load(content)
    orientation = exif.get(Base.Orientation, 1)
    return orientation if orientation in range(1, 9) else 1


def _png_exif(path: str) -> Optional[bytes]:
    """The EXIF chunk of a PNG file, found by the lengths of the others."""
    with open(path, 'rb') as file:
        file.seek(8)  # signature
        while len(header := file.read(8)) == 8:
            size = int.from_bytes(header[:4], 'big')
            if header[4:] == b'eXIf':
                return file.read(size)
            file.seek(size + 4, os.SEEK_CUR)  # and checksum
    return None

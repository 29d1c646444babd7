"""Enhance what several users of one page upload, at a time.

:mod:`ruas_mm.apis.page` shows it; nothing here knows of the page.
"""

import copy
import re
import tempfile
import threading
import time
import traceback
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import ContextManager, Dict, List, NamedTuple, Optional, Union

import numpy as np
from PIL import Image, ImageOps

from ruas_mm.apis.low_light_inferencer import LowLightInferencer
from ruas_mm.arguments import check_strength
from ruas_mm.files.picture_file import (
    Picture,
    check_target_format,
    read_picture,
    write_picture,
)
from ruas_mm.zoo import COMPARED, DEFAULT, ZOO

PREVIEW_SIDE = 1600  # pixels; the file has the full size
MAX_PIXELS = 100_000_000  # the machine is not this user's alone
LARGE = 50_000_000  # pixels; more take gigabytes while they are enhanced
OBJECT = re.compile(r' \([^()]*<[^()]* at 0x[^()]*\)')  # of Python, no help
MAX_NAME = 255  # bytes of a file name, on most file systems


class Upload(NamedTuple):
    """A file that a user has sent.

    Attributes:
        path: Where it lies; not to be told.
        name: What the user calls it.
    """

    path: str
    name: str


class Enhanced(NamedTuple):
    """What a user sees and gets.

    Attributes:
        before: Small JPEG file of the upload, upright.
        after: The same of the result.
        file: The result at full size, under the name that it is given.
        facts: A line about it.
    """

    before: Path
    after: Path
    file: Path
    facts: str


class PageEnhancer:
    """Enhances uploads, from any number of threads.

    Weights are read once for each name of the zoo. Large pictures wait for
    one another, for they would not fit into the memory together; others do
    not wait.

    Args:
        weights: As in :func:`ruas_mm.models.load_enhancer`; or a folder
            with those of several enhancers, each ``NAME.SUFFIX`` or
            ``NAME/``.
        folder: Where results are written, each into a folder of its own; they
            go with this object. None: the system's.
        max_pixels: A picture of more is refused before it is decoded.

    Attributes:
        names: Those of :data:`ruas_mm.zoo.ZOO` and
            :data:`ruas_mm.zoo.COMPARED` that ``weights`` serve, or that
            need none.

    Raises:
        ValueError: ``weights`` serve none.
        FileNotFoundError: There is no such file.
    """

    def __init__(
        self,
        weights: Optional[Union[str, Path]] = None,
        folder: Optional[Union[str, Path]] = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        self._weights, self._max_pixels = weights, max_pixels
        self._inferencers: Dict[str, LowLightInferencer] = {}
        self._loading, self._large = threading.Lock(), threading.Lock()
        self.names = self._served_names()
        self._folder = tempfile.TemporaryDirectory(dir=folder)

    def __call__(self, upload: Upload, name: str, strength: float) -> Enhanced:
        """Enhance one upload.

        Args:
            upload: A picture file.
            name: One of :attr:`names`.
            strength: In [0, 1].

        Raises:
            ValueError: One sentence for the user, which names no path.
        """
        try:
            return self._enhance(upload, name, strength)
        except (ValueError, FileNotFoundError) as error:
            problem = str(error).replace(upload.path, upload.name)
            problem = OBJECT.sub('', problem)
        except OSError as error:
            problem = f'{upload.name}: cannot be written ({error.strerror})'
        except (MemoryError, RuntimeError) as error:  # torch has no own kind
            traceback.print_exc()
            problem = f'{upload.name}: failed, the log of the page tells why'
            if isinstance(error, MemoryError) or 'memory' in str(error):
                problem = (
                    f'{upload.name}: does not fit into the memory, allowed: '
                    'a smaller picture'
                )
        raise ValueError(problem)

    def _enhance(self, upload: Upload, name: str, strength: float) -> Enhanced:
        start = time.perf_counter()
        inferencer = self.inferencer(name, strength)
        before = read_picture(upload.path, self._max_pixels)
        with self._turn(before):
            after = replace(before, rgb=inferencer(before.rgb))
        folder = Path(tempfile.mkdtemp(dir=self._folder.name))
        file = folder / result_name(upload.name, after)
        write_picture(file, after)
        previews = folder / 'before.jpg', folder / 'after.jpg'
        for path, picture in zip(previews, (before, after)):
            write_preview(path, picture)
        height, width = after.rgb.shape[:2]
        facts = (
            f'{upload.name}: {width} × {height} pixels, {after.depth} bits a '
            f'channel, {time.perf_counter() - start:.1f} s'
        )
        return Enhanced(*previews, file, facts)

    def inferencer(self, name: str, strength: float) -> LowLightInferencer:
        """The one of ``name``, whose network all strengths share."""
        check_strength(strength)
        with self._loading:
            if name not in self._inferencers:
                self._inferencers[name] = LowLightInferencer(
                    name, self._weights_of(name)
                )
            inferencer = copy.copy(self._inferencers[name])
        inferencer.strength = strength
        return inferencer

    def _served_names(self) -> List[str]:
        """Names that there are weights for; a file may lack parts."""
        free = [name for name, entry in COMPARED.items() if not entry.weights]
        if self._weights is None:
            return [*ZOO, *free]
        trained = [*ZOO, *(name for name in COMPARED if name not in free)]
        names = [name for name in trained if self._is_served(name)]
        if not names:
            self.inferencer(DEFAULT, 1.0)  # raises
        return [*names, *free]

    def _weights_of(self, name: str) -> Optional[Union[str, Path]]:
        if name in COMPARED and not COMPARED[name].weights:
            return None
        if self._weights is None or not Path(self._weights).is_dir():
            return self._weights
        from ruas_mm.weights.tensor_file import SUFFIXES  # loads torch

        found = sorted(Path(self._weights).glob(f'{name}.*'))
        found = [path for path in found if path.suffix in SUFFIXES]
        found += [Path(self._weights) / name]
        found = [path for path in found if path.exists()]
        default = None if name in ZOO else self._weights
        return found[0] if found else default

    def _is_served(self, name: str) -> bool:
        try:
            self.inferencer(name, 1.0)
        except ValueError:
            return False
        except FileNotFoundError:
            if Path(self._weights).is_dir():  # none for this one
                return False
            raise
        return True

    def _turn(self, picture: Picture) -> ContextManager:
        height, width = picture.rgb.shape[:2]
        return self._large if height * width > LARGE else nullcontext()


def result_name(name: str, picture: Picture) -> str:
    """Name of the result for the upload ``name``.

    ``_enhanced`` is put before the suffix, which becomes ``.png`` where its
    format is not written (HEIC) or cannot hold the picture. A long name loses
    what is too much before that.
    """
    path = Path(name)
    end = f'_enhanced{path.suffix}'
    try:
        check_target_format(f'name{end}', picture)
    except ValueError:
        end = '_enhanced.png'
    stem = path.stem.encode()[: MAX_NAME - len(end.encode())]
    return stem.decode(errors='ignore') + end


def write_preview(path: Path, picture: Picture) -> None:
    """Write ``picture`` as viewers show it: a JPEG no larger than the page."""
    pixels = picture.rgb
    step = max(max(pixels.shape[:2]) // (4 * PREVIEW_SIDE), 1)
    pixels = pixels[::step, ::step]  # of a large one, what can be seen
    if picture.depth == 16:
        pixels = (pixels >> 8).astype(np.uint8)
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    image.info['exif'] = picture.exif or b''
    profile = picture.icc_profile or b''
    if profile[16:20] != b'RGB ':
        profile = None
    ImageOps.exif_transpose(image).save(
        path, 'JPEG', quality=90, subsampling=0, icc_profile=profile, exif=b''
    )

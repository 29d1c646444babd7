"""Libraries that only some kinds of files need."""

import importlib
from types import ModuleType

from ruas_mm.files.picture import UnsupportedPicture


def need(module: str, package: str, what: str) -> ModuleType:
    """Import ``module``, for files of the kind ``what``.

    Raises:
        UnsupportedPicture: It is not installed; names the command.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise UnsupportedPicture(
            f'{what} needs {package}: pip install {package}'
        ) from None

"""Write a file under a temporary name and rename it when it is complete."""

import os
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISDIR
from typing import Iterator, Union


@contextmanager
def atomic_write(path: Union[str, Path]) -> Iterator[Path]:
    """Give a temporary path in the same folder; rename it to ``path``.

    The folder is created. If the block fails, ``path`` stays as it was and
    the temporary file is removed. The temporary name is hidden and short:
    every name that fits the file system can be written.

    Raises:
        OSError: ``path`` is a folder, its name is too long, or a file is in
            the way of its folder.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if _is_folder(path):
        raise IsADirectoryError(f'{path} is a folder, allowed: a file')
    temporary = path.with_name(f'.{os.getpid()}-{_tag(path)}{path.suffix}')
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:  # the temporary name says nothing to a user
        if str(error.filename) == str(temporary):
            error.filename = str(path)
        error.filename2 = None
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _is_folder(path: Path) -> bool:
    """Unlike ``Path.is_dir`` it notices a name that is too long."""
    try:
        return S_ISDIR(path.stat().st_mode)
    except FileNotFoundError:
        return False


def _tag(path: Path) -> str:
    """Tells two files that one process writes at a time apart."""
    return f'{hash(path.name) & 0xFFFFFFFF:08x}'

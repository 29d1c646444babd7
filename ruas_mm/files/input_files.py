"""Find the pictures and videos that a user means, and name the results."""

import glob
import os
from pathlib import Path
from typing import List, NamedTuple, Optional, Union

from ruas_mm.files.picture_file import FORMATS
from ruas_mm.files.video_stream import WRITABLE_SUFFIXES

# a GIF is told to be refused, where any other file is passed over
PICTURE_SUFFIXES = (*FORMATS, '.gif')
VIDEO_SUFFIXES = (*WRITABLE_SUFFIXES, '.webm', '.mpg', '.mpeg', '.wmv', '.ts')


class InputFile(NamedTuple):
    """One thing to enhance.

    Attributes:
        source: File, or number of a camera.
        target: File to write.
    """

    source: Union[Path, int]
    target: Path

    @property
    def is_video(self) -> bool:
        return isinstance(self.source, int) or _is_video(self.source)


def find_inputs(source: str, out: Path) -> List[InputFile]:
    """Pair everything that ``source`` means with the file to write.

    Args:
        source: Picture, video, folder (with all folders in it; hidden files
            are left out), glob pattern, or number of a camera.
        out: Folder; names are kept, relative to the folder or to the fixed
            part of the pattern. A video whose container cannot be written
            gets ``.mp4`` behind its name. For one file also a file name, told
            by its suffix.

    Raises:
        ValueError: Nothing is found, ``out`` does not fit, or a file to be
            written is one to be read.
    """
    if source.isdigit() and not os.path.exists(source):
        found = [InputFile(int(source), _target(out, f'camera{source}.mp4'))]
        single = True
    else:
        files, folder = _find_files(source, out)
        single = os.path.isfile(source)
        found = [
            InputFile(path, _target(out, path.relative_to(folder)))
            for path in files
        ]
    if single and _is_media(out) and not out.is_dir():
        found = [found[0]._replace(target=out)]
    elif out.exists() and not out.is_dir():
        raise ValueError(f'out={out} is a file, allowed: a folder')
    for item in found:
        check_not_an_input(item.target, [other.source for other in found])
    return found


def check_not_an_input(target: Path, sources: list) -> None:
    """Refuse to write over a file that is read.

    Raises:
        ValueError: ``target`` is one of ``sources``, also by a link or in
            another case.
    """
    if not target.exists():
        return
    for source in sources:
        if not isinstance(source, int) and os.path.samefile(source, target):
            raise ValueError(
                f'{target} is an input and would be overwritten, allowed: '
                'another folder or name'
            )


def _find_files(source: str, out: Path) -> tuple:
    """The files, and the folder that their names are relative to."""
    if os.path.isfile(source):
        if not _is_media(Path(source)):
            raise ValueError(
                f'{source}: allowed: {[*PICTURE_SUFFIXES, *VIDEO_SUFFIXES]}'
            )
        return [Path(source)], Path(source).parent
    if os.path.isdir(source):
        folder, paths = Path(source), Path(source).rglob('*')
    elif glob.has_magic(source):
        folder = _fixed_part(source)
        paths = map(Path, glob.iglob(source, recursive=True))
    else:
        raise ValueError(
            f'{source}: no such file or folder, allowed: a picture, video, '
            'folder, glob pattern or number of a camera'
        )
    left_out = out.resolve() if out.resolve() != folder.resolve() else None
    files = sorted(
        path
        for path in paths
        if _is_media(path)
        and path.is_file()
        and not _is_hidden(path.relative_to(folder))
        and not _is_inside(path, left_out)
    )
    if not files:
        raise ValueError(f'{source}: holds no picture and no video')
    return files, folder


def _fixed_part(pattern: str) -> Path:
    """``a/b`` of ``a/b/*/c*.png``."""
    parts = []
    for part in Path(pattern).parts[:-1]:
        if glob.has_magic(part):
            break
        parts.append(part)
    return Path(*parts)


def _target(out: Path, name: Union[str, Path]) -> Path:
    target = out / name
    if _is_video(target) and target.suffix.lower() not in WRITABLE_SUFFIXES:
        target = target.with_name(f'{target.name}.mp4')
    return target


def _is_hidden(path: Path) -> bool:
    return any(part.startswith('.') for part in path.parts)


def _is_inside(path: Path, folder: Optional[Path]) -> bool:
    return folder is not None and folder in path.resolve().parents


def _is_video(path: Path) -> bool:
    return path.suffix.lower() in VIDEO_SUFFIXES


def _is_media(path: Path) -> bool:
    return path.suffix.lower() in (*PICTURE_SUFFIXES, *VIDEO_SUFFIXES)

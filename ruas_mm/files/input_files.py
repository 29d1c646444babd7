"""Find the pictures and videos that a user means, and name the results."""

import glob
import os
from collections import Counter
from pathlib import Path
from typing import Iterable, Iterator, List, NamedTuple, Sequence, Set, Union

from ruas_mm.files.picture_file import READABLE_SUFFIXES, target_name
from ruas_mm.files.video_stream import VIDEO_SUFFIXES, WRITABLE_SUFFIXES

# a GIF is told to be refused, where any other file is passed over
PICTURE_SUFFIXES = (*READABLE_SUFFIXES, '.gif')
UNREAD_SUFFIXES = (
    '.arw', '.cr2', '.cr3', '.dng', '.nef', '.orf', '.raf', '.rw2', '.svg',
    '.exr', '.hdr', '.jp2', '.jxl', '.pcx', '.ppm', '.pgm', '.psd', '.tga',
    '.rm', '.swf',
)  # fmt: skip
"""Pictures and videos that no library of ours reads: named, not skipped."""


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


class Inputs(NamedTuple):
    """What was found.

    Attributes:
        files: To be enhanced, sorted.
        refused: A line for each picture or video of a kind that is not read.
        left_out: Other files by their suffix, such as ``'3 .txt, 1 .xmp'``.
    """

    files: List[InputFile]
    refused: List[str]
    left_out: str


def find_inputs(sources: Sequence[str], out: Path) -> Inputs:
    """Pair everything that ``sources`` mean with the file to write.

    Args:
        sources: Each a picture, video, folder (with all folders in it, links
            followed once; hidden files are left out), glob pattern, or number
            of a camera.
        out: Folder; names are kept, relative to the folder (of several
            sources: to the one that holds it) or to the fixed part of the
            pattern. A kind of file that cannot be written gets a suffix that
            can behind its name. For one file also a file name, told by its
            suffix.

    Raises:
        ValueError: Nothing is found, ``out`` does not fit, a file to be
            written is one to be read, or two would be written as one.
    """
    found: List[InputFile] = []
    others: Set[Path] = set()
    for source in sources:
        for path, name in _find(source, out, len(sources) > 1):
            if isinstance(path, int) or _is_media(path):
                found.append(InputFile(path, _target(out, name)))
            else:
                others.add(path)
    refused = sorted(p for p in others if _suffix(p) in UNREAD_SUFFIXES)
    if not found and not refused:
        raise ValueError(
            f'{", ".join(sources)}: holds no picture and no video'
        )
    files = sorted(set(found), key=lambda item: str(item.target))
    if len(files) == 1 and _is_one(sources) and _is_media(out):
        if not out.is_dir():
            files = [files[0]._replace(target=out)]
    elif out.exists() and not out.is_dir():
        raise ValueError(f'out={out} is a file, allowed: a folder')
    _check_targets(files)
    counted = Counter(_suffix(p) or 'without a suffix' for p in others)
    for path in refused:
        counted.pop(_suffix(path), None)
    return Inputs(
        files,
        [f'{path}: {_suffix(path)} is not read' for path in refused],
        ', '.join(f'{n} {suffix}' for suffix, n in sorted(counted.items())),
    )


def check_not_an_input(target: Path, sources: Iterable) -> None:
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


def _check_targets(files: List[InputFile]) -> None:
    """No target is a source, nor that of another source."""
    sources = {
        (status.st_dev, status.st_ino)
        for status in (
            os.stat(item.source)
            for item in files
            if not isinstance(item.source, int)
        )
    }
    seen = {}
    for item in files:
        if item.target.exists():
            status = os.stat(item.target)
            if (status.st_dev, status.st_ino) in sources:
                check_not_an_input(item.target, [i.source for i in files])
        other = seen.setdefault(item.target, item.source)
        if other != item.source:
            raise ValueError(
                f'{other} and {item.source} would both be written as '
                f'{item.target}, allowed: one after the other, into folders '
                'of their own'
            )


def _find(source: str, out: Path, several: bool) -> Iterator[tuple]:
    """Each file of a source, and its name below ``out``."""
    if source.isdigit() and not os.path.exists(source):
        yield int(source), f'camera{source}.mp4'
        return
    path = Path(source)
    if path.is_file():
        if not _is_media(path) and _suffix(path) not in UNREAD_SUFFIXES:
            raise ValueError(
                f'{source}: allowed: {[*PICTURE_SUFFIXES, *VIDEO_SUFFIXES]}'
            )
        yield path, path.name
        return
    if path.is_dir():
        folder, paths = path, _walk(path)
    elif glob.has_magic(source):
        folder = _fixed_part(source)
        paths = map(Path, glob.iglob(source, recursive=True))
    else:
        raise ValueError(
            f'{source}: no such file or folder, allowed: a picture, video, '
            'folder, glob pattern or number of a camera'
        )
    left_out = out.resolve() if out.resolve() != folder.resolve() else None
    place = Path(folder.resolve().name if several else '')
    for path in _once(p for p in paths if p.is_file()):
        name = path.relative_to(folder)
        if not _is_hidden(name) and not _is_inside(path, left_out):
            yield path, place / name


def _walk(folder: Path) -> Iterator[Path]:
    """Files below ``folder``; a folder that is reached twice is read once."""
    seen = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        seen.add(os.path.realpath(parent))
        folders[:] = sorted(
            name
            for name in folders
            if os.path.realpath(os.path.join(parent, name)) not in seen
        )
        yield from (Path(parent, name) for name in names)


def _once(paths: Iterable[Path]) -> Iterator[Path]:
    """Leave out what a loop of links leads to once more."""
    seen = set()
    for path in sorted(paths, key=lambda p: (len(p.parts), p)):
        place = (os.path.realpath(path.parent), path.name)
        if place not in seen:
            seen.add(place)
            yield path


def _fixed_part(pattern: str) -> Path:
    """``a/b`` of ``a/b/*/c*.png``."""
    parts = []
    for part in Path(pattern).parts[:-1]:
        if glob.has_magic(part):
            break
        parts.append(part)
    return Path(*parts)


def _target(out: Path, name: Union[str, Path]) -> Path:
    target = target_name(out / name)
    if _is_video(target) and _suffix(target) not in WRITABLE_SUFFIXES:
        target = target.with_name(f'{target.name}.mp4')
    return target


def _is_one(sources: Sequence[str]) -> bool:
    """Whether one file or camera is meant, by its name."""
    source = sources[0]
    return len(sources) == 1 and (os.path.isfile(source) or source.isdigit())


def _suffix(path: Path) -> str:
    return path.suffix.lower()


def _is_hidden(path: Path) -> bool:
    return any(part.startswith('.') for part in path.parts)


def _is_inside(path: Path, folder: Union[Path, None]) -> bool:
    return folder is not None and folder in path.resolve().parents


def _is_video(path: Path) -> bool:
    return _suffix(path) in VIDEO_SUFFIXES


def _is_media(path: Path) -> bool:
    return _suffix(path) in (*PICTURE_SUFFIXES, *VIDEO_SUFFIXES)

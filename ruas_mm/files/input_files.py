"""Find the pictures and videos that a user means, and name the results."""

import glob
import os
from collections import Counter
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import (
    Dict,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Union,
)

from ruas_mm.files.picture_file import (
    READABLE_SUFFIXES,
    check_target_format,
    target_name,
)
from ruas_mm.files.video_stream import (
    VIDEO_SUFFIXES,
    WRITABLE_SUFFIXES,
    check_video_target,
)

UNREAD_SUFFIXES = (
    '.gif',
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
        refused: A line for each picture or video of a kind that is not read,
            for each link to nothing, pipe or device that is called like one,
            and each folder that cannot be read.
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
    _check_out(out, sources)
    found: List[InputFile] = []
    others: Set[Path] = set()
    refused: Dict[Path, str] = {}
    for source in sources:
        for path, name in _find(source, out, len(sources) > 1, refused):
            if isinstance(path, int) or _is_media(path):
                found.append(InputFile(path, _target(out, name)))
            elif _suffix(path) in UNREAD_SUFFIXES:
                refused[path] = f'{_suffix(path)} is not read'
            else:
                others.add(path)
    if not found and not refused:
        raise ValueError(
            f'{", ".join(sources)}: holds no picture and no video'
        )
    if found and _names_a_file(out):
        _check_kind(out, found[0])
        found = [found[0]._replace(target=out)]
    counted = Counter(_suffix(p) or 'without a suffix' for p in others)
    return Inputs(
        _checked(sorted(set(found), key=lambda item: str(item.target))),
        [f'{path}: {refused[path]}' for path in sorted(refused)],
        ', '.join(f'{n} {suffix}' for suffix, n in sorted(counted.items())),
    )


def check_not_an_input(target: Path, sources: Iterable) -> None:
    """Refuse to write over a file that is read.

    Raises:
        ValueError: ``target`` is one of ``sources``, also by a link or in
            another case.
    """
    if not os.path.exists(target):
        return
    for source in sources:
        if not isinstance(source, int) and os.path.samefile(source, target):
            raise ValueError(
                f'{target} is an input and would be overwritten, allowed: '
                'another folder or name'
            )


def _check_out(out: Path, sources: Sequence[str]) -> None:
    """A folder that is there or can be made, or a name for one file."""
    try:
        is_folder = S_ISDIR(out.stat().st_mode)
    except FileNotFoundError:
        is_folder = not out.is_symlink()
    except OSError as error:
        raise ValueError(f'out={out}: {error.strerror}') from None
    names_a_file = _names_a_file(out)
    if names_a_file and not _is_one(sources) and not os.path.exists(out):
        raise ValueError(
            f'out={out} names a file, allowed where INPUT is not one file: a '
            'folder'
        )
    if not is_folder and not (names_a_file and _is_one(sources)):
        kind = 'a file' if os.path.exists(out) else 'a link to nothing'
        raise ValueError(f'out={out} is {kind}, allowed: a folder')


def _names_a_file(out: Path) -> bool:
    """Told by its suffix, unless there is such a folder."""
    is_named = _is_media(out) or _suffix(out) in UNREAD_SUFFIXES
    return is_named and not os.path.isdir(out)


def _check_kind(out: Path, item: InputFile) -> None:
    """Whether a picture, or a video, can be written as ``out``."""
    (check_video_target if item.is_video else check_target_format)(out)


def _checked(files: List[InputFile]) -> List[InputFile]:
    """No target is a source, nor that of another source.

    Returns:
        Each file once, also if it is known by two names of one target.
    """
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
        if os.path.exists(item.target):
            status = os.stat(item.target)
            if (status.st_dev, status.st_ino) in sources:
                check_not_an_input(item.target, [i.source for i in files])
        other = seen.setdefault(item.target, item)
        if not _is_the_same(item.source, other.source):
            raise ValueError(
                f'{other.source} and {item.source} would both be written as '
                f'{item.target}, allowed: one after the other, into folders '
                'of their own'
            )
    return list(seen.values())


def _is_the_same(one: Union[Path, int], other: Union[Path, int]) -> bool:
    if isinstance(one, int) or isinstance(other, int):
        return one == other
    return os.path.samefile(one, other)


def _find(
    source: str, out: Path, several: bool, refused: Dict[Path, str]
) -> Iterator[tuple]:
    """Each file of a source, and its name below ``out``.

    What is called like a picture or video, but is no file, goes to
    ``refused`` with the reason.
    """
    if not os.path.lexists(source):
        if _is_camera(source):
            yield int(source), f'camera{source}.mp4'
            return
        source = os.path.expanduser(source)  # of a quoted pattern
    path = Path(source)
    if os.path.isfile(source):
        if not _is_media(path) and _suffix(path) not in UNREAD_SUFFIXES:
            raise ValueError(
                f'{source}: allowed: {[*READABLE_SUFFIXES, *VIDEO_SUFFIXES]}'
            )
        yield path, path.name
        return
    if source and os.path.isdir(source):
        folder, paths = path, _walk(path, refused)
    elif glob.has_magic(source):
        folder = _fixed_part(source)
        paths = map(Path, glob.iglob(source, recursive=True))
    else:
        reason = _why_no_file(path) if source else 'an empty name'
        raise ValueError(
            f'{source}: {reason}, allowed: a picture, video, folder, glob '
            'pattern or number of a camera'
        )
    left_out = Path(os.path.realpath(out))  # earlier results
    if Path(os.path.realpath(folder)) not in left_out.parents:
        left_out = None
    place = Path(folder.resolve().name if several else '')
    for path in _once(p for p in paths if not os.path.isdir(p)):
        name = path.relative_to(folder)
        if _is_hidden(name) or _is_inside(path, left_out):
            continue
        reason = _why_no_file(path)
        if reason is None:
            yield path, place / name
        elif _is_media(path):
            refused[path] = reason


def _why_no_file(path: Path) -> Optional[str]:
    """None: it is a file."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        is_link = path.is_symlink()
        return 'a link to nothing' if is_link else 'no such file or folder'
    except OSError as error:
        return error.strerror
    except ValueError as error:  # a null byte
        return str(error)
    return None if S_ISREG(mode) else 'a pipe, socket or device'


def _walk(folder: Path, refused: Dict[Path, str]) -> Iterator[Path]:
    """Files below ``folder``; a folder that is reached twice is read once."""
    seen = set()

    def refuse(error: OSError) -> None:
        refused[Path(error.filename)] = f'cannot be read ({error.strerror})'

    for parent, folders, names in os.walk(
        folder, onerror=refuse, followlinks=True
    ):
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
    return len(sources) == 1 and (os.path.isfile(source) or _is_camera(source))


def _is_camera(source: str) -> bool:
    return source.isascii() and source.isdigit() and len(source) < 5


def _suffix(path: Path) -> str:
    return path.suffix.lower()


def _is_hidden(path: Path) -> bool:
    return any(part.startswith('.') for part in path.parts)


def _is_inside(path: Path, folder: Union[Path, None]) -> bool:
    if folder is None:
        return False
    return folder in Path(os.path.realpath(path)).parents


def _is_video(path: Path) -> bool:
    return _suffix(path) in VIDEO_SUFFIXES


def _is_media(path: Path) -> bool:
    return _suffix(path) in (*READABLE_SUFFIXES, *VIDEO_SUFFIXES)

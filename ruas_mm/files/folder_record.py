"""What a folder was made with, so that nothing else gets into it."""

import json
from pathlib import Path

from ruas_mm.files.atomic_write import atomic_write

RECORD = 'made_with.json'


def check_record(folder: Path, settings: dict, name: str = RECORD) -> None:
    """Make sure that a folder was made with ``settings``, or begin it so.

    An entry that an older record does not have is taken for the same, and
    added.

    Args:
        folder: Of results, or of a data set that is written.
        settings: Plain values by name.
        name: Of the record in it.

    Raises:
        ValueError: It was made with others, or its record is broken.
    """
    path = folder / name
    try:
        before = json.loads(path.read_text()) if path.is_file() else {}
        others = {
            key: before[key]
            for key, value in settings.items()
            if before.get(key, value) != value
        }
    except (ValueError, AttributeError) as error:
        raise ValueError(
            f'{path} cannot be read ({error!r}), allowed: JSON of what '
            f'{folder} was made with'
        ) from None
    if others:
        now = {key: settings[key] for key in others}
        raise ValueError(
            f'{folder} was made with {others}, not {now}; allowed: the same, '
            'or another folder'
        )
    if before != (after := {**before, **settings}):
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(after))


def told(path: Path) -> str:
    """A path as records have it: of one place there is one name."""
    return path.resolve().as_posix()

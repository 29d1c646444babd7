"""Links to pictures, in the place of copies."""

from pathlib import Path


def link_file(source: Path, target: Path) -> None:
    """Make ``target`` a link to ``source``; an older link is replaced.

    Raises:
        ValueError: ``source`` is missing, or ``target`` is a file.
    """
    if not source.is_file():
        raise ValueError(f'{source}: missing file')
    if target.exists() and not target.is_symlink():
        raise ValueError(
            f'{target} is a file and stays, allowed: another folder to write, '
            'or none of that name'
        )
    source = source.resolve()  # which may be reached through the old link
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    target.symlink_to(source)

"""Run a tool of a toolbox: one line of progress here, all else in a file."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Optional, Sequence

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from ruas_mm.cli.interruption import interruptible

STEP = re.compile(
    r'(?:Iter|Epoch)\((\w+)\)\s*(?:\[\s*\d+\])?\[\s*(\d+)/\s*(\d+)\]'
)
LOSS = re.compile(r'\bloss: ([\d.]+)')
TAIL = 15  # lines of the log that are shown of a failure


class ToolFailed(RuntimeError):
    """A tool ended with an error; the message has the end of its log."""


def run_logged(
    command: Sequence[str],
    log: Path,
    env: Optional[dict] = None,
    cwd: Optional[Path] = None,
) -> None:
    """Run ``command``; what it says goes to ``log`` alone.

    Signals that end this process end that one too: two trainings in one
    folder would write over each other.

    Raises:
        ToolFailed: Its exit code is not 0.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    columns = (
        TextColumn('  {task.description}', markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with (
        interruptible(),
        open(log, 'w') as file,
        Progress(*columns, transient=not sys.stdout.isatty()) as progress,
        subprocess.Popen(
            [str(word) for word in command],
            env=env,
            cwd=cwd,
            text=True,
            errors='replace',
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            task = progress.add_task('starting', total=None)
            for line in process.stdout:
                file.write(line)
                file.flush()
                show(line, progress, task)
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        tail = '\n'.join(log.read_text().splitlines()[-TAIL:])
        raise ToolFailed(f'{tail}\n\nfailed; all of it: {log}')


def show(line: str, progress: Progress, task: int) -> None:
    """How far a line of MMEngine's log says that the run is."""
    step = STEP.search(line)
    if step is None:
        return
    what, done, total = step[1], int(step[2]), int(step[3])
    loss = LOSS.search(line)
    words = f'{what}, loss {loss[1]}' if loss else what
    progress.update(task, description=words, completed=done, total=total)


def last_table(log: Path) -> str:
    """The last table that a log holds, with title and caption, or ''."""
    lines = log.read_text().splitlines()
    tops = [i for i, line in enumerate(lines) if '┏' in line]
    if not tops:
        return ''
    first = tops[-1]
    last = next(
        (i for i in range(first, len(lines)) if '└' in lines[i]), first
    )
    return '\n'.join(lines[max(first - 1, 0) : last + 2])

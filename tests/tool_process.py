"""A tool or a few lines in a process of its own, as a user starts it."""

import os
import tempfile
from pathlib import Path

from warm_process import ROOT, WarmProcess


def start(tool, *arguments, **environment):
    """Start ``tool`` from the project's folder."""
    # a second process must not find the first one's threads in its way
    env = dict(
        os.environ, OMP_NUM_THREADS='1', PYTHONPATH=str(ROOT), **environment
    )
    return WarmProcess(tool, [*map(str, arguments)], env, ROOT)


def finish(process):
    """Wait for success; returns what was said."""
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 0, output[-3000:]
    return output


def run_lines(code):
    """Run lines of Python; returns what they said."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, 'lines.py')
        script.write_text(code)
        return finish(start(script))

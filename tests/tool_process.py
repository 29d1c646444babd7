"""A tool in a process of its own, as a user starts it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def start(tool, *arguments, **environment):
    """Start ``tool`` from the project's folder."""
    # a second process must not find the first one's threads in its way
    env = dict(
        os.environ, OMP_NUM_THREADS='1', PYTHONPATH=str(ROOT), **environment
    )
    return subprocess.Popen(
        [sys.executable, str(tool), *map(str, arguments)],
        cwd=ROOT,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def finish(process):
    """Wait for success; returns what was said."""
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 0, output[-3000:]
    return output

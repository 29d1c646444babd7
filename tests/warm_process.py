"""A script in a process of its own that finds heavy libraries imported.

Importing PyTorch and MMEngine takes longer than most of what is tested here.
A server, started once, has done so, and has imported libraries that hosts
use, and nothing else; each process is forked from it: without ruas_mm, a host,
or anything of the tests' own process.
"""

import multiprocessing
import os
import runpy
import signal
import sys
import tempfile
from pathlib import Path
from typing import Dict, Optional, Sequence

from quick_configs import make_configs_quick

ROOT = Path(__file__).parent.parent
CONTEXT = multiprocessing.get_context('forkserver')
CONTEXT.set_forkserver_preload(
    [
        *('torch', 'mmengine.runner', 'mmcv.ops', 'torchvision.ops'),
        *('sympy', 'scipy.optimize', 'matplotlib.pyplot'),
    ]
)


class WarmProcess:
    """``python SCRIPT ARGUMENTS``; used as ``subprocess.Popen`` with text.

    Args:
        script: Path of a Python file.
        arguments: What ``sys.argv`` has behind it.
        env: The whole environment; one thread for OpenMP whatever it says.
        cwd: Working folder.
    """

    def __init__(
        self,
        script: str,
        arguments: Sequence[str],
        env: Dict[str, str],
        cwd: Path,
    ) -> None:
        handle, said = tempfile.mkstemp(suffix='.txt')
        os.close(handle)
        self._said = Path(said)
        os.environ.setdefault('OMP_NUM_THREADS', '1')  # for the server
        self._process = CONTEXT.Process(
            target=_run, args=(said, str(script), arguments, env, str(cwd))
        )
        self._process.start()

    @property
    def returncode(self) -> Optional[int]:
        return self._process.exitcode

    poll = returncode.fget

    def send_signal(self, number: int) -> None:
        os.kill(self._process.pid, number)

    def communicate(self, timeout: float = 300) -> tuple:
        """Wait for the end; what was said, errors too, and None."""
        self._process.join(timeout)
        said = self._said.read_text()
        self._said.unlink()
        if self.poll() is None:
            self.send_signal(signal.SIGKILL)
            raise TimeoutError(said[-3000:])
        return said, None


def _run(said, script, arguments, env, cwd) -> None:
    """In the forked process: become a newly started Python."""
    output = os.open(said, os.O_WRONLY | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    added = [Path(script).parent, *env.get('PYTHONPATH', '').split(':')]
    of_tests = (ROOT / 'tests', ROOT / 'tools')
    sys.path[:] = [os.path.abspath(path) for path in added if str(path)] + [
        path
        for path in sys.path
        if not any(Path(path).is_relative_to(top) for top in of_tests)
    ]
    sys.argv = [script, *arguments]
    make_configs_quick()
    runpy.run_path(script, run_name='__main__')

"""Run a script as two gloo processes on this machine."""

import os
import socket
from pathlib import Path

from warm_process import ROOT, WarmProcess


def run_two(script, arguments):
    """Return codes and outputs of both; ``arguments`` gives them by rank."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = str(probe.getsockname()[1])
    processes = []
    for rank in range(2):
        env = dict(
            os.environ,
            RANK=str(rank),
            LOCAL_RANK=str(rank),
            WORLD_SIZE='2',
            MASTER_ADDR='127.0.0.1',
            MASTER_PORT=port,
            OMP_NUM_THREADS='1',
            PYTHONPATH=f'{ROOT}:{ROOT / "tests"}:{Path(script).parent}',
        )
        processes.append(
            WarmProcess(script, [*map(str, arguments(rank))], env, Path.cwd())
        )
    outputs = [process.communicate(timeout=240)[0] for process in processes]
    return [process.returncode for process in processes], outputs

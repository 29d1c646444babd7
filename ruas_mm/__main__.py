"""``python -m ruas_mm``, which is also the command ``ruas-mm``."""

import os
import sys
from typing import Sequence

from ruas_mm.compatibility import is_installed

NEEDED = ('cv2', 'PIL', 'click', 'rich')
FOR_TORCH = ('torch', 'mmengine', 'safetensors')
"""An exported enhancer does without."""


def main() -> None:
    """Run a command, or say how to install what is missing for it."""
    _check(NEEDED)
    # read as torch is loaded: beside other jobs, threads that spin while they
    # wait make everything seven times as slow
    os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
    from ruas_mm.cli import main as run

    try:
        run(prog_name='ruas-mm')
    except ModuleNotFoundError:
        _check(FOR_TORCH)
        raise


def _check(needed: Sequence[str]) -> None:
    missing = [name for name in needed if not is_installed(name)]
    if missing:
        sys.exit(
            f'ruas-mm needs {", ".join(missing)}: '
            "pip install 'ruas_mm[enhance]'"
        )


if __name__ == '__main__':
    main()

"""``python -m ruas_mm``, which is also the command ``ruas-mm``."""

import os
import sys

from ruas_mm.compatibility import is_installed

NEEDED = ('torch', 'mmengine', 'cv2', 'PIL', 'safetensors', 'click', 'rich')


def main() -> None:
    """Run a command, or say how to install what is missing for it."""
    missing = [name for name in NEEDED if not is_installed(name)]
    if missing:
        sys.exit(
            f'ruas-mm needs {", ".join(missing)}: '
            "pip install 'ruas_mm[enhance]'"
        )
    # read as torch is loaded: beside other jobs, threads that spin while they
    # wait make everything seven times as slow
    os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
    from ruas_mm.cli import main as run

    run(prog_name='ruas-mm')


if __name__ == '__main__':
    main()

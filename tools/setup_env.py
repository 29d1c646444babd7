"""Create the environment of one stack: ``python tools/setup_env.py --help``.

Runs on the bare system Python (standard library only). Every step is skipped
when a stamp in the environment says that it was done with the same
requirements, so calling it again costs nothing.
"""

import argparse
import hashlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = (3, 11)
MENDS = {
    'python': 'Install Python 3.11 with its venv module (Debian: apt-get '
    'install python3.11-venv; pyenv: pyenv install 3.11) and name it: '
    'make demo PYTHON=/path/to/python3.11',
    'pip': 'pip could not reach its package index, or a package failed to '
    'build; the lines above say which. Check the network (pip config list), '
    'then run the same command again: finished steps are kept.',
    'mmcv': 'mmcv is compiled here (10 to 25 minutes) when no wheel fits. '
    'It needs g++ and make (Debian: apt-get install build-essential) and '
    'some 4 GB of memory; or put a wheel built for this torch into a folder '
    'and name it: PIP_FIND_LINKS=/folder make demo',
    'check': 'The environment is incomplete. Remove the folder and run the '
    'same command again.',
}


def run(command: list, mend: str, **kwargs) -> None:
    """Run ``command``, showing its output; on failure exit with a mend."""
    try:
        subprocess.run(command, check=True, cwd=ROOT, **kwargs)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f'\nset-up failed: {error}\n{MENDS[mend]}')


def run_mmcv_build(command: list) -> None:
    """Run pip verbosely and show only how far the compiler is."""
    env = dict(os.environ, CFLAGS='-g0 -O2', MMCV_WITH_OPS='1')
    env.setdefault('MAX_JOBS', str(os.cpu_count()))
    tail, shown, start = [], 0.0, time.time()
    with subprocess.Popen(
        command + ['-v'],
        cwd=ROOT,
        env=env,
        text=True,
        errors='replace',
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        for line in process.stdout:
            tail = tail[-60:] + [line]
            step = re.match(r'\s*\[(\d+/\d+)\]', line)
            if step and time.time() - shown > 5:
                shown = time.time()
                print(
                    f'    compiling mmcv {step[1]}, {shown - start:.0f} s',
                    flush=True,
                )
    if process.returncode:
        sys.exit(f'{"".join(tail)}\nset-up failed.\n{MENDS["mmcv"]}')


def read_steps(requirements: Path) -> dict:
    """Split a requirements file at its ``# step: NAME`` lines."""
    steps, name = {}, None
    for line in requirements.read_text().splitlines():
        marker = re.match(r'# step: (\w+)', line)
        if marker:
            name = marker[1]
            steps[name] = []
        elif line and not line.startswith('#'):
            steps[name].append(line)
    return steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--stack', default='openmmlab', help='requirements/*')
    parser.add_argument('--venv', type=Path, default=ROOT / '.venv')
    args = parser.parse_args()
    if sys.version_info[:2] != PYTHON:
        sys.exit(
            f'set-up failed: Python {sys.version.split()[0]} at '
            f'{sys.executable}, but the stacks are pinned for 3.11.\n'
            f'{MENDS["python"]}'
        )
    requirements = ROOT / 'requirements' / f'{args.stack}.txt'
    if not requirements.exists():
        stacks = sorted(
            p.stem
            for p in requirements.parent.glob('*.txt')
            if p.stem != 'dev'
        )
        sys.exit(f'set-up failed: STACK={args.stack}, allowed: {stacks}')

    python = args.venv / 'bin' / 'python'
    if not python.exists():
        print(f'[venv] {args.venv}', flush=True)
        run([sys.executable, '-m', 'venv', str(args.venv)], 'python')
    pip = [str(python), '-m', 'pip', 'install', '--progress-bar', 'on']

    steps = read_steps(requirements)
    pins = [line for lines in steps.values() for line in lines]
    constraints = args.venv / 'constraints.txt'
    constraints.write_text('\n'.join(pins) + '\n')
    steps['development'] = read_steps(requirements.with_name('dev.txt'))['dev']
    steps['project'] = ['--editable', str(ROOT)]
    key = hashlib.sha256()
    for number, (name, lines) in enumerate(steps.items(), 1):
        stamp = args.venv / f'.done-{name}'
        key.update('\n'.join(lines).encode())  # a step needs those before it
        if stamp.exists() and stamp.read_text() == key.hexdigest():
            continue
        print(f'[{number}/{len(steps)}] {name}: {" ".join(lines)}', flush=True)
        if name == 'mmcv':
            run_mmcv_build(pip + ['--no-build-isolation'] + lines)
        elif name == 'project':
            run(
                pip + ['--quiet', '--no-deps', '--no-build-isolation'] + lines,
                'pip',
            )
        else:
            run(pip + ['-c', str(constraints)] + lines, 'pip')
        stamp.write_text(key.hexdigest())
    run([str(python), '-m', 'ruas_mm.compatibility'], 'check')


if __name__ == '__main__':
    main()

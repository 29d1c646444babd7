"""Create the environment of one stack: ``python tools/setup_env.py --help``.

Runs on any bare Python from 3.6 on (standard library only) and looks for one
that fits: each file of ``requirements/`` names the Pythons of its stack. Every
step is skipped when a stamp in the environment says that it was done with the
same requirements, so calling it again costs nothing.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / 'requirements'
DEFAULT = 'openmmlab'  # of the stacks that fit a Python
PREFERRED = '3.11'  # both stacks fit it; every figure was measured with it
MENDS = {
    'python': 'Install one with its venv module (Debian: apt-get install '
    'python{0}-venv python{0}-dev; pyenv: pyenv install {0}) and name it: '
    'PYTHON=/path/to/python{0}',
    'pip': 'pip could not reach its package index, or a package failed to '
    'build; the lines above say which. Check the network (pip config list), '
    'then run the same command again: finished steps are kept.',
    'mmcv': 'mmcv is compiled here (10 to 25 minutes) when no wheel fits. '
    'It needs g++, make and the headers of Python (Debian: apt-get install '
    'build-essential python3-dev) and some 4 GB of memory; or put a wheel '
    'built for this torch into a folder and name it: '
    'PIP_FIND_LINKS=/folder make demo',
    'check': 'The environment is incomplete. Remove the folder and run the '
    'same command again.',
}
PROBE = (
    'import sys; print("%d.%d.%d" % sys.version_info[:3]); '
    'import ensurepip, venv'
)


class Stack(NamedTuple):
    """What the line ``# python:`` of a requirements file says."""

    name: str
    pythons: list  # '3.10', ...
    reason: str  # why no others

    def __str__(self) -> str:
        return f'{self.name} takes Python {", ".join(self.pythons)}'


class Interpreter(NamedTuple):
    path: str
    version: str  # '3.11.7'
    has_venv: bool

    @property
    def minor(self) -> str:
        """``'3.11'``."""
        return self.version.rpartition('.')[0]

    def __str__(self) -> str:
        return f'Python {self.version} ({self.path})'


def fail(message: str) -> None:
    sys.exit(f'set-up failed: {message}')


def read_stacks() -> dict:
    """Name to :class:`Stack`, the default first."""
    stacks = {}
    for file in REQUIREMENTS.glob('*.txt'):
        line = re.search(r'^# python: (.+); (.+)$', file.read_text(), re.M)
        if line:
            stacks[file.stem] = Stack(file.stem, line[1].split(), line[2])
    return {name: stacks[name] for name in sorted(stacks, key=_rank)}


def _rank(name: str) -> tuple:
    return name != DEFAULT, name


def ask(path: str):
    """The :class:`Interpreter` at ``path``; None when it does not start."""
    try:
        process = subprocess.Popen(
            [path, '-c', PROBE],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding='utf-8',
        )
    except OSError:
        return None
    version = process.communicate()[0].strip()
    if not re.match(r'\d+\.\d+\.\d+$', version):
        return None
    return Interpreter(path, version, process.returncode == 0)


def find_interpreters(pythons: list) -> list:
    """Every Python that starts: best first, see :func:`_age`.

    Looked for are ``python3.x`` for each of ``pythons`` and ``python3`` on
    the whole PATH (a shim may hide one that starts), and what runs this file.
    """
    paths = [
        shutil.which(name, path=folder)
        for name in [*(f'python{python}' for python in pythons), 'python3']
        for folder in os.get_exec_path()
    ]
    found = (ask(path) for path in [*paths, sys.executable] if path)
    return sorted(filter(None, found), key=lambda p: _age(p.minor))[::-1]


def _age(python: str) -> tuple:
    """Sorts newer after older and the preferred last."""
    return python == PREFERRED, [int(digit) for digit in python.split('.')]


def choose_interpreter(stacks: dict, stack, named) -> Interpreter:
    """The interpreter for ``stack`` (None: any), or end with one line.

    Args:
        stacks: From :func:`read_stacks`.
        stack: A key of them or None.
        named: Path or name of an interpreter; None: the best that is found.
    """
    wanted = [stacks[stack]] if stack else list(stacks.values())
    pythons = [python for each in wanted for python in each.pythons]
    mend = MENDS['python'].format(max(pythons, key=_age))
    takes = '; '.join(map(str, wanted))
    if named is None:
        found = find_interpreters(pythons)
        fitting = [each for each in found if each.minor in pythons]
        with_venv = [each for each in fitting if each.has_venv]
        if not fitting:
            seen = ', '.join(dict.fromkeys(map(str, found)))
            fail(f'no Python fits: {takes}; found: {seen}. {mend}')
        return (with_venv or fitting)[0]
    python = ask(shutil.which(named) or named)
    if python is None:
        fail(f'PYTHON={named} was not found or does not start. {mend}')
    if python.minor in pythons:
        return python
    others = [each for each in stacks.values() if python.minor in each.pythons]
    if others:
        (each,), (other, *_) = wanted, others
        fail(
            f'STACK={stack} with {python}: {each} only ({each.reason}). Use '
            f'STACK={other.name} or name another Python: '
            f'PYTHON=/path/to/python{max(each.pythons, key=_age)}'
        )
    fail(f'{python} does not fit: {takes}. {mend}')


def choose(stack, named, venv) -> tuple:
    """Stack, interpreter and folder from what the user named of them.

    What is not named: the environment that there is and its interpreter, else
    3.11, else the newest that fits; the stack for it; the stack's folder.
    """
    stacks = read_stacks()
    if stack and stack not in stacks:
        fail(f'STACK={stack}, allowed: {sorted(stacks)}')
    if not (stack or named or venv):
        made = (
            name for name in stacks if python_of(default_folder(name)).exists()
        )
        stack = next(made, None)
    if stack and venv is None:
        venv = default_folder(stack)
    there = None if venv is None else python_of(venv)
    if named is None and there and there.exists():
        named = str(there)
    python = choose_interpreter(stacks, stack, named)
    if stack is None:
        stack = next(s.name for s in stacks.values() if python.minor in s[1])
    return stack, python, venv or default_folder(stack)


def default_folder(stack: str) -> Path:
    return ROOT / ('.venv' if stack == DEFAULT else f'.venv-{stack}')


def python_of(venv: Path) -> Path:
    return venv / 'bin' / 'python'


def run(command: list, mend: str, **kwargs) -> None:
    """Run ``command``, showing its output; on failure exit with a mend."""
    try:
        subprocess.run(command, check=True, cwd=str(ROOT), **kwargs)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f'\nset-up failed: {error}\n{MENDS[mend]}')


def run_mmcv_build(command: list) -> None:
    """Run pip verbosely and show only how far the compiler is."""
    env = dict(os.environ, CFLAGS='-g0 -O2', MMCV_WITH_OPS='1')
    env.setdefault('MAX_JOBS', str(os.cpu_count()))
    tail, shown, start = [], 0.0, time.time()
    with subprocess.Popen(
        command + ['-v'],
        cwd=str(ROOT),
        env=env,
        encoding='utf-8',
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


def make_folder(venv: Path, interpreter: Interpreter) -> Path:
    """The environment's Python, which is made when it is not there."""
    python = python_of(venv)
    if not python.exists():
        if not interpreter.has_venv:
            minor = interpreter.minor
            fail(
                f'{interpreter} has no venv module (Debian: apt-get install '
                f'python{minor}-venv). {MENDS["python"].format(PREFERRED)}'
            )
        print(f'[venv] {interpreter}: {venv}', flush=True)
        run([interpreter.path, '-m', 'venv', str(venv)], 'check')
        return python
    there = ask(str(python))
    if there is None:
        fail(f'{python} does not start. {MENDS["check"]}')
    if there.minor != interpreter.minor:
        fail(
            f'{venv} has {there}, not {interpreter}. Remove it or name '
            f'another folder: VENV={venv}-{interpreter.minor}'
        )
    return python


def install(stack: str, venv: Path, python: Path) -> None:
    """Every step that the stamps in ``venv`` do not show as done."""
    pip = [str(python), '-m', 'pip', 'install', '--progress-bar', 'on']
    steps = read_steps(REQUIREMENTS / f'{stack}.txt')
    pins = [line for lines in steps.values() for line in lines]
    constraints = venv / 'constraints.txt'
    constraints.write_text('\n'.join(pins) + '\n')
    steps['development'] = read_steps(REQUIREMENTS / 'dev.txt')['dev']
    steps['project'] = ['--editable', str(ROOT)]
    key = hashlib.sha256()
    for number, (name, lines) in enumerate(steps.items(), 1):
        stamp = venv / f'.done-{name}'
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--stack', help='a file of requirements/')
    parser.add_argument('--python', help='interpreter, by name or path')
    parser.add_argument('--venv', type=Path, help='folder of the environment')
    parser.add_argument(
        '--where', action='store_true', help='only print the folder'
    )
    args = parser.parse_args()
    stack, interpreter, venv = choose(args.stack, args.python, args.venv)
    if args.where:
        print(venv)
        return
    install(stack, venv, make_folder(venv, interpreter))


if __name__ == '__main__':
    main()

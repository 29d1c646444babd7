import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT


@pytest.fixture
def tool(load_tool):
    return load_tool('setup_env')


@pytest.mark.parametrize(
    'stack, torch, mmcv',
    [
        ('openmmlab', 'torch==2.1.2', 'mmcv==2.1.0'),
        ('onedl', 'torch==2.9.1', 'onedl-mmcv==2.3.6'),
    ],
)
def test_torch_comes_before_mmcv_before_the_toolboxes(
    tool, stack, torch, mmcv
):
    steps = tool.read_steps(ROOT / 'requirements' / f'{stack}.txt')
    assert list(steps) == ['torch', 'mmcv', 'toolboxes']
    assert torch in steps['torch'] and mmcv in steps['mmcv']


def test_unknown_stack_is_told():
    result = subprocess.run(
        [sys.executable, str(ROOT / 'tools/setup_env.py'), '--stack', 'mine'],
        capture_output=True,
        text=True,
    )
    assert result.returncode != 0
    assert "STACK=mine, allowed: ['onedl', 'openmmlab']" in result.stderr


@pytest.mark.parametrize('mend', ['python', 'pip', 'mmcv', 'check'])
def test_failed_step_says_what_to_do(tool, mend):
    with pytest.raises(SystemExit, match='set-up failed') as error:
        tool.run([sys.executable, '-c', 'raise SystemExit(3)'], mend)
    assert tool.MENDS[mend] in str(error.value)


def test_failed_compilation_shows_its_end(tool):
    code = 'print("[1/9] nvcc"); print("error: no compiler"); exit(1)'
    with pytest.raises(SystemExit, match='no compiler[^|]*g\\+\\+'):
        tool.run_mmcv_build([sys.executable, '-c', code])


@pytest.fixture
def pythons(tool, tmp_path, monkeypatch):
    """Interpreters that only say their version, alone on the PATH.

    The project has no environment yet.
    """
    monkeypatch.setattr(tool, 'ROOT', tmp_path)
    folder = tmp_path / 'bin'
    folder.mkdir()
    monkeypatch.setenv('PATH', str(folder))
    monkeypatch.setattr(sys, 'executable', str(folder / 'python'))

    def add(version, status=0, name=None):
        minor = version.rpartition('.')[0]
        path = folder / (name or f'python{minor}')
        path.write_text(f'#!/bin/sh\necho {version}\nexit {status}\n')
        path.chmod(0o755)
        return str(path)

    return add


def refusal(tool, *named):
    """The one line that the set-up ends with."""
    with pytest.raises(SystemExit) as error:
        tool.choose(*named)
    assert '\n' not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    'version, stack, chosen',
    [
        ('3.10.13', None, 'openmmlab'),
        ('3.11.7', None, 'openmmlab'),
        ('3.12.1', None, 'onedl'),
        ('3.13.0', None, 'onedl'),
        ('3.11.7', 'onedl', 'onedl'),
        ('3.10.2', 'openmmlab', 'openmmlab'),
    ],
)
@pytest.mark.parametrize('named', [True, False])
def test_python_at_hand_chooses_the_stack(
    tool, pythons, version, stack, chosen, named
):
    path = pythons(version)
    found = tool.choose(stack, path if named else None, None)
    assert found[:2] == (chosen, tool.Interpreter(path, version, True))
    folder = '.venv' if chosen == 'openmmlab' else '.venv-onedl'
    assert found[2] == tool.ROOT / folder


@pytest.mark.parametrize(
    'there, stack, chosen',
    [
        (['3.10.1', '3.11.7', '3.13.0'], None, '3.11.7'),
        (['3.9.1', '3.10.1', '3.12.1', '3.14.0'], None, '3.12.1'),
        (['3.10.1', '3.13.0'], 'openmmlab', '3.10.1'),
        (['3.12.1', '3.13.0'], None, '3.13.0'),
    ],
)
def test_preferred_then_newest_python_is_taken(
    tool, pythons, there, stack, chosen
):
    for version in there:
        pythons(version)
    assert tool.choose(stack, None, None)[1].version == chosen


def test_python_without_its_minor_in_the_name(tool, pythons):
    pythons('3.12.3', name='python3')
    assert tool.choose(None, None, None)[1].version == '3.12.3'


def test_shim_or_missing_venv_does_not_hide_the_next(tool, pythons):
    Path(pythons('3.11.7')).write_text('#!/bin/sh\nexit 127\n')
    pythons('3.13.0', status=1)
    pythons('3.12.1')
    assert tool.choose(None, None, None)[1].version == '3.12.1'


@pytest.mark.parametrize('version', ['2.7.18', '3.9.18', '3.14.0'])
@pytest.mark.parametrize('named', [True, False])
def test_python_that_does_not_fit_is_told(tool, pythons, version, named):
    path = pythons(version, name='python3')
    line = refusal(tool, None, path if named else None, None)
    assert f'Python {version} ({path})' in line
    assert 'openmmlab takes Python 3.10, 3.11' in line
    assert 'PYTHON=/path/to/python3.11' in line


@pytest.mark.parametrize('version', ['3.12.1', '3.13.0'])
def test_stack_that_python_does_not_fit_is_told(tool, pythons, version):
    line = refusal(tool, 'openmmlab', pythons(version), None)
    assert 'torch 2.1.2 was not built for others' in line
    assert 'STACK=onedl' in line and 'PYTHON=/path/to/python3.11' in line


def test_python_that_is_not_there_is_told(tool, pythons):
    pythons('3.11.7')
    line = refusal(tool, None, '/no/python3.11', None)
    assert 'PYTHON=/no/python3.11 was not found' in line


def test_python_without_venv_is_told(tool, pythons, tmp_path):
    path = pythons('3.12.3', status=1)
    _, python, _ = tool.choose(None, None, None)
    with pytest.raises(SystemExit, match='no venv.*python3.12-venv') as error:
        tool.make_folder(tmp_path / 'new', python)
    assert path in str(error.value) and '\n' not in str(error.value)


@pytest.mark.parametrize('folder', ['env', '.venv-onedl'])
def test_environment_that_is_there_is_kept(tool, pythons, tmp_path, folder):
    there = Path(pythons('3.12.1'))
    pythons('3.11.7')
    python = tool.python_of(tmp_path / folder)
    python.parent.mkdir(parents=True)
    python.symlink_to(there)
    named = tmp_path / folder if folder == 'env' else None
    stack, chosen, venv = tool.choose(None, None, named)
    assert (stack, chosen.version) == ('onedl', '3.12.1')
    assert venv == tmp_path / folder
    assert tool.make_folder(venv, chosen) == python
    other = tool.ask(pythons('3.13.0'))
    with pytest.raises(SystemExit, match='has Python 3.12.1.*VENV=') as error:
        tool.make_folder(venv, other)
    assert '\n' not in str(error.value)


def test_package_takes_the_pythons_of_the_stacks(tool):
    stacks = tool.read_stacks()
    assert list(stacks) == ['openmmlab', 'onedl']
    pythons = {python for stack in stacks.values() for python in stack.pythons}
    assert pythons == {'3.10', '3.11', '3.12', '3.13'}
    lowest = min(pythons, key=lambda python: int(python[2:]))
    text = (ROOT / 'setup.py').read_text()
    assert f"python_requires='>={lowest}'" in text


@pytest.mark.parametrize('target', ['test', 'lint', 'demo'])
def test_make_hands_on_what_is_named(tool, target, tmp_path):
    stack = tool.choose(None, sys.executable, None)[0]
    names = dict(STACK=stack, VENV=tmp_path, PYTHON=sys.executable)
    result = subprocess.run(
        ['make', '-n', target, *(f'{k}={v}' for k, v in names.items())],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    _, commands = result.stdout.split('setup_env.py ')
    wanted = f'--stack {stack} --python {sys.executable} --venv {tmp_path}'
    assert commands.splitlines()[0].strip() == wanted
    assert f'{tmp_path}/bin/python ' in commands

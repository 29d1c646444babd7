import subprocess
import sys

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

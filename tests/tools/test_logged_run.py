"""Progress here, the log in a file."""

import os
import signal
import sys

import pytest
from rich.progress import Progress


@pytest.fixture
def tool(load_tool):
    return load_tool('logged_run')


LINES = {
    'Iter(train) [ 1500/2600]  lr: 5.7e-04  loss: 0.0123': ('train', 1500),
    'Epoch(train)  [1][  5/50]  lr: 1e-3  loss: 7.5': ('train', 5),
    'Epoch(test) [10/10]    exdark/AP50: 0.1': ('test', 10),
    'Saving checkpoint at 1500 iterations': ('starting', 0),
}


@pytest.mark.parametrize('line', LINES)
def test_progress_is_read_from_the_log(tool, line):
    what, done = LINES[line]
    with Progress(disable=True) as progress:
        task = progress.add_task('starting', total=None)
        tool.show(f'11/26 16:17:37 - mmengine - INFO - {line}', progress, task)
        (found,) = progress.tasks
    assert found.description.startswith(what) and found.completed == done


def test_log_and_table(tool, tmp_path, capfd):
    table = ['   ExDark', '┏━━━┓', '┃ a ┃', '└───┘', 'COCO mAP .5']
    code = f'print("noise"); print({chr(10).join(table)!r}); print("end")'
    tool.run_logged([sys.executable, '-c', code], tmp_path / 'a' / 'log')
    assert 'noise' in (tmp_path / 'a' / 'log').read_text()
    assert 'noise' not in capfd.readouterr().out
    assert tool.last_table(tmp_path / 'a' / 'log') == '\n'.join(table)


@pytest.mark.usefixtures('heeds_interrupts')
@pytest.mark.parametrize('name', ['SIGTERM', 'SIGINT'])
def test_what_ends_the_tool_ends_the_run(tool, tmp_path, name):
    code = (
        'import os, signal, time\n'
        'open("pid", "w").write(str(os.getpid()))\n'
        f'os.kill(os.getppid(), signal.{name})\n'
        'time.sleep(60)'
    )
    handler = signal.getsignal(getattr(signal, name))
    with pytest.raises(KeyboardInterrupt):
        tool.run_logged(
            [sys.executable, '-c', code], tmp_path / 'log', cwd=tmp_path
        )
    assert signal.getsignal(getattr(signal, name)) is handler
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / 'pid').read_text()), 0)


def test_failure_shows_the_end(tool, tmp_path):
    code = "for i in range(99): print(f'line {i}')\nraise SystemExit(3)"
    with pytest.raises(tool.ToolFailed) as caught:
        tool.run_logged([sys.executable, '-c', code], tmp_path / 'log')
    assert 'line 98' in str(caught.value) and 'line 5\n' not in str(
        caught.value
    )
    assert str(tmp_path / 'log') in str(caught.value)

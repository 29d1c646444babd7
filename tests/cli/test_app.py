"""The command, and page_checks.py in a process of its own.

Gradio beside torch 2.9 in one long-lived process crashed at random (a
segmentation fault, cause unknown); alone it never did.
"""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import run_command

CHECKS = Path(__file__).parent / 'page_checks.py'


def test_page():
    pytest.importorskip('selenium')
    command = [sys.executable, '-m', 'pytest', '-q', '-rs', str(CHECKS)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stdout + run.stderr
    if 'skipped' in run.stdout.splitlines()[-1]:
        pytest.skip(run.stdout)


def test_without_gradio_one_line_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, 'gradio', None)  # cannot be found
    assert 'Example' in run_command('app', '--help')[1]
    code, said = run_command('app')
    assert code != 0
    assert said.strip() == (
        "ruas-mm app needs gradio: pip install 'ruas_mm[app]'"
    )


@pytest.mark.parametrize('host', ['127.0.0.1', 'localhost'])
def test_port_in_use_is_one_line(monkeypatch, host):
    monkeypatch.setattr('ruas_mm.cli.app.is_installed', lambda _: True)
    with socket.socket() as other:
        other.bind(('127.0.0.1', 0))
        other.listen()
        port = other.getsockname()[1]
        code, said = run_command('app', '--port', str(port), '--host', host)
    assert code == 2
    line = said.strip()
    assert '\n' not in line and line.startswith(f'{host}:{port}: ')
    assert 'in use' in line and '--port' in line


def test_host_that_is_not_here_is_one_line(monkeypatch):
    monkeypatch.setattr('ruas_mm.cli.app.is_installed', lambda _: True)
    code, said = run_command('app', '--host', '192.0.2.1')
    assert code == 2
    assert said.startswith('192.0.2.1:7860: ') and said.count('\n') == 1

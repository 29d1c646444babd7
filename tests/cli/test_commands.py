"""The table of commands, and what holds for each of them."""

import contextlib
import gc
import os
import sys

import pytest
from conftest import run_command

from ruas_mm import __main__
from ruas_mm.cli import COMMANDS, imported


def test_table_is_told():
    code, said = run_command('--help')
    assert code == 0
    for name, what in COMMANDS.items():
        assert f'{name} ' in said and what in said


@pytest.mark.parametrize('name', COMMANDS)
def test_help_has_an_example(name):
    code, said = run_command(name, '--help')
    assert code == 0
    assert f'ruas-mm {name}' in said.split('Example')[1]


def test_unknown_command():
    code, said = run_command('enlighten')
    assert code == 2 and "No such command 'enlighten'" in said


@pytest.mark.parametrize('name', ['json', 'no_such_module'])
def test_garbage_is_looked_for_again(name):
    """And not among what a command has imported: that takes seconds."""
    gc.unfreeze()
    try:
        with contextlib.suppress(ModuleNotFoundError):
            imported(name)
        assert gc.isenabled() and gc.get_freeze_count() > 1000
    finally:
        gc.unfreeze()


@pytest.mark.parametrize('policy', [None, 'ACTIVE'])
def test_threads_do_not_spin_unless_told_to(policy, monkeypatch):
    monkeypatch.setenv('OMP_WAIT_POLICY', policy or '')
    if policy is None:
        monkeypatch.delenv('OMP_WAIT_POLICY')
    monkeypatch.setattr(sys, 'argv', ['ruas-mm', '--version'])
    with pytest.raises(SystemExit):
        __main__.main()
    assert os.environ['OMP_WAIT_POLICY'] == (policy or 'PASSIVE')


def test_missing_libraries_are_named(monkeypatch, capsys):
    monkeypatch.setattr(__main__, 'NEEDED', ('torch', 'no_such_library'))
    with pytest.raises(SystemExit, match=r'needs no_such_library: pip inst'):
        __main__.main()

"""``ruas-mm config``: packaged configs in any folder."""

import pytest
from conftest import run_command
from mmengine.config import Config

from ruas_mm.cli.config import find_configs

NAMES = ('ruas_ssd_exdark', 'ruas_lol', 'ruas_ssdlite_supernet_exdark_mini')


def test_list():
    code, said = run_command('config')
    assert code == 0
    lines = said.splitlines()
    assert len(lines) == len(find_configs()) > 20
    (line,) = [x for x in lines if x.startswith('ruas_ssd_exdark ')]
    assert 'RUAS on ExDark' in line


@pytest.mark.parametrize('name', NAMES)
def test_copy_is_whole(name, tmp_path, monkeypatch):
    expected = Config.fromfile(find_configs()[name])
    monkeypatch.chdir(tmp_path)
    code, said = run_command('config', name, '--out', 'mine.py')
    assert code == 0 and 'mine.py' in said
    copy = Config.fromfile('mine.py')
    assert copy.to_dict() == expected.to_dict()
    assert '_base_' not in (tmp_path / 'mine.py').read_text()
    assert run_command('config', name)[1].strip() == (
        (tmp_path / 'mine.py').read_text().strip()
    )


def test_what_is_refused(tmp_path):
    code, said = run_command('config', 'no_such')
    assert code == 1 and 'no_such: allowed: ' in said
    (tmp_path / 'mine.py').write_text('mine')
    code, said = run_command('config', 'ruas_lol', '-o', tmp_path / 'mine.py')
    assert code == 1 and 'is there already' in said
    assert (tmp_path / 'mine.py').read_text() == 'mine'

"""``ruas-mm config``: packaged configs in any folder."""

from pathlib import Path

import pytest
from conftest import run_command
from mmengine.config import Config

from ruas_mm import compatibility
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


@pytest.mark.parametrize(
    'command, name',
    [('config', 'ruas_ssd_exdark'), ('lowlight', 'yolox_s_8xb8-300e_coco')],
)
def test_missing_toolbox_is_named_with_its_command(
    command, name, tmp_path, monkeypatch
):
    """Whatever module MMEngine misses first on the way to it."""

    def refuse(path, *_, **__):
        if command == 'config' or Path(path).parent == tmp_path:
            raise ModuleNotFoundError("No module named 'pkg_resources'")
        return fromfile(path)

    def incomplete():
        raise compatibility.ToolboxError('Mend it with: pip install mmdet')

    fromfile = Config.fromfile
    monkeypatch.setattr(Config, 'fromfile', refuse)
    monkeypatch.setattr(compatibility, 'check_environment', incomplete)
    code, said = run_command(command, name, '--out', tmp_path / 'mine.py')
    assert code == 1 and 'Mend it with: pip install' in said
    assert not list(tmp_path.iterdir())


def test_what_is_refused(tmp_path):
    code, said = run_command('config', 'no_such')
    assert code == 1 and 'no_such: allowed: ' in said
    code, said = run_command('config', 'ruas_sdd_exdark')
    assert code == 1 and 'allowed: ruas_ssd_exdark' in said
    assert 'ruas_lol' not in said
    (tmp_path / 'mine.py').write_text('mine')
    code, said = run_command('config', 'ruas_lol', '-o', tmp_path / 'mine.py')
    assert code == 1 and 'is there already' in said
    assert (tmp_path / 'mine.py').read_text() == 'mine'

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from tool_process import run_lines

from ruas_mm import compatibility
from ruas_mm.compatibility import ToolboxError, check_toolbox

ROOT = Path(__file__).parent.parent


def test_this_environment_is_supported():
    versions = compatibility.check_environment()
    assert {'torch', 'mmengine', 'mmcv', 'mmdet'} <= set(versions)


@pytest.mark.parametrize('name', ['mmdet', 'mmcv', 'mmseg'])
def test_missing_toolbox_names_the_command(name, monkeypatch):
    monkeypatch.setattr(compatibility, 'is_installed', lambda _: False)
    with pytest.raises(ToolboxError, match=f'needs {name}.*pip install'):
        check_toolbox(name)


@pytest.mark.parametrize('version', ['1.7.2', '3.1.9', '4.0.0', '4.0rc1'])
def test_wrong_version_names_range_and_command(version, monkeypatch):
    import mmdet

    monkeypatch.setattr(mmdet, '__version__', version)
    with pytest.raises(ToolboxError, match=r'mmdet >= 3\.2 and < 4.*pip'):
        check_toolbox('mmdet')


@pytest.mark.parametrize('forks', [True, False])
@pytest.mark.parametrize('name', ['mmdet', 'mmcv', 'mmseg'])
def test_mend_keeps_to_the_forks_where_they_are(name, forks, monkeypatch):
    """An original beside a fork would overwrite its files."""
    monkeypatch.setattr(compatibility, 'has_distribution', lambda _: forks)
    command = compatibility.pip_command(name)
    assert ('onedl-' in command) == forks
    assert ('--no-build-isolation' in command) == (name == 'mmcv')


@pytest.mark.parametrize('stack', ['openmmlab', 'onedl'])
def test_pins_lie_within_the_bounds(stack):
    """And so do the names: pip takes what the error tells."""
    text = (ROOT / 'requirements' / f'{stack}.txt').read_text()
    for name in compatibility.SUPPORTED:
        bounds = Requirement(
            compatibility.requirement(name, forks=stack == 'onedl')
        )
        (pin,) = re.findall(rf'^{bounds.name}==(\S+)', text, re.M)
        assert pin in bounds.specifier, bounds


def test_mmcv_without_operators(monkeypatch):
    monkeypatch.setattr(
        compatibility, 'is_installed', lambda name: name != 'mmcv._ext'
    )
    with pytest.raises(ToolboxError, match='mmcv-lite.*pip uninstall'):
        check_toolbox('mmcv')


def test_no_host_at_all(monkeypatch):
    monkeypatch.setattr(
        compatibility,
        'is_installed',
        lambda name: name not in compatibility.HOSTS,
    )
    with pytest.raises(ToolboxError, match='mmdet, mmseg or mmpretrain'):
        compatibility.check_environment()


@pytest.mark.parametrize('original', [True, False])
def test_without_pkg_resources_the_command_is_named(original, monkeypatch):
    """The original mmengine finds the toolboxes' configs with it."""
    here = compatibility.is_installed
    monkeypatch.setattr(
        compatibility,
        'is_installed',
        lambda name: name != 'pkg_resources' and here(name),
    )
    monkeypatch.setattr(compatibility, 'has_distribution', lambda _: original)
    error = ModuleNotFoundError("No module named 'pkg_resources'")
    told = compatibility.explain_import(error)
    assert ('setuptools<81' in told) == original


def test_package_import_is_light():
    code = 'import sys, json, ruas_mm; print(json.dumps(sorted(sys.modules)))'
    loaded = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, cwd=ROOT
    )
    heavy = {'torch', 'mmengine', 'mmcv', 'mmdet', 'numpy'}
    assert not heavy & set(json.loads(loaded.stdout))


@pytest.mark.parametrize('host', ['mmseg', 'mmpretrain'])
def test_other_hosts_do_without_mmdet(host):
    said = run_lines(f"""
import sys, importlib.util
find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name, *a: (
    None if name == 'mmdet' else find_spec(name, *a))
from mmengine.registry import MODELS, DATASETS, init_default_scope
init_default_scope({host!r})
module = MODELS.build(dict(type='ruas_mm.SceneModule'))
assert DATASETS.get('ruas_mm.ExDarkDataset') is None
print(type(module).__name__, 'ruas_mm.models.detectors' in sys.modules)
""")
    assert said.splitlines()[-1] == 'SceneModule False', said

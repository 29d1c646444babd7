"""What a built wheel holds: configs, tools and metafiles, for ``mim``."""

import subprocess
import sys
import zipfile
from importlib.metadata import PathDistribution

import pytest
import yaml
from conftest import ROOT


@pytest.fixture(scope='module')
def installed(tmp_path_factory):
    """Folder that a wheel was unpacked into."""
    folder = tmp_path_factory.mktemp('wheel')
    command = [
        sys.executable, 'setup.py', '-q',
        'egg_info', '--egg-base', folder,
        'build', '--build-base', folder / 'build',
        'bdist_wheel', '--dist-dir', folder,
    ]  # fmt: skip
    run = subprocess.run(
        list(map(str, command)), cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    (wheel,) = folder.glob('*.whl')
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder / 'site')
    return folder / 'site'


def files(folder):
    return {
        str(path.relative_to(folder))
        for path in folder.rglob('*')
        if path.is_file() and '__pycache__' not in path.parts
    }


@pytest.mark.parametrize('part', ['configs', 'tools'])
def test_resources_are_complete(installed, part):
    found = files(installed / 'ruas_mm' / '.mim' / part)
    assert found == files(ROOT / part) and len(found) > 20


def test_index_leads_to_every_config(installed):
    mim = installed / 'ruas_mm' / '.mim'
    index = yaml.safe_load((mim / 'model-index.yml').read_text())
    configs = set()
    for metafile in index['Import']:
        models = yaml.safe_load((mim / metafile).read_text())['Models']
        configs |= {model['Config'] for model in models}
    assert all((mim / config).is_file() for config in configs)
    assert len(configs) >= 25


def test_command_and_extra(installed):
    (info,) = installed.glob('*.dist-info')
    distribution = PathDistribution(info)
    (command,) = distribution.entry_points
    assert (command.name, command.value) == (
        'ruas-mm', 'ruas_mm.__main__:main',
    )  # fmt: skip
    needed = [
        line for line in distribution.requires if 'extra == "enhance"' in line
        or "extra == 'enhance'" in line
    ]  # fmt: skip
    assert any(line.startswith('torch>') for line in needed)
    assert not any(line.startswith(('mmcv', 'mmdet')) for line in needed)


def test_packaged_config_in_another_folder(installed, tmp_path):
    command = [sys.executable, '-m', 'ruas_mm', 'config', 'ruas_lol']
    run = subprocess.run(
        command, cwd=tmp_path, env=dict(PYTHONPATH=str(installed)),
        capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert 'train_dataloader' in run.stdout

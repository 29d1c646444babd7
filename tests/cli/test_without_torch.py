"""Torch takes seconds to load, and gigabytes where an ONNX file would do."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
from conftest import ROOT

from ruas_mm.apis import LowLightInferencer
from ruas_mm.apis.onnx_export import export_onnx
from ruas_mm.cli import COMMANDS
from ruas_mm.files.video_stream import write_video
from ruas_mm.models import load_enhancer

WITHOUT = (
    'import sys\n'
    'sys.modules.update(torch=None, mmengine=None, safetensors=None)\n'
    'from ruas_mm.__main__ import main\n'
    'main()'
)


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, '-c', WITHOUT, *map(str, arguments)],
        env=dict(PYTHONPATH=str(ROOT), **environment),
        text=True,
        capture_output=True,
    )


@pytest.fixture(scope='module')
def exported(tmp_path_factory):
    path = tmp_path_factory.mktemp('onnx') / 'ruas_s.onnx'
    export_onnx(load_enhancer('ruas_s'), path)
    return path


@pytest.mark.parametrize('name', [None, *COMMANDS])
def test_help(name):
    done = run(*([name] if name else []), '--help')
    assert done.returncode == 0, done.stderr
    assert 'Usage: ruas-mm' in done.stdout


def test_completion():
    """In a shell each press of the tab key waits for it."""
    done = run(
        _RUAS_MM_COMPLETE='bash_complete',
        COMP_WORDS='ruas-mm en',
        COMP_CWORD='1',
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == 'plain,enhance'


@pytest.mark.parametrize('suffix', ['.png', '.mp4'])
def test_exported_enhancer(exported, suffix, tmp_path):
    dark = np.random.default_rng(0).integers(0, 40, (48, 64, 3), np.uint8)
    source, target = tmp_path / f'dark{suffix}', tmp_path / f'lit{suffix}'
    if suffix == '.png':
        cv2.imwrite(str(source), dark)
    else:
        write_video([dark] * 3, source, 10)
    done = run('enhance', source, '--weights', exported, '--out', target)
    assert done.returncode == 0, done.stderr
    assert '1 of 1 enhanced without a problem' in done.stderr
    if suffix == '.png':
        expected = LowLightInferencer('ruas_s')(dark[..., ::-1])
        found = cv2.imread(str(target))[..., ::-1]
        assert np.abs(found.astype(int) - expected).max() <= 1
    else:
        assert target.stat().st_size


@pytest.mark.parametrize(
    'options', [[], ['--weights', 'FILE', '--tile', '32']], ids=len
)
def test_what_needs_it_says_so(exported, options, tmp_path):
    cv2.imwrite(str(tmp_path / 'dark.png'), np.zeros((40, 40, 3), np.uint8))
    options = [str(exported) if o == 'FILE' else o for o in options]
    done = run(
        'enhance', tmp_path / 'dark.png', '-o', tmp_path / 'lit', *options
    )
    assert done.returncode == 1
    assert done.stderr.strip() == (
        'ruas-mm needs torch, mmengine, safetensors: '
        "pip install 'ruas_mm[enhance]'"
    )

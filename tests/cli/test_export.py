"""From a trained checkpoint to a file that is handed on."""

import pytest
import torch
from conftest import run_command
from mmengine.config import Config

from ruas_mm.models import load_enhancer
from ruas_mm.registry import MODELS


@pytest.mark.parametrize('config', ['ruas_lol', 'ruas_a_lol'])
def test_exported_file_enhances_like_the_trained_model(config, tmp_path):
    config = f'configs/enhancement/{config}.py'
    cfg = Config.fromfile(config)
    trained = MODELS.build(cfg.model).eval()
    torch.save(dict(state_dict=trained.state_dict()), tmp_path / 'iter.pth')
    out = tmp_path / 'out.safetensors'
    checkpoint = tmp_path / 'iter.pth'
    options = ['--config', config, '--checkpoint', checkpoint]
    code, said = run_command('export', out, *options)
    assert code == 0 and str(out) in said
    loaded = load_enhancer(cfg.model.variant, out)
    x = torch.rand(1, 3, 20, 24) * 0.2
    assert torch.equal(loaded.enhance(x), trained.enhance(x))
    assert loaded.scene.tone.exposure == cfg.model.scene.tone.exposure


@pytest.mark.parametrize(
    'arguments',
    [
        ['a.pth'],
        ['a.safetensors'],
        ['a.safetensors', '--config', 'c.py'],
        ['a.onnx', '--checkpoint', 'c.pth'],
    ],
)
def test_what_does_not_fit_together(arguments):
    code, said = run_command('export', *arguments)
    assert code == 1 and 'allowed: OUT.onnx' in said

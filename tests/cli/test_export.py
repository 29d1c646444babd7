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
    'model, state, message',
    [
        (None, {}, 'has no model'),
        (dict(type='torch.nn.Identity'), {}, 'is a Identity, allowed'),
        ('ruas_lol', {'x': torch.ones(1)}, 'does not fit LowLightEnhancer'),
        ('ruas_lol', {}, 'has no key'),
    ],
)
def test_other_models_and_checkpoints(model, state, message, tmp_path):
    config = tmp_path / 'mine.py'
    config.write_text('a = 1' if model is None else f'model = {model}')
    if model == 'ruas_lol':
        config = 'configs/enhancement/ruas_lol.py'
    torch.save(dict(state_dict=state), tmp_path / 'a.pth')
    out = tmp_path / 'a.safetensors'
    options = ['--config', config, '--checkpoint', tmp_path / 'a.pth']
    code, said = run_command('export', out, *options)
    assert code == 1 and message in said
    assert not out.exists()


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

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
        (None, {}, 'mine.py: its model cannot be built'),
        (dict(type='Nope'), {}, 'its model cannot be built (Nope is not'),
        ('(', {}, 'its model cannot be built'),
        ('ruas_lol', 'text', 'holds no state dict'),
        ('ruas_lol', None, 'a.pth is damaged'),
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
    if state is None:
        (tmp_path / 'a.pth').write_bytes(b'half')
    out = tmp_path / 'a.safetensors'
    options = ['--config', config, '--checkpoint', tmp_path / 'a.pth']
    code, said = run_command('export', out, *options)
    assert code == 1 and message in said
    assert not out.exists()


@pytest.mark.parametrize(
    'model, content, message',
    [
        ('dict(type="Nope")', {}, 'its model cannot be built'),
        ('(', {}, 'its model cannot be built'),
        ('1', {}, 'its model cannot be built'),
        ('1', None, 'a.pth is damaged'),
    ],
)
def test_detector_that_cannot_be_built(model, content, message, tmp_path):
    pytest.importorskip('mmdet')
    (tmp_path / 'mine.py').write_text(f'model = {model}')
    torch.save(dict(state_dict=content), tmp_path / 'a.pth')
    if content is None:
        (tmp_path / 'a.pth').write_bytes(b'half')
    out = tmp_path / 'a.onnx'
    options = ['--config', tmp_path / 'mine.py', '--checkpoint']
    code, said = run_command('export', out, *options, tmp_path / 'a.pth')
    assert code == 1 and message in said
    assert not out.exists()


TRAINED = ('--config', 'c.py', '--checkpoint', 'c.pth')


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


@pytest.mark.parametrize(
    'arguments, named',
    [
        (['a.onnx', '--picture', 'p.png'], 'an enhancer by name with --pict'),
        (['a.onnx', *TRAINED, '--enhancer', 'ruas'], '--enhancer=ruas'),
        (['a.safetensors', *TRAINED, '--opset', '17'], '--opset=17'),
    ],
)
def test_options_that_would_change_nothing(arguments, named):
    code, said = run_command('export', *arguments)
    assert code == 1 and named in said and 'allowed: without it' in said

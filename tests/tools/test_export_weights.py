"""From a trained checkpoint to a file that is handed on."""

import sys

import pytest
import torch
from mmengine.config import Config

from ruas_mm.models import load_enhancer
from ruas_mm.registry import MODELS


@pytest.mark.parametrize('config', ['ruas_lol', 'ruas_a_lol'])
def test_exported_file_enhances_like_the_trained_model(
    config, load_tool, tmp_path, monkeypatch
):
    config = f'configs/enhancement/{config}.py'
    cfg = Config.fromfile(config)
    trained = MODELS.build(cfg.model).eval()
    torch.save(dict(state_dict=trained.state_dict()), tmp_path / 'iter.pth')
    out = tmp_path / 'out.safetensors'
    arguments = [config, str(tmp_path / 'iter.pth'), str(out)]
    monkeypatch.setattr(sys, 'argv', ['export_weights.py', *arguments])
    load_tool('export_weights').main()
    loaded = load_enhancer(cfg.model.variant, out)
    x = torch.rand(1, 3, 20, 24) * 0.2
    assert torch.equal(loaded.enhance(x), trained.enhance(x))
    assert loaded.scene.tone.exposure == cfg.model.scene.tone.exposure

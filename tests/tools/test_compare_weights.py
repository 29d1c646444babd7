"""The table that compares weights on pairs."""

import sys

import cv2
import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio

from ruas_mm.models import LowLightEnhancer
from ruas_mm.weights import save_enhancer


@pytest.fixture
def pairs(tmp_path):
    state = np.random.RandomState(0)
    for kind, top in (('low', 40), ('high', 255)):
        (tmp_path / kind).mkdir()
        for name in ('1.png', '2.png'):
            picture = state.randint(0, top, (20, 24, 3)).astype(np.uint8)
            cv2.imwrite(str(tmp_path / kind / name), picture)
    return tmp_path


def test_table_has_every_variant_with_and_without_exposure(
    pairs, load_tool, tmp_path, monkeypatch, capsys
):
    enhancer = LowLightEnhancer('RUAS')
    save_enhancer(enhancer, tmp_path / 'a.safetensors')
    arguments = [str(pairs), f'mine={tmp_path / "a.safetensors"}']
    monkeypatch.setattr(sys, 'argv', ['compare_weights.py', *arguments])
    load_tool('compare_weights').main()
    printed = capsys.readouterr().out
    for title in ('gain to mean', 'mine, RUAS_S', 'mine, RUAS,'):
        assert title in printed
    assert printed.count('exposure 0.4') == 2
    assert 'RUAS_A' not in printed  # the file has no estimator


def test_gain_meets_the_mean(load_tool):
    y = torch.rand(1, 3, 40, 40) * 0.1
    x, spread = load_tool('compare_weights').gain(y)
    ratio = x / y
    assert abs(x[..., ::4, ::4].mean() - 0.45) < 1e-3 and spread == 0
    assert torch.allclose(ratio, ratio.mean(), atol=1e-3)


def test_figures_are_those_of_the_saved_picture(pairs, load_tool):
    tool = load_tool('compare_weights')
    files = [(pairs / 'low' / '1.png', pairs / 'high' / '1.png')]
    found = tool.measure(lambda y: (y * 3.3, 0.25), files, 'test')
    low, high = (cv2.imread(str(path)) for path in files[0])
    saved = (low / np.float32(255) * np.float32(3.3) * 255).round()
    expected = peak_signal_noise_ratio(high, saved.astype(np.uint8))
    assert abs(found['psnr'] - expected) < 1e-6 and found['flat'] == 0.25

"""Gradients of the alphas side by side, on real files."""

from pathlib import Path

import torch
from search_runs import make_pictures

from ruas_mm.search.bilevel import GRADIENTS

ROOT = Path(__file__).parents[2]


def test_table(load_tool, monkeypatch, tmp_path, capsys):
    tool = load_tool('compare_gradients')
    folder = Path(make_pictures(tmp_path, 2, size=24))
    batches = tool.load_batches(folder, 16)
    assert [b['inputs'][0].shape for b in batches] == [(3, 16, 16)] * 2
    assert not torch.equal(batches[0]['inputs'][0], batches[1]['inputs'][0])
    found = tool.gradients('scene', 0.1, batches)
    assert set(found) == set(GRADIENTS)
    assert torch.cosine_similarity(*list(found.values())[1:], 0) > 0.99
    monkeypatch.setattr(tool, 'CROPS', (16,))
    monkeypatch.setattr(tool, 'RATES', (0.1,))
    tool.main(folder)
    printed = capsys.readouterr().out
    assert 'scene' in printed and 'task' in printed

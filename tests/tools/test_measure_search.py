"""The benchmark of search compares equal things."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SMALL = {
    'low': ('low', 3, (9, 8)),
    'high': ('high', 4, (9, 8)),
    'scene': ('scene', 3, (12, 10)),
    'search scene': ('search scene', 3, (24, 20)),
    'search task': ('search task', 3, (24, 20)),
}


@pytest.mark.parametrize('title', SMALL)
def test_forms_have_equal_gradients(load_tool, monkeypatch, title):
    tool = load_tool('measure_search')
    monkeypatch.setattr(tool, 'CASES', SMALL)
    found = {}
    for form, step in tool.load_steps(title).items():
        tool._prepare(step)
        found[form] = [gradient.clone() for gradient in step()]
    for form in tool.FORMS:
        assert tool.difference(found[form], found['naive']) < 1e-3
    assert found['ours'][-1].norm() > 0

"""The example of docs/enhancement.md is an enhancer as those of the table."""

import importlib.util
import re

import pytest
import torch
from conftest import ROOT

from ruas_mm.models import build_enhancer, load_enhancer
from ruas_mm.zoo import COMPARED, ComparedEntry

PAGE = (ROOT / 'docs/enhancement.md').read_text()


class Entry(ComparedEntry):
    """Its class is not in the package."""

    loaded = None

    def load_class(self):
        return Entry.loaded


@pytest.fixture
def name(tmp_path, monkeypatch):
    """As if the file were in the package and its name in the table."""
    (code,) = re.findall(r'#### One more.*?```python\n(.*?)```', PAGE, re.S)
    assert len(code.splitlines()) < 40
    path = tmp_path / 'three_layers.py'
    path.write_text(code)
    spec = importlib.util.spec_from_file_location('three_layers', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(Entry, 'loaded', module.ThreeLayers)
    entry = Entry('three_layers.ThreeLayers', 'an example', 'file of it')
    monkeypatch.setitem(COMPARED, 'three_layers', entry)
    return 'three_layers'


def test_it_is_built_by_name_with_published_weights(name, tmp_path):
    enhancer = COMPARED[name].load_class()().eval()
    state = enhancer.state_dict()
    theirs = {enhancer.their_name(key): value for key, value in state.items()}
    assert set(theirs) == {
        f'net.conv{i}.{kind}' for i in range(3) for kind in ('weight', 'bias')
    }
    torch.save(theirs, tmp_path / 'w.pth')
    y = torch.rand(2, 3, 40, 50) * 0.3
    expected = enhancer.enhance(y)
    for found in (
        load_enhancer(name, tmp_path / 'w.pth'),
        build_enhancer(dict(type=name, weights=str(tmp_path / 'w.pth'))),
    ):
        assert torch.equal(found.enhance(y), expected)
        tiles = found.enhance(y, tile=32)
        torch.testing.assert_close(tiles, expected, atol=1e-6, rtol=0)
    with pytest.raises(ValueError, match='authors publish file of it'):
        build_enhancer(name)

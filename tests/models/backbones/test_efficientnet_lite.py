import pytest
import torch

from ruas_mm.registry import MODELS

pytest.importorskip('mmdet')

# channels and strides of the stages, EfficientNet-Lite0
STAGES = {0: (32, 2), 1: (16, 2), 2: (24, 4), 3: (40, 8), 4: (112, 16)}
STAGES |= {5: (320, 32), 6: (1280, 32)}


def build(**settings):
    backbone = MODELS.build(dict(type='ruas_mm.EfficientNetLite', **settings))
    backbone.eval()
    return backbone


@torch.no_grad()
def test_stages():
    backbone = build(out_indices=tuple(STAGES))
    # 4,652,008 parameters of the published network less its classifier
    number = sum(p.numel() for p in backbone.parameters())
    assert number == 4_652_008 - 1_281_000
    for output, (channels, stride) in zip(
        backbone(torch.rand(1, 3, 64, 96)), STAGES.values()
    ):
        assert output.shape == (1, channels, 64 // stride, 96 // stride)


def published(backbone):
    """Its weights as the package names them, and a classifier."""
    names = [f'_tensor{i}' for i in range(len(backbone.state_dict()))]
    state = dict(zip(names, backbone.state_dict().values()))
    return {**state, '_fc.weight': torch.rand(9, 9), '_fc.bias': torch.rand(9)}


@torch.no_grad()
def test_published_weights_are_converted():
    from ruas_mm.models.backbones.efficientnet_lite import (
        convert_efficientnet_lite,
    )

    source, target = build(out_indices=(6,)), build(out_indices=(3, 6))
    state = published(source)
    target.load_state_dict(convert_efficientnet_lite(state))
    x = torch.rand(1, 3, 32, 32)
    assert torch.equal(source(x)[0], target(x)[1])
    state['_tensor0'] = torch.rand(4)
    with pytest.raises(ValueError, match='_tensor0 has shape'):
        convert_efficientnet_lite(state)
    del state['_tensor0']
    with pytest.raises(ValueError, match='tensors, allowed'):
        convert_efficientnet_lite(state)

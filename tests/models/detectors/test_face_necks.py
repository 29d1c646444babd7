"""Necks of PyramidBox and DSFD against the formulas, by the public keys."""

import pytest
import torch
import torch.nn.functional as F

from ruas_mm.apis.layouts.layout import renamed
from ruas_mm.apis.layouts.public_face_detectors import dsfd, pyramidbox
from ruas_mm.models.detectors import DualShotNeck, PyramidBoxNeck
from ruas_mm.models.detectors.dsfd import FeatureEnhancement
from ruas_mm.models.detectors.pyramidbox import ContextModule

LEVELS = (256, 512, 512, 1024, 512, 256)


def random_part(layout, *starts):
    """Public tensors whose keys start so, and their part of the layout."""
    part = {k: v for k, v in layout.items() if k.startswith(starts)}
    state = {
        key: torch.randn(shape) * 0.03 if shape else torch.tensor(5)
        for key, (_, shape) in part.items()
    }
    for key in state:
        if key.endswith(('running_var', 'bn1.weight')):
            state[key] = torch.rand_like(state[key]) + 0.5
    return state, part


def load(module, prefix, state, part):
    ours = renamed(state, part)
    assert all(key.startswith(prefix) for key in ours)
    module.load_state_dict({k[len(prefix) :]: v for k, v in ours.items()})
    return module.eval()


def conv(state, key, x, **settings):
    weight = state[f'{key}.weight']
    return F.conv2d(
        x,
        weight,
        state[f'{key}.bias'],
        **dict(dict(padding=weight.shape[2] // 2), **settings),
    )


@torch.no_grad()
def test_context_of_a_level():
    state, part = random_part(pyramidbox(), 'cpm.0.')

    def block(name, x):
        x = conv(state, f'cpm.0.{name}.conv1', x)
        norm = f'cpm.0.{name}.bn1'
        keys = ('running_mean', 'running_var', 'weight', 'bias')
        return F.batch_norm(x, *(state[f'{norm}.{key}'] for key in keys))

    x = torch.rand(1, 256, 5, 6)
    main = block('branch2b', block('branch2a', x).relu()).relu()
    wide = (block('branch2c', main) + block('branch1', x)).relu()
    reduced = conv(state, 'cpm.0.ssh_dimred', wide).relu()
    third = conv(state, 'cpm.0.ssh_3a', reduced).relu()
    expected = torch.cat(
        [
            conv(state, 'cpm.0.ssh_1', wide),
            conv(state, 'cpm.0.ssh_2', reduced),
            conv(state, 'cpm.0.ssh_3b', third),
        ],
        1,
    ).relu()
    ours = load(ContextModule(256), 'neck.context.0.', state, part)
    assert expected.shape == (1, 512, 5, 6)
    assert torch.allclose(ours(x), expected, atol=1e-5)


@torch.no_grad()
def test_feature_enhancement_of_a_level():
    state, part = random_part(dsfd(), 'fpn_fem.0.')
    x = torch.randn(1, 256, 7, 8)
    parts = []
    for keys in (
        ['branch1'],
        ['branch2.0', 'branch2.2'],
        ['branch3.0', 'branch3.2', 'branch3.4'],
    ):
        y = x
        for position, key in enumerate(keys):
            y = y if position == 0 else y.relu()
            y = conv(state, f'fpn_fem.0.{key}', y, padding=3, dilation=3)
        parts.append(y)
    ours = load(FeatureEnhancement(256), 'neck.enhancement.0.', state, part)
    expected = torch.cat(parts, 1).relu()
    assert [p.shape[1] for p in parts] == [85, 85, 86]
    assert torch.allclose(ours(x), expected, atol=1e-5)


def resize(x, like, align_corners):
    return F.interpolate(
        x, like.shape[2:], mode='bilinear', align_corners=align_corners
    )


def without_last_part(neck, *names):
    """The neck with the modules of each level left out."""
    for name in names:
        modules = getattr(neck, name)
        setattr(
            neck,
            name,
            torch.nn.ModuleList(torch.nn.Identity() for _ in modules),
        )
    return neck.eval()


def trunk_maps():
    """Of a picture of 64 x 96."""
    return [
        torch.randn(1, channels, 16 // 2**k, 24 // 2**k).relu()
        for k, channels in enumerate(LEVELS[:4])
    ]


def extra_maps(state, x):
    for k in range(4):
        stride = 1 + k % 2
        x = conv(state, f'extras.{k}', x, stride=stride).relu()
        if k % 2:
            yield x


@torch.no_grad()
@pytest.mark.parametrize('align_corners', [False, True])
def test_pyramid_of_pyramidbox(align_corners):
    layout = pyramidbox()
    state, part = random_part(layout, 'lfpn', 'extras', 'L2Norm')
    with torch.device('meta'):
        neck = PyramidBoxNeck(align_corners)
    neck = without_last_part(neck, 'context').to_empty(device='cpu')
    neck = load(neck, 'neck.', state, part)
    maps = trunk_maps()
    expected = [*maps, *extra_maps(state, maps[3])]
    above = maps[3]
    for k, level in enumerate((2, 1, 0)):
        t = conv(state, f'lfpn_topdown.{k}', above).relu()
        lateral = conv(state, f'lfpn_later.{k}', maps[level])
        above = (resize(t, lateral, align_corners) * lateral).relu()
        norm = above.square().sum(1, keepdim=True).sqrt() + 1e-10
        weight = state[f'L2Norm{level + 3}_3.weight'][:, None, None]
        expected[level] = above / norm * weight
    found = neck(tuple(maps))
    assert len(found) == 6
    for ours, theirs in zip(found, expected):
        assert torch.allclose(ours, theirs, atol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize('align_corners', [False, True])
def test_two_shots_of_dsfd(align_corners):
    layout = dsfd()
    starts = ('fpn_topdown', 'fpn_latlayer', 'extras', 'L2Norm')
    state, part = random_part(layout, *starts)
    with torch.device('meta'):
        neck = DualShotNeck(align_corners)
    neck = without_last_part(neck, 'enhancement').to_empty(device='cpu')
    neck = load(neck, 'neck.', state, part)
    maps = trunk_maps()
    first = [*maps, *extra_maps(state, maps[3])]
    above = conv(state, 'fpn_topdown.0', first[5]).relu()
    second = [above]
    for j, level in enumerate((4, 3, 2, 1, 0)):
        t = conv(state, f'fpn_topdown.{j + 1}', above).relu()
        lateral = conv(state, f'fpn_latlayer.{j}', first[level])
        above = (resize(t, lateral, align_corners) * lateral).relu()
        second.insert(0, above)
    for shot, name in ((first, 'L2Normof'), (second, 'L2Normef')):
        for level in range(3):
            x = shot[level]
            norm = x.square().sum(1, keepdim=True).sqrt() + 1e-10
            weight = state[f'{name}{level + 1}.weight'][:, None, None]
            shot[level] = x / norm * weight
    found = neck(tuple(maps))
    assert len(found) == 12
    for ours, theirs in zip(found, [*first, *second]):
        assert torch.allclose(ours, theirs, atol=1e-4)

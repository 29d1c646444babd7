"""Searched ASPP branches against mmseg's own."""

import pytest
import torch

from ruas_mm.models.cells import HIGH_LEVEL_OPERATIONS, task_cell
from ruas_mm.registry import MODELS

pytest.importorskip('mmseg')
OWN = ['1-C', '3-6-DC', '3-12-DC', '3-18-DC']
CFG = dict(
    in_channels=12,
    in_index=1,
    channels=8,
    c1_in_channels=6,
    c1_channels=4,
    num_classes=5,
    norm_cfg=dict(type='BN'),
    align_corners=False,
)


@pytest.fixture(autouse=True)
def scope(host):
    host('mmseg')


def searched(genotype, **kwargs):
    cfg = dict(CFG, type='ruas_mm.SearchableASPPHead', genotype=genotype)
    return MODELS.build({**cfg, **kwargs})


def stock():
    from mmseg.models.decode_heads import DepthwiseSeparableASPPHead

    return DepthwiseSeparableASPPHead(dilations=(1, 6, 12, 18), **CFG)


def features(side):
    return torch.rand(2, 6, 4 * side, 4 * side), torch.rand(2, 12, side, side)


@pytest.mark.parametrize('side', [2, 9, 40])  # within and beyond the taps
@pytest.mark.parametrize('training', [True, False])
def test_own_branches_equal_mmseg(side, training):
    theirs = stock().train(training)
    ours = searched(OWN).train(training)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    for each in (ours, theirs):
        each.dropout.p = 0.0
    x = features(side)
    assert torch.equal(ours(x), theirs(x))


@pytest.mark.parametrize('dilations', [(1, 6, 12, 18), (1, 12, 24, 36)])
@pytest.mark.parametrize('operation', HIGH_LEVEL_OPERATIONS)
def test_every_operation_keeps_the_size(operation, dilations):
    head = searched([operation] * 4, dilations=dilations).eval()
    assert head(features(5)).shape == (2, 5, 20, 20)


def test_one_picture_is_trained_on():
    head = searched(OWN).train()
    head.dropout.p = 0.0
    one = [each[:1] for each in features(9)]
    pooled = head.image_pool[1].norm
    before = pooled.running_mean.clone()
    assert head(one).isfinite().all()
    assert pooled.training and torch.equal(pooled.running_mean, before)
    head(features(9))
    assert not torch.equal(pooled.running_mean, before)


def test_supernet_mixes_what_the_branches_give():
    head = searched(None).eval()
    x = features(9)[1]
    for parent, child in head.searched_places():
        cell = getattr(parent, child)
        mixture = cell.alphas.softmax(0)
        expected = sum(w * c(x) for w, c in zip(mixture, cell.candidates))
        assert torch.allclose(cell(x), expected, atol=1e-5)
    assert len(head.architecture()) == 4
    with torch.no_grad():
        for number, alphas in enumerate(head.architecture().values()):
            alphas[number + 2] = 1.0
    assert head.derive() == list(HIGH_LEVEL_OPERATIONS[2:6])


@pytest.mark.parametrize('genotype', [OWN, ['7-C'] * 4, None])
def test_operations_start_as_the_hosts_convolutions_do(genotype):
    head = searched(genotype, in_channels=64, channels=64)
    for parent, child in head.searched_places():
        for conv in getattr(parent, child).modules():
            if isinstance(conv, torch.nn.Conv2d):
                fan_out = conv.out_channels * conv.kernel_size[0] ** 2
                expected = (2 / fan_out) ** 0.5
                assert conv.weight.std().item() == pytest.approx(
                    expected, rel=0.2
                )


@pytest.mark.parametrize('genotype, message', [
    (OWN[:3], 'exactly 4'), (['3-RC'] * 4, "'3-RC'"), ('1-C', 'a list of 4'),
])  # fmt: skip
def test_bad_genotypes_are_refused(genotype, message):
    with pytest.raises(ValueError, match=message):
        searched(genotype)


@pytest.mark.parametrize('settings', [
    dict(kernel_size=2), dict(kernel_size=4, padding=1), dict(kernel_size=5),
    dict(kernel_size=(1, 3)), dict(kernel_size=3, dilation=(1, 2)),
    dict(kernel_size=3, padding='same'),
    dict(kernel_size=3, padding_mode='reflect'),
], ids=str)  # fmt: skip
def test_cells_refuse_other_convolutions(settings):
    with pytest.raises(ValueError, match='takes the place of a 1x1 or 3x3'):
        task_cell('3-C', torch.nn.Conv2d(4, 4, **settings))


@pytest.mark.parametrize('settings', [
    dict(kernel_size=1), dict(kernel_size=1, padding=1),
    dict(kernel_size=3, dilation=4, padding=4), dict(kernel_size=3, stride=2),
    dict(kernel_size=3, dilation=2, padding=2, stride=2, groups=2),
], ids=str)  # fmt: skip
@pytest.mark.parametrize('operation', ['1-C', '5-2-DC', '3-18-DC', None])
def test_cells_keep_the_size_of_any_place(settings, operation):
    conv = torch.nn.Conv2d(4, 6, **settings)
    x = torch.rand(1, 4, 21, 22)
    assert task_cell(operation, conv)(x).shape == conv(x).shape

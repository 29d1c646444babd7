"""What each part of training changes, and that it removes noise."""

import pytest
import torch
from mmengine.optim import OptimWrapper

from ruas_mm.registry import MODELS

PARTS = ('scene', 'noise_remover', 'noise_estimator')
FIDELITY, RTV = 'loss_scene_fidelity', 'loss_scene_rtv'
NEIGHBOR = dict(type='ruas_mm.Neighbor2NeighborLoss')
RELEASED = dict(type='ruas_mm.ReleasedNoiseLoss')


def build(**arguments):
    enhancer = MODELS.build(dict(type='ruas_mm.LowLightEnhancer', **arguments))
    enhancer.init_weights()
    return enhancer.train()


@pytest.mark.parametrize(
    'variant, part, losses, trained',
    [
        ('RUAS_S', 'scene', {FIDELITY, RTV}, {'scene'}),
        ('RUAS_S', 'end_to_end', {FIDELITY, RTV}, {'scene'}),
        ('RUAS', 'scene', {FIDELITY, RTV}, {'scene'}),
        ('RUAS', 'noise_remover', {'loss_removal'}, {'noise_remover'}),
        (
            'RUAS',
            'end_to_end',
            {FIDELITY, RTV, 'loss_removal'},
            {'scene', 'noise_remover'},
        ),
        ('RUAS_A', 'scene', {FIDELITY, RTV}, {'scene'}),
        ('RUAS_A', 'noise_remover', {'loss_removal'}, {'noise_remover'}),
        (
            'RUAS_A',
            'noise_estimator',
            {'loss_estimation'},
            {'noise_estimator'},
        ),
        (
            'RUAS_A',
            'end_to_end',
            {FIDELITY, RTV, 'loss_removal', 'loss_estimation'},
            set(PARTS),
        ),
    ],
)
@pytest.mark.parametrize('noise_loss', [None, NEIGHBOR, RELEASED])
@pytest.mark.parametrize('noise_map', [False, True])
def test_stage_trains_its_parts_alone(
    variant, part, losses, trained, noise_loss, noise_map
):
    arguments = dict(noise_loss=noise_loss)
    if noise_map and variant == 'RUAS_A':
        arguments['noise_remover'] = dict(noise_map=True)
    enhancer = build(variant=variant, trained_part=part, **arguments)
    before = {k: v.clone() for k, v in enhancer.state_dict().items()}
    optimizer = torch.optim.SGD(enhancer.parameters(), 0.1, weight_decay=0.1)
    found = enhancer(torch.rand(2, 3, 16, 16) * 0.3, mode='loss')
    assert set(found) == losses
    sum(found.values()).backward()
    for name, parameter in enhancer.named_parameters():
        gradient = parameter.grad
        moves = gradient is not None and bool(gradient.abs().sum() > 0)
        assert moves == (name.split('.')[0] in trained), name
        assert parameter.requires_grad == moves
    optimizer.step()
    for name, value in enhancer.state_dict().items():
        moved = not torch.equal(value, before[name])
        assert moved == (name.split('.')[0] in trained), name


def test_stages_may_follow_one_another():
    enhancer = build()
    for part in ('noise_estimator', 'scene', 'end_to_end', 'noise_remover'):
        enhancer.train_only(part)
        for name, parameter in enhancer.named_parameters():
            expected = part in (name.split('.')[0], 'end_to_end')
            assert parameter.requires_grad == expected, name


@pytest.mark.parametrize('kind', ['list', 'batch'])
def test_train_step(kind):
    enhancer = build(variant='RUAS')
    inputs = torch.randint(80, (2, 3, 12, 12), dtype=torch.uint8)
    data = dict(inputs=list(inputs) if kind == 'list' else inputs)
    wrapper = OptimWrapper(torch.optim.SGD(enhancer.parameters(), 0.1))
    assert 'loss_removal' in enhancer.train_step(data, wrapper)


def noisy_pictures():
    """Flat rectangles, and white noise of deviation 0.1 upon them."""
    coarse = 0.3 + 0.4 * torch.rand(4, 3, 2, 2)
    clean = coarse.repeat_interleave(12, 2).repeat_interleave(12, 3)
    return clean, 0.1 * torch.randn_like(clean)


@pytest.mark.parametrize(
    'part, rate', [('noise_remover', 2e-3), ('noise_estimator', 1e-3)]
)
def test_noise_is_learnt_without_clean_pictures(part, rate):
    enhancer = build(
        scene=dict(strength=0.0),  # u = y
        noise_remover=dict(num_cells=1),
        noise_loss=NEIGHBOR,
        trained_part=part,
    )
    clean, noise = noisy_pictures()
    noisy = clean + noise
    trained = [p for p in enhancer.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(trained, rate)
    for _ in range(180):
        optimizer.zero_grad()
        sum(enhancer(noisy, mode='loss').values()).backward()
        optimizer.step()
    with torch.no_grad():
        found = getattr(enhancer, part)(noisy)
    assert (found - noise).square().mean() < 0.7 * noise.square().mean()
    pair = torch.stack([found.flatten(), noise.flatten()])
    assert torch.corrcoef(pair)[0, 1] > 0.7

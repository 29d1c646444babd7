"""Noise remover of luma and chroma at two scales, in an enhancer."""

import math

import pytest
import torch
from mmengine.structures import BaseDataElement

from ruas_mm.evaluation.complexity import count_parameters
from ruas_mm.models import LowLightEnhancer, load_enhancer
from ruas_mm.models.enhancers.ruas.two_scale_noise_remover import GRAIN
from ruas_mm.models.tone import build_tone
from ruas_mm.registry import MODELS
from ruas_mm.weights import save_enhancer

NARROW = dict(
    channels=6, coarse_depth=2, fine_depth=1, features=3, hidden=8
)  # fmt: skip
SCENE = dict(shrink=4, illumination_channels=1, tone='film')
TYPE = 'ruas_mm.TwoScaleNoiseRemover'


def build(variant='RUAS', remover=NARROW, **settings):
    if variant == 'RUAS_A':
        settings = {
            'noise_estimator': dict(channels=4),
            'noise_threshold': 0.0,
            **settings,
        }
    return LowLightEnhancer(
        variant, SCENE, dict(type=TYPE, **remover), **settings
    ).eval()


def dark_pictures(*shape):
    torch.manual_seed(0)
    return torch.rand(*shape) * 0.15 + 0.01


@pytest.mark.parametrize(
    'variant, remover, of_remover, most',
    [('RUAS', NARROW, 2608, 3800), ('RUAS_A', {}, 34151, 37000)],
)
def test_size(variant, remover, of_remover, most):
    enhancer = build(variant, remover)
    assert count_parameters(enhancer.noise_remover) == of_remover
    assert count_parameters(enhancer) <= most


@pytest.mark.parametrize('variant', ['RUAS', 'RUAS_A'])
@pytest.mark.parametrize(
    'shape', [(1, 8, 12), (3, 13, 17), (1, 1, 1), (2, 1, 90), (1, 70, 101)]
)
def test_fast_equals_plain(variant, shape):
    enhancer = build(variant)
    y = dark_pictures(shape[0], 3, *shape[1:])
    x = enhancer.enhance(y)
    assert x.shape == y.shape and x.min() >= 0 and x.max() <= 1
    torch.testing.assert_close(x, enhancer.plain(y), atol=1e-5, rtol=0)
    assert not torch.allclose(x, enhancer.scene.enhance(y), atol=1e-3)


@pytest.mark.parametrize('remover', [NARROW, {}])
@pytest.mark.parametrize('tile', [32, 50])
def test_tiles_leave_no_seam(remover, tile):
    enhancer = build('RUAS', remover)
    y = dark_pictures(1, 3, 150, 131)
    whole = enhancer.enhance(y, tile=512)
    torch.testing.assert_close(
        enhancer.enhance(y, tile=tile), whole, atol=1e-5, rtol=0
    )


def test_padding_changes_nothing_inside():
    enhancer = build('RUAS')
    y = dark_pictures(1, 3, 128, 128)
    padded = torch.nn.functional.pad(y, (0, 64, 0, 32), value=114 / 255)
    inside = (..., slice(80), slice(80))
    torch.testing.assert_close(
        enhancer.enhance(padded)[inside],
        enhancer.enhance(y)[inside],
        atol=2 / 255,
        rtol=0,
    )


def test_balance_is_bounded():
    """A cast moves by at most 5 %, a grey picture not at all."""
    enhancer = build('RUAS')
    plain = build('RUAS', dict(NARROW, balance=0.0))
    plain.load_state_dict(enhancer.state_dict())
    for part in (enhancer, plain):
        part.noise_remover.start_small()
    y = (
        dark_pictures(1, 3, 64, 48)
        * torch.tensor([1, 0.8, 0.2])[:, None, None]
    )
    gains = enhancer.enhance(y).mean((2, 3)) / plain.enhance(y).mean((2, 3))
    assert gains[0, 2] > 1.01 and gains[0, 0] < 0.99
    assert (gains.log().abs() <= 0.0501).all()


@pytest.mark.parametrize('score, factor', [(-30.0, 1.0), (9.0, 0.0)])
def test_smoothing_goes_as_far_as_its_score_says(score, factor):
    """Single pixels stay as they are, or go altogether."""
    enhancer = build('RUAS', dict(NARROW, balance=0.0))
    last = enhancer.noise_remover.to_fine
    for part in (last, enhancer.noise_remover.to_coarse):
        part.weight.data.zero_()
        part.bias.data.zero_()
    last.bias.data[6:] = score
    stripes = torch.tensor([0.02, 0.03]).repeat(16).expand(1, 3, 32, 32)
    lit = enhancer.scene.enhance(stripes)
    contrast = [x[..., 1::2].mean() - x[..., ::2].mean() for x in
                (enhancer.enhance(stripes), lit)]  # fmt: skip
    torch.testing.assert_close(
        contrast[0], factor * contrast[1], atol=1e-4, rtol=0.001
    )


def test_half_smoothed_luma_loses_its_grain_too():
    """Between stripes and none lies the mixture, less what its pixels are."""
    enhancer = build('RUAS', dict(NARROW, balance=0.0))
    remover = enhancer.noise_remover
    for part in (remover.to_fine, remover.to_coarse):
        part.weight.data.zero_()
        part.bias.data.zero_()
    remover.to_fine.bias.data[7] = -30.0  # a half each: as it is, averaged
    remover.to_fine.bias.data[9] = -30.0
    stripes = torch.tensor([0.02, 0.03]).repeat(16).expand(1, 3, 32, 32)
    lit = enhancer.scene.enhance(stripes)
    inside = (..., slice(4, -4), slice(4, -4))
    side = math.exp(-0.5 / GRAIN**2)
    kept = 1 - 4 * side / (1 + 2 * side) / 2  # of half of the contrast
    found = enhancer.enhance(stripes)[inside].std() / lit[inside].std()
    assert found == pytest.approx(0.5 * kept, rel=0.01)


@pytest.mark.parametrize('remover', [NARROW, {}])
def test_grey_stays_grey(remover):
    enhancer = build('RUAS', remover)
    grey = dark_pictures(1, 1, 64, 60).expand(1, 3, 64, 60)
    x = enhancer.enhance(grey)
    assert (x - enhancer.scene.enhance(grey)).abs().max() > 1e-3
    assert (x.amax(1) - x.amin(1)).max() < 1e-5


@pytest.mark.parametrize('variant', ['RUAS', 'RUAS_A'])
def test_nothing_happens_at_strength_0_or_in_daylight(variant):
    enhancer = build(variant)
    dark, bright = dark_pictures(2, 3, 40, 36), torch.rand(1, 3, 40, 36)
    same = dict(atol=1e-5, rtol=0)
    for enhance in (enhancer.enhance, enhancer.plain):
        with torch.no_grad():
            torch.testing.assert_close(enhance(bright), bright, **same)
            torch.testing.assert_close(enhance(dark, 0), dark, **same)


def test_gate_opens_smoothly():
    enhancer = build('RUAS_A')
    enhancer.noise_remover.start_small()  # no clipping
    y = dark_pictures(1, 3, 48, 40)
    u = enhancer.scene.enhance(y)
    with torch.no_grad():
        theta = enhancer.noise_estimator(u)
    score = enhancer.noise_estimator.score(theta).item()
    whole = enhancer.enhance(y) - u  # threshold 0
    shares = {}
    for place in (-0.5, 0.25, 1.5):
        low = score * (1 - place)
        enhancer.noise_threshold = [low, low + score]
        found = enhancer.enhance(y) - u
        torch.testing.assert_close(
            enhancer.plain(y) - u, found, atol=1e-5, rtol=0
        )
        shares[place] = (found.norm() / whole.norm()).item()
    assert shares[-0.5] == 0
    assert shares[0.25] == pytest.approx(0.25, abs=0.02)
    assert shares[1.5] == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize('name', ['film', 'division'])
@pytest.mark.parametrize('s', [0.3, 1.2])
def test_amplification_is_the_slope_of_the_tone(name, s):
    tone = build_tone(name)
    t = torch.linspace(0.05, 0.4, 8, dtype=torch.float64).view(1, 1, 1, 8)
    y = t.clone().requires_grad_()
    strength = torch.full((1, 1, 1, 1), s, dtype=torch.float64)
    (slope,) = torch.autograd.grad(tone(y, t, strength).sum(), y)
    inside = tone(y, t, strength) < 0.9  # below headroom
    found = tone.amplification(t, strength)
    torch.testing.assert_close(found[inside], slope[inside])


def test_it_learns_noise_but_no_tone():
    torch.manual_seed(0)
    enhancer = build(
        noise_loss=dict(type='ruas_mm.CleanTwinLoss', dissimilarity=0.0)
    )
    enhancer.noise_remover.start_small()
    enhancer.train_only('noise_remover')
    enhancer.train()
    rows = torch.linspace(5, 25, 64).view(1, 1, 64, 1).expand(4, 3, 64, 64)
    clean = rows / 255
    samples = [BaseDataElement(clean=(c * 65535).round().int()) for c in clean]
    optimiser = torch.optim.Adam(enhancer.noise_remover.parameters(), 5e-3)
    losses = []
    for _ in range(40):
        noisy = (clean + torch.randn_like(clean) * 4 / 255).clamp(0, 1)
        loss = enhancer(noisy, samples, 'loss')['loss_removal']
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.75 * losses[0]
    assert enhancer.scene.stages[0].fuse.weight.grad is None
    x, u = enhancer.enhance(noisy), enhancer.scene.enhance(noisy)
    assert (x - x.mean((1, 3), True)).std() < (u - u.mean((1, 3), True)).std()
    assert abs(x.mean() - u.mean()) < 0.05


@pytest.mark.parametrize(
    'loss, samples, message',
    [
        ('Neighbor2NeighborLoss', None, 'does not fit TwoScaleNoiseRemover'),
        ('CleanTwinLoss', None, 'have no clean'),
        ('CleanTwinLoss', [BaseDataElement()], 'have no clean'),
    ],
)
def test_losses_that_do_not_fit_are_refused(loss, samples, message):
    enhancer = build(noise_loss=dict(type=f'ruas_mm.{loss}')).train()
    with pytest.raises(ValueError, match=message):
        enhancer(dark_pictures(1, 3, 32, 32), samples, 'loss')


@pytest.mark.parametrize('name', [*NARROW])
@pytest.mark.parametrize('value', [0, -1, 2.5])
def test_bad_arguments_are_refused(name, value):
    with pytest.raises(ValueError, match=f'{name}=.*allowed'):
        MODELS.build(dict(type=TYPE, **{name: value}))


def test_weight_files_may_name_it(tmp_path):
    settings = dict(
        scene=SCENE,
        noise_remover=dict(type=TYPE, **NARROW),
        noise_estimator=dict(channels=4),
        noise_threshold=[0.0, 0.1],
    )
    enhancer = LowLightEnhancer('RUAS_A', **settings).eval()
    path = tmp_path / 'own.safetensors'
    save_enhancer(enhancer, path, **settings)
    y = dark_pictures(1, 3, 40, 40)
    loaded = load_enhancer('RUAS_A', path)
    assert torch.equal(loaded.enhance(y), enhancer.enhance(y))

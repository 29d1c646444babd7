"""Tone, metering and illumination at a lower resolution."""

import pytest
import torch
import torch.nn.functional as F

from ruas_mm.models import VARIANTS, SceneModule, load_enhancer
from ruas_mm.models.low_resolution import enlarge, guide_coefficients, shrunk
from ruas_mm.models.tone import TONES, FilmTone, build_tone

FILM = dict(shrink=4, illumination_channels=1, tone='film')
RAMP = torch.linspace(0.01, 1, 40).view(1, 1, 1, -1).expand(1, 3, 8, -1)


def scene(**form):
    torch.manual_seed(3)
    return SceneModule(**{**FILM, **form}).double()


def packaged():
    return load_enhancer('RUAS_S').scene.double()


def night(*size, level=0.1):
    coarse = torch.rand(1, 3, 5, 6, dtype=torch.double) * 2 * level
    return F.interpolate(coarse, size, mode='bilinear', align_corners=True)


@pytest.mark.parametrize('name', TONES)
@pytest.mark.parametrize('s', [0, 0.3, 1, 1.5, 'each'])
def test_strength_of_a_tone(name, s):
    """0 gives the input back, more is brighter; in [0, 1], black is black."""
    tone, y = build_tone(name), RAMP.double()
    t = y.amax(1, keepdim=True).clamp(0.05, 1)
    if s == 'each':
        s = torch.tensor([0.0, 0.7], dtype=y.dtype).view(2, 1, 1, 1)
        u = tone(y.expand(2, -1, -1, -1), t, s)
        torch.testing.assert_close(u[:1], y)
        torch.testing.assert_close(u[1:], tone(y, t, 0.7))
        return
    u = tone(y, t, s)
    assert u.min() >= 0 and u.max() <= 1
    assert (u >= y - 1e-6).all()
    if s == 0:
        torch.testing.assert_close(u, y)
    black = tone(torch.zeros_like(y), t, s)
    assert black.max() < (0.2 if s else 1e-9)


def test_film_keeps_lights_apart():
    """Division clips what film still tells apart."""
    y = RAMP.double()[..., :30]
    t = y[:, :1]
    film, division = build_tone('film')(y, t), build_tone('division')(y, t)
    assert (film.diff(dim=-1) > 0).all() and (film > y).all()
    assert (division == 1).all()


@pytest.mark.parametrize('level', [0.02, 0.05, 0.1])
def test_dark_pictures_meet_the_exposure(level):
    y = night(96, 112, level=level)
    u = packaged()(y)
    weight = torch.ones(96, 112, dtype=torch.double)
    for axis, size in enumerate((96, 112)):
        place = (torch.arange(size) + 0.5) / size - 0.5
        shape = [1, 1]
        shape[axis] = -1
        weight = weight * torch.exp(-8 * place * place).view(shape)
    mean = (u.mean(1) * weight).sum() / weight.sum()
    assert abs(mean - 0.46) < 0.05


def test_what_is_not_dark_comes_back_with_a_smooth_transition():
    tone = FilmTone()
    levels = torch.linspace(0, 1, 200, dtype=torch.double)
    share = torch.cat(
        [
            tone.share(torch.full((1, 3, 4, 4), v, dtype=v.dtype))
            for v in levels
        ]
    ).flatten()
    assert share[levels < 0.19].min() > 0.9
    assert share[levels > 0.33].max() == 0
    assert (share.diff() <= 0).all() and share.diff().abs().max() < 0.3
    bright = 0.5 + 0.4 * torch.rand(1, 3, 33, 30, dtype=torch.double)
    for variant in VARIANTS:  # noise removal rests, too
        enhancer = load_enhancer(variant, noise_threshold=0.0).double()
        torch.testing.assert_close(enhancer.enhance(bright), bright)


@pytest.mark.parametrize('colour', [0.0, 114 / 255, 1.0, 'compressed'])
@pytest.mark.parametrize(
    'side', [(0, 0, 0, 64), (48, 48, 0, 0), (0, 32, 0, 16)]
)
def test_padding_does_not_move_the_exposure(colour, side):
    y = night(256, 256)
    y = (y * 255).round() / 255
    if colour == 'compressed':  # black, but for single grey levels
        bars = (torch.rand(1, 3, 400, 400) < 0.2).double() / 255
        left, right, top, below = side
        padded = bars[..., : 256 + top + below, : 256 + left + right].clone()
        padded[..., top : top + 256, left : left + 256] = y
    else:
        padded = F.pad(y, side, value=colour)
    module = packaged()
    with torch.no_grad():
        alone, together = module.enhance(y), module.enhance(padded)
    left, _, top, _ = side
    inside = together[..., top : top + 256, left : left + 256]
    centre = slice(88, 168)  # the cells see some pixels of the padding
    difference = (inside - alone)[..., centre, centre].abs().mean()
    assert difference < 1 / 255


def test_grey_stays_grey_and_colour_keeps_its_hue():
    grey = night(40, 44).mean(1, keepdim=True).expand(-1, 3, -1, -1)
    module = packaged()
    with torch.no_grad():
        u = module.enhance(grey)
        assert (u.amax(1) - u.amin(1)).max() < 1e-6
        blue = grey * torch.tensor([0.1, 0.2, 1.0]).view(1, 3, 1, 1)
        u = module.enhance(blue)
    assert (u[:, 2] > u[:, 1]).all() and (u[:, 1] > u[:, 0]).all()
    assert (u > 0.99).double().mean() < 0.01


def test_black_frames_stay_dark():
    y = (torch.rand(1, 3, 64, 64).double() < 0.3).double() / 255
    with torch.no_grad():
        u = load_enhancer('RUAS_S').double().enhance(y)
    assert u.mean() * 255 < 20 and u.max() < 0.5


def test_pictures_that_leave_their_range():
    """As bicubic resizing makes them."""
    y = night(40, 44) - 0.02
    u = packaged().enhance(y)
    assert y.min() < 0 and u.isfinite().all() and u.min() >= 0


@pytest.mark.parametrize('size', [(1, 1), (1, 50), (7, 3), (33, 65)])
@pytest.mark.parametrize('value', [0, 1, None])
def test_any_size_also_black_and_white(size, value):
    y = (
        torch.rand(2, 3, *size)
        if value is None
        else torch.full((2, 3, *size), float(value))
    )
    with torch.no_grad():
        u = load_enhancer('RUAS_S').enhance(y)
    assert u.shape == y.shape and u.isfinite().all()
    if value is not None:
        torch.testing.assert_close(u, y, atol=0.01, rtol=0)


@pytest.mark.parametrize(
    'form',
    [
        {},
        dict(genotype=None),
        dict(shrink=3),
        dict(shrink=1),
        dict(illumination_channels=3),
    ],
)
@pytest.mark.parametrize('size', [(64, 64), (45, 51)])
def test_strips_and_tiles_equal_the_whole(form, size, monkeypatch):
    for room in ('tiling', 'lit'):
        monkeypatch.setattr(f'ruas_mm.models.{room}.STRIP_PIXELS', 500)
    module, y = scene(**form), night(*size)
    y = torch.cat([y, night(*size, level=0.03)])
    with torch.no_grad():
        whole = module.lit(y, plainly=True)
        for tile in (None, 32):
            found_u, found_t = module.decompose(y, tile=tile)
            torch.testing.assert_close(found_u, whole.u)
            torch.testing.assert_close(found_t, whole.t)


def test_everything_is_differentiable():
    module, y = scene(num_stages=1), night(20, 24)
    module(y).square().mean().backward()
    for name, parameter in module.named_parameters():
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name
    small = night(5, 6).requires_grad_()
    tone = FilmTone()
    t = torch.full((1, 1, 5, 6), 0.3, dtype=torch.double)
    assert torch.autograd.gradcheck(lambda y: tone(y, t, 0.8), small)


def test_illumination_follows_edges():
    guide = torch.zeros(1, 1, 64, 64, dtype=torch.double)
    guide[..., 32:] = 0.5
    t = 0.2 + guide
    a, b = guide_coefficients(shrunk(guide, 4), shrunk(t, 4))
    raised = enlarge(a, 4, guide) * guide + enlarge(b, 4, guide)
    plain = enlarge(shrunk(t, 4), 4, guide)
    assert (raised - t).abs().max() < 0.2 * (plain - t).abs().max()


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(tone='gamma'), "tone='gamma', allowed"),
        (dict(tone=dict(type='film', target=1)), 'target'),
        (dict(tone=dict(type='film', exposure=2)), 'exposure=2, allowed'),
        (dict(tone=dict(type='film', dark=0.7)), 'dark=0.7, allowed'),
        (dict(tone=dict(type='film', dark=0.6, bright=0.6)), 'dark=0.6'),
        (dict(shrink=0), 'shrink=0, allowed'),
        (dict(illumination_channels=2), 'illumination_channels=2, allowed'),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        SceneModule(**arguments)

"""The weights in the package: at hand offline, and worth having."""

import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from ruas_mm.evaluation.complexity import count_parameters
from ruas_mm.files.picture_file import read_picture
from ruas_mm.models import build_enhancer, load_enhancer
from ruas_mm.zoo import ZOO

VARIANTS = dict(RUAS_S=1161, RUAS=3769, RUAS_A=35979)


@pytest.fixture(scope='module', params=VARIANTS)
def enhancer(request):
    return load_enhancer(request.param)


def read(path):
    rgb = torch.from_numpy(read_picture(path).rgb)
    return rgb.permute(2, 0, 1)[None] / 255


def smooth(height, width, low, high):
    """A picture of soft shapes, (1, 3, height, width)."""
    torch.manual_seed(0)
    coarse = torch.rand(1, 3, 6, 6) * (high - low) + low
    return torch.nn.functional.interpolate(
        coarse, (height, width), mode='bilinear'
    )


@pytest.mark.parametrize('variant', VARIANTS)
def test_size(variant):
    assert count_parameters(load_enhancer(variant)) == VARIANTS[variant]


def test_dark_pictures_meet_the_exposure(enhancer):
    mean = enhancer.enhance(smooth(96, 96, 0, 0.2)).mean()
    assert abs(mean - enhancer.scene.tone.exposure) < 0.06


def test_variants_share_the_scene_module():
    first, *others = (
        load_enhancer(variant).scene.state_dict() for variant in VARIANTS
    )
    for other in others:
        assert all(torch.equal(other[key], first[key]) for key in first)


@pytest.mark.parametrize('name', ZOO)
def test_every_name_of_the_zoo_works(name):
    y = smooth(40, 48, 0, 0.2)
    enhancer = build_enhancer(name)
    assert torch.equal(enhancer.enhance(y), load_enhancer(name).enhance(y))
    gain = (
        enhancer.enhance(y).mean() / build_enhancer('ruas_s').enhance(y).mean()
    )
    assert (gain < 0.85) == (name == 'ruas_s_detection')


@pytest.mark.parametrize(
    'variant, psnr, ssim',
    [('RUAS_S', 18, 0.45), ('RUAS', 18, 0.7), ('RUAS_A', 18, 0.72)],
)
def test_real_pairs(variant, psnr, ssim, shared):
    enhancer = load_enhancer(variant)
    found, spread = [], []
    for low in sorted(shared('lol', 'pairs', 'low').glob('*.png')):
        y = read(low)
        high = shared('lol', 'pairs', 'high', low.name)
        truth = read_picture(high).rgb
        x = (enhancer.enhance(y)[0] * 255).round().byte()
        x = x.permute(1, 2, 0).numpy()
        found.append(
            (
                peak_signal_noise_ratio(truth, x),
                structural_similarity(truth, x, channel_axis=2),
            )
        )
        spread.append(enhancer.decompose(y)[1].std(dim=(2, 3)).mean())
    means = torch.tensor(found).mean(0)
    assert means[0] > psnr and means[1] > ssim, found
    assert torch.stack(spread).mean() > 0.02  # not flat


@pytest.mark.parametrize('deviation', [0.4, 1.5])
def test_black_with_read_noise_stays_dark(enhancer, deviation):
    noise = torch.randn(1, 3, 120, 160, generator=torch.manual_seed(0))
    black = (noise * deviation).clamp(min=0).round() / 255
    x = enhancer.enhance(black)
    assert x.mean() < 20 / 255 and x.max() < 0.5


@pytest.mark.parametrize('colour', [(1, 0.1, 0.1), (0.1, 0.1, 1)])
def test_light_of_one_colour_keeps_it(enhancer, colour):
    light = smooth(96, 120, 0.01, 0.15).mean(1, keepdim=True)
    x = enhancer.enhance(light * torch.tensor(colour).view(1, 3, 1, 1))
    means = x.mean((0, 2, 3))
    strong, weak = means[colour.index(1)], means[colour.index(0.1)]
    assert strong > 1.3 * weak
    assert (x == 1).float().mean() < 0.01


# left, right, top, bottom; no multiples of a block or of the shrinking
BORDERS = [(0, 64, 0, 32), (0, 0, 43, 42), (29, 30, 0, 0), (9, 0, 6, 21)]


@pytest.mark.parametrize('level', [0, 114])
@pytest.mark.parametrize('border', BORDERS)
def test_letterbox_does_not_matter(enhancer, border, level):
    y = (smooth(128, 160, 0.01, 0.15) * 255).round() / 255
    padded = torch.nn.functional.pad(y, border, value=level / 255)
    left, right, top, bottom = border
    found = enhancer.enhance(padded)[..., top : top + 128, left : left + 160]
    inside = (..., slice(24, 104), slice(24, 136))  # edges are seen near by
    difference = found[inside] - enhancer.enhance(y)[inside]
    assert difference.abs().mean() < 1 / 255


def test_grey_stays_grey(enhancer):
    grey = smooth(96, 120, 0.01, 0.2).mean(1, keepdim=True)
    x = enhancer.enhance(grey.expand(1, 3, 96, 120))
    assert (x.amax(1) - x.amin(1)).max() < 1 / 255


@pytest.mark.parametrize('size', [(1, 1), (1, 5000), (33, 20)])
@pytest.mark.parametrize('value', [0, 1])
def test_black_and_white_come_back(enhancer, size, value):
    y = torch.full((1, 3, *size), float(value))
    torch.testing.assert_close(enhancer.enhance(y), y, atol=1e-5, rtol=0)


def test_sky_over_dark_ground(enhancer):
    y = smooth(120, 160, 0.01, 0.08)
    y[..., :24, :] = 0.8
    x = enhancer.enhance(y)
    assert x[..., 40:, :].mean() > 2 * y[..., 40:, :].mean()
    assert (x[..., :24, :] > 254 / 255).float().mean() < 0.01


@pytest.mark.parametrize('name', ['0188', '0209'])
@pytest.mark.parametrize('variant', ['RUAS', 'RUAS_A'])
def test_pictures_without_noise_are_left_sharp(variant, name, shared):
    """Fine detail of u, and the noise in it, lose little."""
    y = read(shared('mit5k', 'pairs', 'low', f'{name}.png'))
    tone = load_enhancer(variant).scene.enhance(y)
    sharp, found = (
        x.diff(dim=3).abs().mean()
        for x in (tone, load_enhancer(variant).enhance(y))
    )
    assert found > 0.8 * sharp

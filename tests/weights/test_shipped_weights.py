"""The weights in the package: at hand offline, and worth having."""

import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from ruas_mm.evaluation.complexity import count_parameters
from ruas_mm.files.picture_file import read_picture
from ruas_mm.models import load_enhancer

VARIANTS = dict(RUAS_S=1161, RUAS=3438, RUAS_A=36815)


def read(path):
    rgb = torch.from_numpy(read_picture(path).rgb)
    return rgb.permute(2, 0, 1)[None] / 255


@pytest.mark.parametrize('variant', VARIANTS)
def test_variant_loads_and_meets_its_exposure(variant):
    enhancer = load_enhancer(variant)
    assert count_parameters(enhancer) == VARIANTS[variant]
    dark = torch.nn.functional.interpolate(
        torch.rand(1, 3, 6, 6) * 0.2, (96, 96), mode='bilinear'
    )
    mean = enhancer.enhance(dark).mean()
    assert abs(mean - enhancer.scene.tone.exposure) < 0.05


def test_variants_share_the_scene_module():
    first, *others = (
        load_enhancer(variant).scene.state_dict() for variant in VARIANTS
    )
    for other in others:
        assert all(torch.equal(other[key], first[key]) for key in first)


@pytest.mark.parametrize(
    'variant, psnr, ssim', [('RUAS', 16.2, 0.6), ('RUAS_A', 16.2, 0.6)]
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


@pytest.mark.parametrize('name', ['0188', '0209'])
def test_pictures_without_noise_are_left_sharp(name, shared):
    y = read(shared('mit5k', 'pairs', 'low', f'{name}.png'))
    assert torch.equal(
        load_enhancer('RUAS_A').enhance(y), load_enhancer('RUAS_S').enhance(y)
    )

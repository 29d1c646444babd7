"""Enhancers against the release, and fast inference against plain."""

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import BaseDataElement
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from ruas_mm.apis.released_checkpoints import convert_file
from ruas_mm.evaluation.complexity import count_macs, count_parameters
from ruas_mm.models import LowLightEnhancer, load_enhancer
from ruas_mm.models.cells.genotype import (
    NOISE_REMOVAL_CVPR21,
    NOISE_REMOVAL_JOURNAL,
)
from ruas_mm.registry import MODELS

VARIANTS = ['RUAS_S', 'RUAS', 'RUAS_A']


def build(variant, **arguments):
    """An enhancer with random weights, which all remove noise."""
    arguments = dict(dict(noise_threshold=0.0), **arguments)
    return MODELS.build(
        dict(type='ruas_mm.LowLightEnhancer', variant=variant, **arguments)
    ).eval()


@pytest.fixture
def released(shared, tmp_path):
    """Load a released checkpoint by way of the converter."""

    def load(variant, folder, name):
        path = tmp_path / f'{name}.pth'
        source = shared('weights', folder, f'{name}.pt')
        convert_file(source, path)
        return load_enhancer(variant, path)

    return load


def read(path):
    picture = cv2.imread(str(path))[..., ::-1].copy()
    return torch.from_numpy(picture).permute(2, 0, 1)[None] / 255


def as_saved(x):
    """8 bits as the release saves them: the fraction is dropped."""
    return (x[0] * 255).permute(1, 2, 0).numpy().astype(np.uint8)


def quality(picture, path):
    truth = cv2.imread(str(path))[..., ::-1]
    return (
        peak_signal_noise_ratio(truth, picture),
        structural_similarity(truth, picture, channel_axis=2),
    )


@pytest.mark.parametrize(
    'weights, folder, name, score, psnr, ssim',
    [
        ('lol', 'lol', '00001', 0.0080, 15.743, 0.6185),
        ('lol', 'lol', '00091', 0.0118, 17.598, 0.6553),
        ('lol', 'lol', '00271', 0.1468, 14.489, 0.6698),
        ('mit', 'mit5k', '0137', 0.0048, 16.440, 0.8575),
        ('mit', 'mit5k', '0188', 0.0029, 27.884, 0.9594),
        ('mit', 'mit5k', '0209', 0.0029, 19.999, 0.9245),
    ],
)
def test_released_weights_give_the_released_result(
    released, shared, weights, folder, name, score, psnr, ssim
):
    enhancer = released('RUAS_A', 'ruas_journal', weights)
    y = read(shared(folder, 'pairs', 'low', f'{name}.png'))
    x, u = enhancer.enhance(y), enhancer.scene.enhance(y)
    with torch.no_grad():
        theta = enhancer.noise_estimator(u)
    assert enhancer.noise_estimator.score(theta).item() == pytest.approx(
        score, abs=2e-4
    )
    assert (not torch.equal(x, u)) == (name == '00271')
    truth = shared(folder, 'pairs', 'high', f'{name}.png')
    figures = quality(as_saved(x), truth)
    assert figures[0] == pytest.approx(psnr, abs=0.01)
    assert figures[1] == pytest.approx(ssim, abs=0.001)
    if name == '00271':
        figures = quality(as_saved(u), truth)
        assert figures[0] == pytest.approx(11.473, abs=0.01)
        assert figures[1] == pytest.approx(0.115, abs=0.001)
    if folder == 'lol':
        official = read(shared('lol', 'official_output', f'{name}.png'))
        difference = as_saved(x).astype(int) - as_saved(official + 1e-4)
        assert np.abs(difference).max() <= 1


@pytest.mark.parametrize('name', ['lol', 'upe', 'dark'])
def test_cvpr21_weights_are_ruas(released, name):
    enhancer = released('RUAS', 'ruas_cvpr21', name)
    assert enhancer.noise_remover.cells[0].genotype == NOISE_REMOVAL_CVPR21
    y = torch.rand(1, 3, 9, 9) * 0.2
    assert enhancer.enhance(y).isfinite().all()


@pytest.mark.parametrize(
    'variant, parameters, gigamacs',
    [('RUAS_S', 1161, 0.279), ('RUAS', 3438, 0.825), ('RUAS_A', 36653, 8.80)],
)
def test_size_and_cost(variant, parameters, gigamacs):
    enhancer = build(variant)
    assert count_parameters(enhancer) == parameters
    macs = count_macs(enhancer, (40, 60)) * 100 / 1e9  # 400 x 600
    assert macs == pytest.approx(gigamacs, rel=2e-3)


def two_pictures(enhancer):
    """One below and one above the threshold, which is put between them."""
    y = torch.rand(2, 3, 20, 24) * torch.tensor([0.1, 0.6]).view(2, 1, 1, 1)
    with torch.no_grad():
        theta = enhancer.noise_estimator(enhancer.scene.enhance(y))
    scores = enhancer.noise_estimator.score(theta)
    enhancer.noise_threshold = scores.mean().item()
    return y[scores.argsort()]


def test_each_picture_passes_the_gate_on_its_own():
    enhancer = build('RUAS_A')
    y = two_pictures(enhancer)
    u, x = enhancer.scene.enhance(y), enhancer.enhance(y)
    assert torch.equal(x[0], u[0])
    assert not torch.allclose(x[1], u[1], atol=1e-3)
    alone = torch.cat([enhancer.enhance(picture[None]) for picture in y])
    torch.testing.assert_close(x, alone, atol=1e-5, rtol=0)


@pytest.mark.parametrize('threshold, denoised', [(0.0, True), (1e3, False)])
def test_threshold_is_configurable(threshold, denoised):
    enhancer = build('RUAS_A', noise_threshold=threshold)
    y = torch.rand(1, 3, 8, 8) * 0.3
    u = enhancer.scene.enhance(y)
    assert torch.equal(enhancer.enhance(y), u) != denoised


@pytest.mark.filterwarnings('ignore::torch.jit.TracerWarning')
def test_gate_of_a_traced_graph_is_no_constant():
    enhancer = build('RUAS_A')
    quiet, noisy = two_pictures(enhancer).split(1)
    with torch.no_grad():
        for example in (quiet, noisy):
            traced = torch.jit.trace(enhancer, example)  # plain
            for y in (quiet, noisy):
                torch.testing.assert_close(traced(y), enhancer.plain(y))


@pytest.mark.parametrize('variant', VARIANTS)
@pytest.mark.parametrize(
    'shape', [(1, 8, 12), (3, 13, 17), (1, 1, 1), (3, 1, 40), (1, 5, 3)]
)
def test_fast_equals_plain(variant, shape):
    enhancer = build(variant)
    y = torch.rand(shape[0], 3, *shape[1:]) * 0.5
    x = enhancer.enhance(y)
    assert x.shape == y.shape and x.min() >= 0 and x.max() <= 1
    with torch.no_grad():
        plain = enhancer(y, mode='tensor')
    torch.testing.assert_close(x, plain, atol=1e-5, rtol=0)
    assert torch.equal(plain, enhancer.plain(y))


def test_noise_map_is_seen():
    enhancer = build('RUAS_A', noise_remover=dict(noise_map=True))
    y = torch.rand(2, 3, 40, 36) * 0.5
    x = enhancer.enhance(y)
    torch.testing.assert_close(x, enhancer.plain(y), atol=1e-5, rtol=0)
    tiles = enhancer.enhance(y, tile=32)
    torch.testing.assert_close(x, tiles, atol=1e-5, rtol=0)
    enhancer.noise_estimator.layers[-1].bias.data += 1
    assert not torch.allclose(enhancer.enhance(y), x, atol=1e-3)


@pytest.mark.parametrize('variant', VARIANTS)
@pytest.mark.parametrize('tile', [32, 48])
def test_tiles_leave_no_seam(variant, tile):
    enhancer = build(variant)
    y = torch.rand(1, 3, 70, 101) * 0.3
    torch.testing.assert_close(
        enhancer.enhance(y, tile=tile), enhancer.enhance(y), atol=1e-5, rtol=0
    )


@pytest.mark.parametrize('variant', VARIANTS)
@pytest.mark.parametrize('own', [0.3, 1.0])
def test_strength(variant, own):
    enhancer = build(variant, scene=dict(strength=own))
    y = torch.rand(2, 3, 9, 11) * 0.3
    with torch.no_grad():
        for enhance in (enhancer.enhance, enhancer.plain):
            assert torch.equal(enhance(y, strength=0), y)
            assert torch.equal(enhance(y), enhance(y, strength=own))
            half = enhance(y, strength=0.5)
            assert (half - y).abs().max() > 0.01
            assert not torch.allclose(half, enhance(y), atol=1e-3)


@pytest.mark.parametrize('variant', VARIANTS)
def test_autocast_leaves_the_result(variant):
    enhancer = build(variant)
    y = torch.rand(1, 3, 16, 16) * 0.3
    with torch.no_grad():
        for enhance in (enhancer.enhance, enhancer.plain):
            expected = enhance(y)
            with torch.autocast('cpu', dtype=torch.bfloat16):
                x = enhance(y)
            assert x.dtype == torch.float32
            assert torch.equal(x, expected)


@pytest.mark.parametrize('name', ['NoiseRemover', 'NoiseEstimator'])
def test_autocast_leaves_the_noise_maps(name):
    network = MODELS.build(dict(type=f'ruas_mm.{name}'))
    u = torch.rand(1, 3, 16, 16)
    expected = network(u)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert torch.equal(network(u), expected)


@pytest.mark.parametrize('variant', VARIANTS)
def test_pictures_of_two_sizes(variant):
    enhancer = build(variant)
    inputs = [torch.rand(3, *s) * 0.4 for s in ((9, 12), (7, 5), (9, 12))]
    samples = [BaseDataElement(metainfo=dict(index=i)) for i in range(3)]
    results = enhancer(inputs, samples, mode='predict')
    assert all(a is b for a, b in zip(results, samples))
    for y, result in zip(inputs, results):
        expected = enhancer.enhance(y[None])[0]
        torch.testing.assert_close(
            result.enhanced, expected, atol=1e-5, rtol=0
        )
    for result in enhancer(inputs, mode='predict'):  # without samples
        assert result.enhanced.shape[0] == 3


def test_step_takes_what_the_loader_delivers():
    enhancer = build('RUAS')
    bgr = torch.randint(80, (3, 8, 9), dtype=torch.uint8)
    data = dict(inputs=[bgr], data_samples=[BaseDataElement()])
    (result,) = enhancer.test_step(data)
    expected = enhancer.enhance(bgr.flip(0)[None] / 255)[0]
    torch.testing.assert_close(result.enhanced, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize('variant', VARIANTS)
def test_inference_keeps_no_gradient(variant):
    y = torch.rand(1, 3, 8, 8, requires_grad=True)
    assert not build(variant).enhance(y).requires_grad


def test_genotypes_of_the_variants():
    for variant, genotype in (
        ('RUAS', NOISE_REMOVAL_CVPR21),
        ('RUAS_A', NOISE_REMOVAL_JOURNAL),
    ):
        assert build(variant).noise_remover.cells[2].genotype == genotype
    other = build('RUAS', noise_remover=dict(genotype=('3-C',) * 7))
    assert other.noise_remover.cells[0].genotype == ('3-C',) * 7


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(variant='RUAS_B'), "variant='RUAS_B', allowed: .*RUAS_A"),
        (dict(trained_part='all'), "part='all', allowed .*end_to_end"),
        (
            dict(variant='RUAS_S', trained_part='noise_remover'),
            "\\['scene', 'end_",
        ),
        (
            dict(variant='RUAS', trained_part='noise_estimator'),
            'trained_part=',
        ),
        (dict(variant='RUAS_S', noise_remover={}), 'not part of RUAS_S'),
        (dict(variant='RUAS', noise_estimator={}), 'not part of RUAS'),
        (
            dict(variant='RUAS', noise_remover=dict(noise_map=True)),
            'needs the estimator',
        ),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        LowLightEnhancer(**arguments)


@pytest.mark.parametrize(
    'name, value',
    [('strength', v) for v in (-0.1, 1.1, float('nan'))]
    + [('tile', v) for v in (31, 0, -64, 64.0)],
)
def test_bad_settings_of_a_call_are_refused(name, value):
    with pytest.raises(ValueError, match=f'{name}=.*allowed'):
        build('RUAS_S').enhance(torch.rand(1, 3, 8, 8), **{name: value})


def test_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="mode='test', allowed"):
        build('RUAS_S')(torch.rand(1, 3, 8, 8), mode='test')


def test_noise_map_needs_theta():
    config = dict(type='ruas_mm.NoiseRemover', noise_map=True)
    with pytest.raises(ValueError, match='theta is None'):
        MODELS.build(config)(torch.rand(1, 3, 8, 8))


def test_prediction_needs_a_sample_for_each_picture():
    inputs = [torch.rand(3, 8, 8)] * 2
    with pytest.raises(ValueError, match='1 data_samples, allowed: one for'):
        build('RUAS_S').predict(inputs, [BaseDataElement()])

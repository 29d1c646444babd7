"""Videos: what is metered moves slowly, and starts anew at a cut."""

import pytest
import torch
import torch.nn.functional as F

from ruas_mm.models import VARIANTS, LowLightEnhancer, VideoMemory

SIZE = (64, 80)
SHIPPED_SCENE = dict(
    update='residual',
    warm_start='unrectified',
    warm_start_source='illumination',
    illumination_range=(0.03, 1),
    shrink=4,
    illumination_channels=1,
    tone='film',
)
TWO_SCALES = dict(
    noise_remover=dict(type='ruas_mm.TwoScaleNoiseRemover'),
    noise_estimator=dict(channels=4),
)
ENHANCERS = {
    'RUAS_S': dict(variant='RUAS_S'),
    'RUAS': dict(variant='RUAS'),
    'RUAS_A': dict(variant='RUAS_A', noise_threshold=0.0),
    'noise map': dict(
        variant='RUAS_A',
        noise_remover=dict(noise_map=True),
        noise_threshold=(0.0, 0.1),
    ),
    'two scales': dict(variant='RUAS_A', noise_threshold=0.0, **TWO_SCALES),
}


def build(name, **arguments):
    """Random weights that light as trained ones do."""
    torch.manual_seed(1)
    arguments = {**ENHANCERS[name], 'scene': SHIPPED_SCENE, **arguments}
    enhancer = LowLightEnhancer(**arguments).eval()
    for part in VARIANTS[enhancer.variant].parts:
        getattr(enhancer, part).start_small()
    return enhancer


def night(seed=0, level=0.1):
    """A dark scene, (1, 3, H, W)."""
    state = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, 6, 7, generator=state) ** 2 * 3 * level
    return F.interpolate(coarse, SIZE, mode='bilinear', align_corners=True)


def with_lamp(y, side=24):
    y = y.clone()
    y[..., :side, -side:] = 0.98
    return y


def noisy(y, seed=7):
    state = torch.Generator().manual_seed(seed)
    noise = torch.randn(y.shape, generator=state) * 2 / 255
    return (y + noise).clamp(0, 1)


def passing(place):
    y = night()
    y[..., 20:44, place : place + 24] = 1.0
    return y


def cropped(y):
    return y[..., :-1, :]


def black():
    return torch.zeros_like(night())


def starts_anew(frames, fps=25):
    """Whether the last one is the first frame of a scene."""
    memory = VideoMemory(fps)
    for y in frames[:-1]:
        memory.see(y)
        memory.steady('a', torch.tensor(0.0))
    memory.see(frames[-1])
    value = memory.steady('a', torch.tensor(1.0)).item()
    assert value == pytest.approx(memory.share) or value == 1
    return value == 1


@pytest.mark.parametrize(
    'frames',
    [
        [night(), night()],
        [noisy(night()), noisy(night(), seed=8)],
        [night(), with_lamp(night())],
        [with_lamp(night()), night()],
        [passing(0), passing(24), passing(48)],
        [night(), night().roll((3, 4), (2, 3))],
        [night(), night() * 0.7],  # the light is turned down
        [night(level=0.1) * (1 - i / 25) for i in range(26)],
        [night(level=0.1) * (i / 25) for i in range(26)],
        [black(), noisy(black())],
    ],
    ids=[
        'same', 'noise', 'lamp on', 'lamp off', 'passing object', 'moving',
        'darker', 'fade out', 'fade in', 'black',
    ],
)  # fmt: skip
def test_no_cut(frames):
    for end in range(2, len(frames) + 1):
        assert not starts_anew(frames[:end]), end


@pytest.mark.parametrize(
    'frames',
    [
        [night()],
        [night(1, level=0.3), night(2, level=0.3)],
        [night(), night() * 3 + 0.15],  # all the light at once
        [night(level=0.3), night(level=0.03)],
        [black(), night()],
        [night(), cropped(night())],
        [night(), night().transpose(2, 3)],
    ],
    ids=[
        'first', 'scene', 'brighter', 'darker', 'from black', 'size', 'turned',
    ],
)  # fmt: skip
def test_cut(frames):
    assert starts_anew(frames)


@pytest.mark.parametrize('fps', [5, 25, 120])
def test_averages_follow_in_seconds(fps):
    """Each name on its own."""
    memory = VideoMemory(fps)
    values = torch.tensor([[0.0, 2.0]])
    assert memory.steady('a', values) is values
    for _ in range(round(memory.seconds * fps)):
        found = memory.steady('a', values + 1)
    expected = values + 1 - torch.exp(torch.tensor(-1.0))
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    assert memory.steady('b', values) is values


@pytest.mark.parametrize('name', ENHANCERS)
@pytest.mark.parametrize('gradients', [False, True])
def test_one_picture_is_enhanced_as_without_a_memory(name, gradients):
    enhancer, y = build(name), noisy(night())
    memory = VideoMemory()
    with torch.set_grad_enabled(gradients):
        expected = enhancer.decompose(y)
        for _ in range(2):  # a new scene is a first frame, too
            memory.see(black())
            found = enhancer.decompose(y, memory=memory)
            assert torch.equal(found[0], expected[0])
            assert torch.equal(found[1], expected[1])
    assert torch.equal(
        enhancer.scene.enhance(y, memory=VideoMemory()),
        enhancer.scene.enhance(y),
    )
    again = enhancer.enhance(with_lamp(y), memory=memory)
    assert not torch.equal(again, enhancer.enhance(with_lamp(y)))


@pytest.mark.parametrize('name', ENHANCERS)
@pytest.mark.parametrize('disturbed', [with_lamp, lambda y: passing(56)])
def test_the_rest_of_the_picture_is_steady(name, disturbed):
    """Where nothing happens, less than a grey level a frame changes."""
    enhancer, y = build(name), night()
    frames = [disturbed(y) if i % 4 > 1 else y for i in range(10)]
    memory, away = VideoMemory(), (..., slice(50, None), slice(0, 12))
    steady = [enhancer.enhance(f, memory=memory)[away].mean() for f in frames]
    alone = [enhancer.enhance(f)[away].mean() for f in frames]
    steady, alone = (
        torch.stack(levels).diff().abs().max() * 255
        for levels in (steady, alone)
    )
    assert steady < 0.8 and alone > 2 * steady


@pytest.mark.parametrize('name', ENHANCERS)
def test_fast_and_plain_agree(name):
    enhancer, frames = build(name), [night(), with_lamp(night()), night()]
    fast, plain, tiled = VideoMemory(), VideoMemory(), VideoMemory()
    for y in frames:
        expected = enhancer.enhance(y, memory=fast)
        found = enhancer.decompose(y, memory=plain)[0]
        torch.testing.assert_close(found, expected, atol=2e-5, rtol=0)
        found = enhancer.enhance(y, tile=32, memory=tiled)
        torch.testing.assert_close(found, expected, atol=2e-5, rtol=0)
        assert found.requires_grad is False


def test_gradients_do_not_reach_the_frame_before():
    enhancer, memory = build('RUAS_S'), VideoMemory()
    for y in (night(), with_lamp(night())):
        enhancer.decompose(y, memory=memory)[0].mean().backward()


def test_gate_opens_slowly():
    """A share of the noise is removed, where all or none was."""
    enhancer, y = build('RUAS_A'), noisy(night())
    with torch.no_grad():
        theta = enhancer.noise_estimator(enhancer.scene.enhance(y))
    score = enhancer.noise_estimator.score(theta).item()
    shares, memory = [], VideoMemory()
    for threshold in (2 * score, score / 2):
        enhancer.noise_threshold = threshold
        memory.see(y)
        lit = enhancer.scene.lit(y)
        for each in (lit, lit._replace(memory=memory)):
            shares.append(enhancer._noise_share(each, None, theta).item())
    removed = enhancer.scene.tone.denoising(lit.strength).item()
    expected = [0, 0, removed, removed * memory.share]
    assert shares == pytest.approx(expected)


def test_statistics_of_the_noise_remover_are_averages():
    enhancer, memory = build('two scales'), VideoMemory()
    before, after = (
        enhancer.scene.lit(y, memory=memory)
        for y in (night(), with_lamp(night()))
    )
    remover, tone = enhancer.noise_remover, enhancer.scene.tone
    found = [remover.inputs(lit, tone)[3] for lit in (before, after)]
    alone = [
        remover.inputs(lit._replace(memory=None), tone)[3]
        for lit in (before, after)
    ]
    assert torch.equal(found[0], alone[0])
    assert not torch.allclose(alone[1], alone[0], atol=0.01)
    moved = memory.share * (alone[1] - alone[0])
    torch.testing.assert_close(found[1] - found[0], moved)


def strengths(frames, tone='film', fps=25):
    """Of each frame, with a memory and without."""
    scene = build('RUAS_S', scene={**SHIPPED_SCENE, 'tone': tone}).scene
    memory, found = VideoMemory(fps), []
    with torch.no_grad():
        for y in frames:
            pair = scene.lit(y, memory=memory), scene.lit(y)
            found.append([torch.as_tensor(lit.strength) for lit in pair])
    return torch.tensor(found).T


def test_a_fade_is_not_lit_against():
    frames = [night() * (1 - i / 25) for i in range(20)]
    steady, alone = strengths(frames)
    assert (alone.diff() >= 0).all() and alone[-1] > alone[0] + 0.2
    assert (steady.diff() < 0).all() and steady[-1] < 0.9 * steady[0]


def test_light_that_goes_down_and_stays_so_is_answered():
    frames = [night(), *[night() * 0.7] * 20]
    steady, alone = strengths(frames, fps=1)
    assert steady[1] < steady[0] < alone[-1]
    assert steady[-1] == pytest.approx(alone[-1].item(), abs=0.02)


def test_a_strength_that_is_not_metered_stays():
    frames = [night() * (1 - i / 25) for i in range(5)]
    steady, alone = strengths(frames, tone='division')
    assert torch.equal(steady, alone)
    metered = dict(type='division', exposure=0.4)
    steady, alone = strengths(frames, tone=metered)
    assert (steady[1:] < alone[1:]).all()


@pytest.mark.parametrize('y', [night()[0], night().expand(2, -1, -1, -1)])
def test_several_frames_at_once_are_refused(y):
    with pytest.raises(ValueError, match='y has shape .*allowed'):
        VideoMemory().see(y)


@pytest.mark.parametrize('fps', [0, -1, float('nan'), 1e6])
def test_frame_rates(fps):
    with pytest.raises(ValueError, match='fps=.*allowed'):
        VideoMemory(fps)

"""Enhancers of others: theirs to the grey level, and usable as ours are."""

import pickle

import cv2
import numpy as np
import pytest
import torch
from conftest import run_command
from safetensors.torch import save_file

from ruas_mm.apis import LowLightInferencer
from ruas_mm.files.picture_file import read_picture
from ruas_mm.models import VideoMemory, build_enhancer, load_enhancer
from ruas_mm.zoo import COMPARED

PARAMETERS = dict(
    zero_dce=79_416,
    zero_dce_pp=10_561,
    sci=258,
    iat=91_154,
    pairlie=341_767,
    retinexnet=555_205,
    drbn=557_668 + 19_161,
    enlightengan=8_636_675,
    mbllen=450_171,
    gladnet=931_523,
    ssienet=485_604,
    kind=255_269,
    kind_pp=255_269,
    deepupe=998_816,
    deepupe_port=594_369,
    hla=214_128,
)
WITH_WEIGHTS = [name for name, entry in COMPARED.items() if entry.weights]
WITHOUT = [name for name in COMPARED if name not in WITH_WEIGHTS]
ROUNDED, CUT = 0.5, 0.0  # how the authors' 8 bits came about
GOLDEN = {  # folder: name, file of weights, how, rows and columns of a crop
    'zero_dce': ('zero_dce', 'zero_dce/Epoch99.pth', ROUNDED, 64),
    'zero_dce_pp': ('zero_dce_pp', 'zero_dce_pp/Epoch99.pth', ROUNDED, None),
    'sci_easy': ('sci', 'sci/easy.pt', CUT, 64),
    'sci_medium': ('sci', 'sci/medium.pt', CUT, 64),
    'sci_difficult': ('sci', 'sci/difficult.pt', CUT, None),
    'iat_lol_v1': ('iat', 'iat/best_Epoch_lol_v1.pth', ROUNDED, None),
    'iat_exposure': ('iat', 'iat/best_Epoch_exposure.pth', ROUNDED, None),
    'pairlie': ('pairlie', 'pairlie/PairLIE.pth', CUT, 64),
    'retinexnet': ('retinexnet', 'retinexnet', CUT, 64),
    'hla_brighten': ('hla', 'hla_brighten', ROUNDED, 64),
    'ssienet': ('ssienet', 'ssienet', CUT, 64),
    'deepupe_port': ('deepupe_port', 'deepupe_port', CUT, None),
    'drbn': ('drbn', 'drbn', ROUNDED, None),
    'kind': ('kind', 'kind', CUT, None),
    'kind_pp': ('kind_pp', 'kind_pp', CUT, None),
    **{
        f'mbllen/{kind}': ('mbllen', f'mbllen/{kind}.pt', ROUNDED, 64)
        for kind in (
            'Syn_img_lowlight_withnoise',
            'Syn_img_lowlight',
            'LOL_img_lowlight',
        )
    },
}
ENDINGS = dict(kind='.RA', kind_pp='.RA', mbllen='.raw')  # of golden files
SLOW = ('iat', 'drbn', 'kind', 'kind_pp')  # seconds a picture
DARK = {'00001': ('lol', 'pairs'), '0188': ('mit5k', 'pairs')}


def random_enhancer(name):
    """As after a little training, so that nothing is 0 or 1 any more."""
    enhancer = COMPARED[name].load_class()()
    for parameter in enhancer.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    return enhancer.eval()


def write_published(enhancer, path, change=None):
    """As the authors do."""
    state = enhancer.state_dict()
    state = {enhancer.their_name(key): value for key, value in state.items()}
    state.update({f'{name}.extra': torch.ones(1) for name in enhancer.unused})
    if change is not None:
        change(state)
    torch.save(state, path)
    return path


def compare(enhancer, dark, golden, how, margin=0):
    """Largest difference in grey levels, but for what a crop has cut off."""
    y = torch.from_numpy(dark / np.float32(255)).permute(2, 0, 1)[None]
    found = enhancer.enhance(y)[0].permute(1, 2, 0).numpy()
    found = np.floor(found * 255 + how).clip(0, 255)
    height, width = (side - margin for side in found.shape[:2])
    inside = np.s_[:height, :width]
    return np.abs(found[inside] - golden[inside]).max()


@pytest.mark.parametrize(
    'folder, picture',
    [
        (folder, picture)
        for folder, (name, *_) in GOLDEN.items()
        for picture in DARK
        if name not in SLOW or picture == '0188'
    ],
)
def test_it_is_that_of_its_authors(shared, folder, picture):
    name, weights, how, side = GOLDEN[folder]
    dark = read_picture(shared(*DARK[picture], 'low', f'{picture}.png')).rgb
    file = f'{picture}{ENDINGS.get(name, "")}.png'
    golden = shared('golden_enhancers', *folder.split('/'), file)
    golden = read_picture(golden).rgb
    dark = dark[: golden.shape[0], : golden.shape[1]]
    margin = 0
    if side is not None:
        margin = 48  # as far as any of them sees
        dark = dark[: side + margin, : side + margin]
    enhancer = load_enhancer(name, shared('weights', *weights.split('/')))
    assert compare(enhancer, dark, golden, how, margin) <= 1


def test_pairlie_with_the_exponent_of_lol(shared):
    dark = read_picture(shared('lol', 'pairs', 'low', '00001.png')).rgb
    golden = shared('golden_enhancers', 'pairlie', '00001_gamma014.png')
    weights = shared('weights', 'pairlie', 'PairLIE.pth')
    enhancer = load_enhancer('pairlie', weights, exponent=0.14)
    golden = read_picture(golden).rgb
    assert compare(enhancer, dark[:64, :64], golden, CUT, 16) <= 1


def test_mbllen_with_the_steps_of_its_script(shared):
    dark = read_picture(shared('mit5k', 'pairs', 'low', '0188.png')).rgb
    golden = shared('golden_enhancers', 'mbllen', '0188.png')
    weights = shared('weights', 'mbllen', 'Syn_img_lowlight_withnoise.pt')
    enhancer = load_enhancer('mbllen', weights, finished=True)
    assert compare(enhancer, dark, read_picture(golden).rgb, ROUNDED) <= 1


def test_first_stage_of_drbn(shared):
    """From the one file; the whole picture is seen for this corner."""
    dark = read_picture(shared('lol', 'pairs', 'low', '00001.png')).rgb
    golden = shared('golden_enhancers', 'drbn_stage1', '00001.png')
    weights = shared('weights', 'drbn', 'model_s2.pt')
    enhancer = load_enhancer('drbn', weights, recomposed=False)
    golden = read_picture(golden).rgb
    assert compare(enhancer, dark[:200, :200], golden, ROUNDED, 136) <= 1
    with pytest.raises(ValueError, match='missing.*GFF'):
        load_enhancer('drbn', weights)


def test_gamma_of_iat(shared):
    weights = shared('weights', 'iat', 'best_Epoch_lol_v1.pth')
    dark = read_picture(shared('lol', 'pairs', 'low', '00001.png')).rgb
    y = torch.from_numpy(dark / np.float32(255)).permute(2, 0, 1)[None]
    with torch.no_grad():
        gamma, colors = load_enhancer('iat', weights).colors(y)
    assert gamma.item() == pytest.approx(1.005595, abs=1e-5)
    expected = torch.tensor([0.8572, -0.0203, -0.0546])
    torch.testing.assert_close(colors[0, 0], expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize('name', COMPARED)
def test_number_of_parameters(name):
    enhancer = COMPARED[name].load_class()()
    number = sum(p.numel() for p in enhancer.parameters())
    assert number == PARAMETERS.get(name, 0)


@pytest.mark.parametrize('name', COMPARED)
@pytest.mark.parametrize('size', [(1, 1), (1, 9), (9, 2), (33, 26)])
def test_any_size_and_strength(name, size):
    enhancer = random_enhancer(name)
    y = torch.rand(2, 3, *size) * 0.3
    u = enhancer.enhance(y)
    assert u.shape == y.shape and torch.isfinite(u).all()
    assert u.min() >= 0 and u.max() <= 1
    is_flat = name == 'msr' and size == (1, 1)  # no surround to differ from
    assert torch.equal(u, y) == is_flat
    torch.testing.assert_close(u, enhancer(y))
    copied = pickle.loads(pickle.dumps(enhancer))
    assert torch.equal(copied.enhance(y), u)
    assert torch.equal(enhancer.enhance(y, strength=0.0), y)
    half = enhancer.enhance(y, strength=0.5)
    torch.testing.assert_close(half, (y + u) / 2)
    with pytest.raises(ValueError, match='strength=2'):
        enhancer.enhance(y, strength=2)


@pytest.mark.parametrize('name', COMPARED)
def test_pictures_of_a_batch_are_on_their_own(name):
    enhancer = random_enhancer(name)
    y = torch.stack([torch.rand(3, 17, 24) * light for light in (0.1, 0.9)])
    together = enhancer.enhance(y)
    for one, expected in zip(y, together):
        found = enhancer.enhance(one[None])[0]
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize('name', COMPARED)
def test_tiles_change_nothing(name):
    enhancer = random_enhancer(name)
    y = torch.rand(1, 3, 50, 75) * 0.3
    found = enhancer.enhance(y, tile=32)
    torch.testing.assert_close(found, enhancer.enhance(y), atol=1e-5, rtol=0)


@pytest.mark.parametrize('name', WITH_WEIGHTS)
@pytest.mark.parametrize('training', [False, True])
def test_gradients_reach_all_of_it(name, training):
    enhancer = random_enhancer(name).train(training)
    y = (torch.rand(2, 3, 24, 24) * 0.3).requires_grad_()
    enhancer(y).square().mean().backward()
    assert y.grad.abs().max() > 0
    for key, parameter in enhancer.named_parameters():
        assert parameter.grad is not None, key
        assert torch.isfinite(parameter.grad).all(), key
        assert parameter.grad.abs().max() > 0, key


@pytest.mark.parametrize('name', WITH_WEIGHTS)
@pytest.mark.parametrize('kind', ['theirs', 'ours', 'safetensors', 'folder'])
def test_weights_are_read(name, kind, tmp_path):
    enhancer = random_enhancer(name)
    path = tmp_path / 'w.pth'
    if kind == 'theirs':
        write_published(enhancer, path)
    elif kind == 'ours':
        torch.save(enhancer.state_dict(), path)
    elif kind == 'safetensors':
        path = tmp_path / 'w.safetensors'
        save_file(enhancer.state_dict(), path)
    else:
        state = torch.load(write_published(enhancer, path))
        keys = list(state)
        (tmp_path / 'parts').mkdir()
        for part, some in (('a', keys[:3]), ('b', keys[3:])):
            file = tmp_path / 'parts' / f'{part}.tar'
            torch.save({key: state[key] for key in some}, file)
        path = tmp_path / 'parts'
    y = torch.rand(1, 3, 9, 9) * 0.3
    expected = enhancer.enhance(y)
    assert torch.equal(load_enhancer(name.upper(), path).enhance(y), expected)
    built = build_enhancer(dict(type=name, weights=str(path)))
    assert torch.equal(built.enhance(y), expected)


def without_one(state):
    state['other'] = state.pop(next(iter(state)))


def not_finite(state):
    next(iter(state.values())).fill_(float('nan'))


def other_shape(state):
    key = next(iter(state))
    state[key] = state[key][..., None]


@pytest.mark.parametrize('name', WITH_WEIGHTS)
@pytest.mark.parametrize(
    'change, message',
    [
        (without_one, "missing \\['{key}'\\], unexpected \\['other'\\]"),
        (not_finite, "not finite: \\['{key}'\\]"),
        (other_shape, "other shapes \\['{key}: .* instead of"),
    ],
)
def test_other_weights_are_refused(name, change, message, tmp_path):
    enhancer = random_enhancer(name)
    key = enhancer.their_name(next(iter(enhancer.state_dict())))
    path = write_published(enhancer, tmp_path / 'w.pth', change)
    with pytest.raises(ValueError, match=message.format(key=key)) as error:
        load_enhancer(name, path)
    assert 'w.pth' in str(error.value)


@pytest.mark.parametrize('name', WITH_WEIGHTS)
def test_without_weights_it_says_where_they_are(name, tmp_path):
    with pytest.raises(ValueError, match='authors publish .*github.com'):
        build_enhancer(name)
    with pytest.raises(FileNotFoundError, match='No such file'):
        load_enhancer(name, tmp_path / 'none.pth')


@pytest.mark.parametrize('name', WITHOUT)
def test_classical_ones_have_no_weights(name, tmp_path):
    """And brighten without."""
    weights = write_published(random_enhancer('sci'), tmp_path / 'w.pth')
    with pytest.raises(ValueError, match=f'{name} with weights=.*None'):
        load_enhancer(name, weights)
    y = torch.rand(1, 3, 40, 40) * 0.3
    assert build_enhancer(name).enhance(y).mean() > y.mean() * 1.1


def test_clahe_is_that_of_opencv():
    rgb = np.random.RandomState(0).randint(0, 80, (40, 56, 3), np.uint8)
    lab = cv2.cvtColor(rgb[..., ::-1].copy(), cv2.COLOR_BGR2LAB)
    lab[..., 0] = cv2.createCLAHE(2, (8, 8)).apply(lab[..., 0])
    expected = cv2.cvtColor(lab, cv2.COLOR_LAB2BGR)[..., ::-1]
    y = torch.from_numpy(rgb / np.float32(255)).permute(2, 0, 1)[None]
    found = (load_enhancer('clahe').enhance(y) * 255).round()
    assert np.array_equal(found[0].permute(1, 2, 0).byte(), expected)


def test_lime_solves_its_system():
    """Nothing near the solution is better, by Eq. (17)."""
    torch.manual_seed(0)
    enhancer = load_enhancer('lime')
    y = torch.rand(1, 3, 9, 7).double() * 0.5 + 0.1
    brightest = y.amax(1, keepdim=True)
    weights = [enhancer._weights(brightest, axis) for axis in (2, 3)]

    def energy(t):
        smooth = [
            (w * t.diff(dim=axis).square()).sum()
            for w, axis in zip(weights, (2, 3))
        ]
        return (t - brightest).square().sum() + sum(smooth)

    t = enhancer.illumination(y).requires_grad_()
    (gradient,) = torch.autograd.grad(energy(t), t)
    assert gradient.abs().max() < 1e-9
    assert t.std() < brightest.std() / 2


@pytest.mark.parametrize(
    'name, settings',
    [
        ('gamma', dict(exponent=0)),
        ('lime', dict(alpha=-1)),
        ('lime', dict(gamma=1.1)),
        ('lime', dict(sigma=0)),
        ('clahe', dict(clip_limit=0)),
        ('clahe', dict(num_tiles=0)),
        ('msr', dict(sigmas=())),
        ('msr', dict(clipped=0.5)),
    ],
)
def test_settings_out_of_range(name, settings):
    with pytest.raises(ValueError, match=f'{next(iter(settings))}=.*allowed'):
        load_enhancer(name, **settings)


@pytest.mark.parametrize('name', COMPARED)
def test_settings_it_has_not(name, tmp_path):
    weights = None
    if name in WITH_WEIGHTS:
        weights = write_published(random_enhancer(name), tmp_path / 'w.pth')
    with pytest.raises(ValueError, match=f'{name} with .*colour'):
        build_enhancer(dict(type=name, weights=weights, colour='red'))


@pytest.mark.parametrize('content', ['code', 'list', 'text', 'twice', 'none'])
def test_files_that_hold_no_weights(content, tmp_path):
    path = tmp_path / 'weights' / 'w.pth'
    path.parent.mkdir()
    error, message = ValueError, 'w.pth'
    if content == 'code':
        torch.save(dict(a=run_command), path)
    elif content == 'list':
        torch.save([torch.ones(1)], path)
    elif content == 'text':
        path.write_text('no weights')
    elif content == 'twice':
        write_published(random_enhancer('sci'), path)
        write_published(random_enhancer('sci'), path.with_name('a.pt'))
        path, message = path.parent, 'both hold'
    else:
        path, error, message = path.parent, FileNotFoundError, 'no file of'
    with pytest.raises(error, match=message):
        load_enhancer('sci', path)


def test_pictures_and_videos_of_the_command(tmp_path):
    weights = write_published(random_enhancer('sci'), tmp_path / 'w.pt')
    inferencer = LowLightInferencer('sci', weights)
    dark = np.full((16, 16, 3), 30, np.uint8)
    still = inferencer(dark)
    assert np.array_equal(inferencer._enhanced(dark, VideoMemory()), still)
    source = tmp_path / 'dark.png'
    cv2.imwrite(str(source), dark)
    arguments = ['enhance', source, '--out', tmp_path / 'lit.png']
    code, _ = run_command(
        *arguments, '--enhancer', 'sci', '--weights', weights
    )
    assert code == 0
    assert np.array_equal(read_picture(tmp_path / 'lit.png').rgb, still)
    assert run_command(*arguments, '--enhancer', 'sci')[0] == 2

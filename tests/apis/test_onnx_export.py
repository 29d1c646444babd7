"""Exported enhancers in ONNX Runtime against the same in PyTorch."""

import cv2
import numpy as np
import pytest
import torch
from conftest import run_command

from ruas_mm import __version__
from ruas_mm.apis import LowLightInferencer
from ruas_mm.models import LowLightEnhancer, build_enhancer
from ruas_mm.models.enhancers.loading import load_compared
from ruas_mm.weights import save_enhancer
from ruas_mm.zoo import ZOO

pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')

from ruas_mm.apis.onnx_export import export_onnx
from ruas_mm.apis.onnx_runtime import load_onnx_enhancer

SCENES = dict(
    paper=dict(),
    automatic=dict(tone=dict(type='division', exposure=0.4)),
    film=dict(shrink=4, illumination_channels=1, tone='film'),
)
REMOVERS = dict(
    paper=dict(num_cells=3),
    noise_map=dict(noise_map=True),
    two_scale=dict(type='ruas_mm.TwoScaleNoiseRemover', channels=6),
)
FORMS = [  # each scene, each remover, each with the tone of today
    *(('RUAS_S', scene) for scene in SCENES),
    ('RUAS', 'automatic', 'two_scale'),
    *(('RUAS_A', scene, 'paper') for scene in ('paper', 'film')),
    *(('RUAS_A', 'film', name) for name in ('noise_map', 'two_scale')),
]
SIZES = [(1, 1), (1, 9), (16, 24), (33, 71), (130, 58)]


def make_enhancer(variant, scene='paper', remover=None):
    """Random weights; RUAS_A finds noise in bright pictures alone."""
    torch.manual_seed(0)
    settings = dict(scene=SCENES[scene])
    if remover is not None:
        settings['noise_remover'] = REMOVERS[remover]
    enhancer = LowLightEnhancer(variant, **settings).eval()
    if variant == 'RUAS_A':
        for name, parameter in enhancer.noise_estimator.named_parameters():
            if name.endswith('bias'):
                parameter.data.zero_()  # the score grows with brightness
        enhancer.noise_threshold = float(scores(enhancer, (33, 71)).mean())
    return enhancer, settings


def pictures(number, size):
    """Dark, bright, dark ..."""
    x = torch.rand(number, 3, *size, generator=torch.manual_seed(1))
    x[::2] *= 0.05
    return x


@torch.no_grad()
def scores(enhancer, size):
    u = enhancer.scene.enhance(pictures(3, size))
    return enhancer.noise_estimator.score(enhancer.noise_estimator(u))


@pytest.fixture(scope='module', params=FORMS, ids=str)
def exported(request, tmp_path_factory):
    enhancer, _ = make_enhancer(*request.param)
    path = tmp_path_factory.mktemp('onnx') / 'enhancer.onnx'
    export_onnx(enhancer, path)
    return enhancer, load_onnx_enhancer(path, 'cpu'), path


@pytest.mark.parametrize('size', SIZES)
@pytest.mark.parametrize('number', [1, 3])
def test_equals_pytorch(exported, number, size):
    enhancer, run, _ = exported
    x = pictures(number, size)
    for strength in (0.0, 0.3, 1.0):
        found = run(x.numpy(), strength)
        expected = enhancer.enhance(x, strength).numpy()
        np.testing.assert_allclose(found, expected, atol=1e-4, rtol=0)
    assert np.abs(found - x.numpy()).max() > 1e-2  # it does something


@pytest.mark.parametrize('size', SIZES[2:])
def test_gate_decisions_are_mixed(size):
    enhancer, _ = make_enhancer('RUAS_A')
    noisy = scores(enhancer, size) >= enhancer.noise_threshold
    assert noisy.tolist() == [False, True, False]


def test_metadata(exported):
    import onnx

    enhancer, _, path = exported
    model = onnx.load(str(path))
    onnx.checker.check_model(model)
    properties = {p.key: p.value for p in model.metadata_props}
    assert properties.pop('tiling')
    assert properties == dict(
        variant=enhancer.variant, ruas_mm_version=__version__
    )
    assert [p.name for p in path.parent.iterdir()] == ['enhancer.onnx']


def test_a_file_that_differs_is_refused(tmp_path, monkeypatch):
    """As when something is traced that depends on the size."""
    monkeypatch.setattr(
        LowLightEnhancer,
        'plain',
        lambda self, y, strength, memory: y * strength * float(y.shape[-1]),
    )
    path = tmp_path / 'a.onnx'
    path.write_bytes(b'the one before')
    with pytest.raises(ValueError, match='differs from PyTorch'):
        export_onnx(LowLightEnhancer('RUAS_S'), path)
    assert path.read_bytes() == b'the one before'
    assert list(tmp_path.iterdir()) == [path]


def tiled_enhancer(name):
    """Packaged or random weights, or one of :data:`FORMS`."""
    if isinstance(name, tuple):
        return make_enhancer(*name)[0]
    if name in ZOO:
        return build_enhancer(name).eval()
    torch.manual_seed(0)
    return load_compared(name, from_nothing=True).eval()


def watched(run):
    """The largest side that each step of a tiled run sees, by its name."""
    largest, plain = {}, run._run

    def run_one(name, known):
        side = max(known['input'].shape[-2:])
        largest[name] = max(largest.get(name, 0), side)
        return plain(name, known)

    run._run = run_one
    return largest


@pytest.mark.parametrize(
    'name', [*ZOO, 'sci', ('RUAS_A', 'film', 'noise_map')], ids=str
)
def test_tiles_equal_the_whole(tmp_path, name):
    """And a network sees no more than a tile with its margin."""
    enhancer = tiled_enhancer(name)
    path = tmp_path / 'a.onnx'
    export_onnx(enhancer, path)
    x = pictures(2, (70, 303)) * torch.linspace(0.05, 0.6, 303)
    x[..., :20, :] = 0  # padding is told by the whole picture
    run = load_onnx_enhancer(path, 'cpu', tile=48)
    largest = watched(run)
    expected = enhancer.enhance(x, 0.7).numpy()
    np.testing.assert_allclose(run(x.numpy(), 0.7), expected, atol=1e-4)
    assert np.abs(expected - x.numpy()).max() > 1e-2  # it does something

    # (N, 11) of statistics are no map, though these have a map's size
    alike = pictures(49, (49, 11))
    tall = load_onnx_enhancer(path, 'cpu', tile=48)(alike.numpy(), 0.7)
    expected = enhancer.enhance(alike, 0.7).numpy()
    np.testing.assert_allclose(tall, expected, atol=1e-4)

    multiple, steps = run.tiling
    assert list(largest) == list(steps)
    for step, radius in steps.items():
        if radius is None:  # it is of the picture as a whole
            assert largest[step] == 303
        else:
            assert largest[step] <= 48 + 2 * (radius + multiple)
    networks = {'output', 'theta', 'denoised'} & steps.keys()
    assert all(steps[step] is not None for step in networks)


def test_inner_values_are_no_outputs(exported):
    import onnxruntime

    session = onnxruntime.InferenceSession(str(exported[2]))
    assert [value.name for value in session.get_outputs()] == ['output']
    inputs = [value.name for value in session.get_inputs()]
    assert inputs == ['input', 'strength']


@pytest.mark.parametrize('opset', [12, 18])
def test_bad_opset(tmp_path, opset):
    with pytest.raises(ValueError, match=f'opset={opset}, allowed'):
        export_onnx(LowLightEnhancer('RUAS_S'), tmp_path / 'a.onnx', opset)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('opset', ['13', '17'])
def test_commands_work_together(tmp_path, opset):
    """Export, then enhance a picture with the file."""
    enhancer, settings = make_enhancer('RUAS_A', 'automatic')
    weights, target = tmp_path / 'a.safetensors', tmp_path / 'a.onnx'
    save_enhancer(
        enhancer, weights, noise_threshold=enhancer.noise_threshold, **settings
    )
    options = ['--weights', weights, '--opset', opset]
    code, said = run_command('export', target, *options)
    assert code == 0 and f'ruas_a, opset {opset}' in said

    picture = (pictures(1, (35, 50))[0].numpy() * 255).astype(np.uint8)
    picture = np.ascontiguousarray(picture.transpose(1, 2, 0))
    cv2.imwrite(str(tmp_path / 'dark.png'), picture[..., ::-1])
    options = ['--weights', target, '--device=cpu']
    options += ['--strength', '0.7', '--out', tmp_path / 'out', '--tile=32']
    assert run_command('enhance', tmp_path / 'dark.png', *options)[0] == 0
    found = cv2.imread(str(tmp_path / 'out' / 'dark.png'))[..., ::-1]
    expected = LowLightInferencer(
        'RUAS_A', weights, strength=0.7, device='cpu'
    )(picture)
    assert np.abs(found.astype(int) - expected).max() <= 1
    assert np.abs(found.astype(int) - picture).max() > 10

"""The scene's arithmetic is exact in half-precision, compiled models."""

import copy

import pytest
import torch

from ruas_mm.models import SceneModule, load_enhancer, tone
from ruas_mm.models.scene_module import PAPER_FORM

FORMS = dict(
    released=dict(),
    automatic=dict(tone=dict(type='division', exposure=0.4)),
    film=dict(shrink=4, illumination_channels=1, tone='film'),
    paper=PAPER_FORM,
    supernet=dict(genotype=None),
)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
@pytest.mark.parametrize('variant', ['RUAS_S', 'RUAS_A'])
def test_casting_a_model_leaves_the_enhancer_alone(variant, dtype):
    enhancer = load_enhancer(variant, noise_threshold=0.0)
    y = torch.rand(1, 3, 16, 16) * 0.2
    expected = enhancer.enhance(y)
    host = torch.nn.Sequential(
        copy.deepcopy(enhancer), torch.nn.Conv2d(3, 3, 1)
    )
    host.to(dtype)
    assert host[1].weight.dtype == dtype
    assert torch.equal(host[0].enhance(y), expected)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
@pytest.mark.parametrize('variant', ['RUAS_S', 'RUAS_A'])
def test_pictures_in_half_precision(variant, dtype):
    enhancer = load_enhancer(variant, noise_threshold=0.0)
    y = (torch.rand(1, 3, 16, 16) * 0.2).to(dtype)
    for use in (enhancer, enhancer.enhance):
        with torch.no_grad():
            x = use(y)
            assert x.dtype == torch.float32
            assert torch.equal(x, use(y.float()))


@pytest.mark.parametrize('form', FORMS)
def test_runs_on_a_device_without_autocast(form):
    """As MPS of older PyTorch; ``meta`` computes shapes alone."""
    with pytest.raises(RuntimeError):
        torch.autocast('meta')
    scene = SceneModule(**FORMS[form]).to('meta')
    assert scene(torch.empty(1, 3, 8, 9, device='meta')).shape == (1, 3, 8, 9)


# PyTorch 2.1 cannot trace how a supernet's kernels are mixed
IS_OLD = torch.__version__ < '2.2'


@pytest.mark.parametrize('form', [*FORMS][: -1 if IS_OLD else None])
@pytest.mark.parametrize('training', [True, False])
def test_compiles_as_one_graph(form, training):
    torch._dynamo.reset()
    scene = SceneModule(**FORMS[form]).train(training)
    y = torch.rand(1, 3, 16, 20) * 0.2
    compiled = torch.compile(scene, fullgraph=True, backend='eager')
    torch.testing.assert_close(compiled(y), scene(y))


def test_automatic_strength_is_solved_once(monkeypatch):
    calls = []
    solve = tone.automatic_strength
    monkeypatch.setattr(
        tone,
        'automatic_strength',
        lambda *args: calls.append(1) or solve(*args),
    )
    scene = SceneModule(tone=dict(type='division', exposure=0.4))
    y = torch.rand(1, 3, 16, 20) * 0.2
    for use in (scene, scene.enhance, scene.decompose):
        calls.clear()
        use(y)
        assert len(calls) == 1

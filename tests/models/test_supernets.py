"""Modules that are built with ``genotype=None``."""

import copy
import json
from pathlib import Path

import pytest
import torch
from torch.func import functional_call

from ruas_mm.models.architecture import (
    architecture_parameters,
    derive_genotype,
    find_searchable,
    weight_parameters,
)
from ruas_mm.models.cells import HIGH_LEVEL_OPERATIONS, LOW_LEVEL_OPERATIONS
from ruas_mm.models.searched_convolutions import SearchedConvolutions
from ruas_mm.registry import MODELS

LOW_LEVEL = dict(
    scene=dict(type='ruas_mm.SceneModule'),
    paper_scene=dict(type='ruas_mm.SceneModule', update='residual'),
    remover=dict(type='ruas_mm.NoiseRemover'),
)
ROWS = dict(scene=7, paper_scene=7, remover=7, neck=4, lite_neck=4)
NAMES = [*LOW_LEVEL, 'neck', 'lite_neck', 'head', 'lite_head']


def config(name):
    if name in LOW_LEVEL:
        return LOW_LEVEL[name]
    pytest.importorskip('mmdet')
    from mmdet.utils import register_all_modules

    register_all_modules(init_default_scope=False)
    norm = dict(
        use_depthwise=True,
        norm_cfg=dict(type='BN'),
        act_cfg=dict(type='ReLU6'),
    )
    lite = norm if name.startswith('lite') else {}
    if name.endswith('neck'):
        strides, paddings = (2, 2, 1, 1), (1, 1, 0, 0)
        if lite:
            strides, paddings = (2,) * 4, (1,) * 4
        return dict(
            type='ruas_mm.SearchableSSDNeck',
            in_channels=(8, 12),
            out_channels=(8, 12, 16, 8, 8, 8),
            level_strides=strides,
            level_paddings=paddings,
            l2_norm_scale=None if lite else 20,
            **lite,
        )
    return dict(
        type='ruas_mm.SearchableSSDHead',
        num_classes=3,
        in_channels=(8, 12, 16),
        anchor_generator=dict(
            type='mmdet.SSDAnchorGenerator',
            basesize_ratio_range=(0.15, 0.9),
            strides=[8, 16, 32],
            ratios=[[2], [2, 3], [2]],
        ),
        bbox_coder=dict(type='mmdet.DeltaXYWHBBoxCoder'),
        **lite,
    )


def inputs(name):
    if name in LOW_LEVEL:
        return torch.rand(2, 3, 13, 10)
    sizes = (9, 20) if name.endswith('neck') else (9, 5, 1)
    channels = (8, 12, 16)
    return tuple(torch.rand(2, c, s, s) for c, s in zip(channels, sizes))


def operations(name):
    return LOW_LEVEL_OPERATIONS if name in LOW_LEVEL else HIGH_LEVEL_OPERATIONS


def flat(result):
    if isinstance(result, torch.Tensor):
        return [result]
    return [tensor for part in result for tensor in flat(part)]


def supernet(name, **kwargs):
    return MODELS.build(dict(config(name), genotype=None, **kwargs))


def copy_weights(module, derived):
    """Into the derived network, what the supernet has of it."""
    state = module.state_dict()
    places = [n for n, m in module.named_modules() if hasattr(m, 'candidates')]
    places.sort(key=lambda place: place.startswith('cls'))  # reg first
    chosen = flat_genotype(module.derive())  # of all cells, or all places
    for position, place in enumerate(places):
        name = chosen[position % len(chosen)]
        index = module.get_submodule(place).operations.index(name)
        old = f'{place}.candidates.{index}.'
        for key in [k for k in state if k.startswith(old)]:
            state[f'{place}.{key[len(old) :]}'] = state[key]
    derived.load_state_dict({k: state[k] for k in derived.state_dict()})


def set_alphas(module, rows):
    """Rows of any owner: those of cells, or of its places."""
    for alphas in module.architecture().values():
        count = alphas.numel() // len(module.searched_operations)
        alphas.data.copy_(rows[:count].view_as(alphas))
        rows = rows[count:]


def flat_genotype(genotype):
    if isinstance(genotype, dict):
        return [*genotype['reg'], *genotype['cls']]
    return genotype


@pytest.mark.parametrize('name', NAMES)
def test_alphas(name):
    module = supernet(name)
    rows = ROWS.get(name, 6)
    alphas = module.alpha_rows()
    assert alphas.shape == (rows, len(operations(name)))
    assert 2e-4 < alphas.std() < 3e-3
    owned = architecture_parameters(module)
    assert len(owned) == (1 if name in LOW_LEVEL else rows)
    named = dict(module.named_parameters())
    assert all(named[key] is alpha for key, alpha in owned.items())
    keys = [key for key in module.state_dict() if 'alphas' in key]
    assert set(keys) == set(owned)


@pytest.mark.parametrize('name', NAMES)
def test_gradients_reach_alphas_and_weights(name):
    module = supernet(name)
    x = inputs(name)
    sum(y.square().sum() for y in flat(module(x))).backward()
    for key, parameter in module.named_parameters():
        assert parameter.grad is not None, key
    for alphas in module.architecture().values():
        assert (alphas.grad.abs().sum(-1) > 0).all()


@pytest.mark.parametrize('name', NAMES)
def test_one_hot_alphas_equal_the_derived_network(name):
    module = supernet(name).eval()
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        noise = torch.randn(module.alpha_rows().shape, generator=generator)
        best = noise.argmax(1, keepdim=True)
        rows = torch.full_like(noise, -200).scatter_(1, best, 200)
        set_alphas(module, rows)
    genotype = json.loads(json.dumps(module.derive()))
    chosen = [operations(name)[i] for i in best.flatten().tolist()]
    assert flat_genotype(genotype) == chosen
    derived = MODELS.build(dict(config(name), genotype=genotype)).eval()
    assert not find_searchable(derived)
    assert not any('alphas' in key for key in derived.state_dict())
    copy_weights(module, derived)
    x = inputs(name)
    for ours, expected in zip(flat(module(x)), flat(derived(x))):
        torch.testing.assert_close(ours, expected, atol=1e-5, rtol=1e-4)
    with pytest.raises(ValueError, match='genotype'):
        derived.derive()


@pytest.mark.parametrize('name', NAMES)
def test_another_alpha_gives_another_result(name):
    module = supernet(name).eval()
    x = inputs(name)
    before = flat(module(x))
    alphas = {
        key: torch.randn(alphas.shape) * 3
        for key, alphas in module.architecture().items()
    }
    swapped = flat(functional_call(module, alphas, (x,)))
    assert any((a - b).abs().max() > 1e-3 for a, b in zip(before, swapped))
    again = flat(module(x))
    assert all(torch.equal(a, b) for a, b in zip(before, again))
    copy.deepcopy(module)  # nothing of the graph is left in it


@pytest.mark.parametrize('name', NAMES)
def test_state_dict_round_trip(name):
    module, other = supernet(name), supernet(name)
    assert not torch.equal(module.alpha_rows(), other.alpha_rows())
    other.load_state_dict(module.state_dict())
    assert torch.equal(module.alpha_rows(), other.alpha_rows())
    x = inputs(name)
    for a, b in zip(flat(module.eval()(x)), flat(other.eval()(x))):
        assert torch.equal(a, b)


def test_stages_share_alphas_but_no_weights():
    module = supernet('scene')
    weights = [e.candidates[1].weight for s in module.stages for e in s.edges]
    assert len({w.data_ptr() for w in weights}) == 21
    calls = []
    for stage in module.stages:
        stage.register_forward_pre_hook(
            lambda _, args: calls.append(args[1].detach())
        )
    module(inputs('scene'))
    expected = module.alphas.softmax(1)
    assert len(calls) == 3
    assert all(torch.equal(mixture, expected) for mixture in calls)


@pytest.mark.parametrize('name', ['scene', 'paper_scene'])
@pytest.mark.parametrize('tile', [None, 32])
@torch.no_grad()
def test_enhance_of_a_supernet(name, tile):
    module = supernet(name)
    y = torch.rand(2, 3, 40, 37)
    u, t = module.decompose(y, tile=tile)
    scene = module.unroll(y)
    torch.testing.assert_close(u, scene.reflectances[-1], atol=1e-5, rtol=0)
    torch.testing.assert_close(t, scene.illuminations[-1], atol=1e-5, rtol=0)


@torch.no_grad()
def test_find_noise_of_a_supernet():
    module = supernet('remover')
    u = torch.rand(1, 3, 9, 8)
    torch.testing.assert_close(
        module.find_noise(u), module(u), atol=1e-6, rtol=0
    )


def test_recomputing_activations_changes_nothing():
    module = supernet('scene')
    y = inputs('scene')
    grads = []
    for with_cp in (False, True):
        module.with_cp = with_cp
        loss = module(y).square().mean()
        grads.append(torch.autograd.grad(loss, list(module.parameters())))
    for ours, expected in zip(*grads):
        torch.testing.assert_close(ours, expected, atol=1e-7, rtol=1e-5)


def enhancer():
    return MODELS.build(
        dict(
            type='ruas_mm.LowLightEnhancer',
            variant='RUAS',
            scene=dict(genotype=None),
            noise_remover=dict(genotype=None),
        )
    )


def test_names_in_an_enhancer():
    model = enhancer()
    names = dict(model.named_parameters())
    found = architecture_parameters(model)
    assert set(found) == {'scene.alphas', 'noise_remover.alphas'}
    assert all(names[name] is alphas for name, alphas in found.items())
    scene = architecture_parameters(model, 'scene')
    task = architecture_parameters(model, 'task')
    assert list(scene) == ['scene.alphas']
    assert list(task) == ['noise_remover.alphas']
    omega_s = weight_parameters(model, 'scene')
    omega_t = weight_parameters(model, 'task')
    assert all(name.startswith('scene.') for name in omega_s)
    assert all(name.startswith('noise_remover.') for name in omega_t)
    assert {**scene, **task, **omega_s, **omega_t}.keys() == names.keys()
    assert weight_parameters(model).keys() == names.keys() - found.keys()
    assert list(find_searchable(model)) == ['scene', 'noise_remover']
    with pytest.raises(ValueError, match="part='stage'"):
        architecture_parameters(model, 'stage')
    with pytest.raises(ValueError, match="part='stage'"):
        weight_parameters(model, 'stage')


class UnknownEnhancer(torch.nn.Module):
    """Of somebody else; its parameter is none of ours."""

    def __init__(self):
        super().__init__()
        self.alphas = torch.nn.Parameter(torch.ones(7, 7))
        self.curve = torch.nn.Conv2d(3, 3, 1)


def fronted(scene):
    """A model of a host, with something in front of it."""
    model = torch.nn.Module()
    model.data_preprocessor = torch.nn.Module()
    model.data_preprocessor.scene = scene
    model.backbone = torch.nn.Module()
    model.backbone.scene = MODELS.build(
        dict(type='ruas_mm.SceneModule', genotype=None, num_stages=1)
    )
    model.scenery = torch.nn.Conv2d(3, 3, 1)
    return model


@pytest.mark.parametrize('kind', ['scene module', 'enhancer', 'unknown'])
def test_the_place_says_what_is_scene(kind):
    scenes = {'scene module': lambda: supernet('scene'), 'enhancer': enhancer}
    model = fronted(scenes.get(kind, UnknownEnhancer)())
    front = 'data_preprocessor.scene.'
    names = [name for name, _ in model.named_parameters()]
    for part, expected in (
        ('scene', [n for n in names if n.startswith(front)]),
        ('task', [n for n in names if not n.startswith(front)]),
    ):
        alphas = architecture_parameters(model, part)
        weights = weight_parameters(model, part)
        assert not alphas.keys() & weights.keys()
        assert {*alphas, *weights} == set(expected)
        if kind != 'unknown' or part == 'task':
            assert alphas and all(n.endswith('alphas') for n in alphas)
    if kind == 'unknown':
        assert f'{front}alphas' in weight_parameters(model, 'scene')


def test_the_whole_enhancer_in_front_is_searched_as_scene():
    model = fronted(enhancer())
    del model.backbone.scene
    assert not architecture_parameters(model, 'task')
    assert set(derive_genotype(model)) == {'scene', 'noise_remover'}


def test_supernet_of_an_enhancer_trains():
    model = enhancer()
    model(torch.rand(1, 3, 24, 24), mode='loss')['loss_removal'].backward()
    for alphas in architecture_parameters(model).values():
        assert (alphas.grad.abs().sum(1) > 0).all()


def test_initialisation_reaches_candidates_and_spares_alphas():
    head = supernet(
        'head', init_cfg=dict(type='Normal', layer='Conv2d', std=0.3)
    )
    before = head.alpha_rows().clone()
    head.init_weights()
    weight = head.cls_convs[0][0].candidates[3].weight
    assert 0.28 < weight.std() < 0.32
    assert torch.equal(head.alpha_rows(), before)


def test_broken_alphas_have_no_genotype():
    module = supernet('scene')
    module.alphas.data[2, 3] = float('nan')
    with pytest.raises(ValueError, match='finite'):
        module.derive()


def test_searched_part_of_the_docs(monkeypatch):
    heads = pytest.importorskip('mmseg.models.decode_heads')
    text = (Path(__file__).parents[2] / 'docs/search.md').read_text()
    example = text.split('## A searched part of your own')[1]
    example = example.split('```python\n')[1].split('```')[0]
    monkeypatch.setattr(MODELS, '_module_dict', dict(MODELS.module_dict))
    names = dict(MODELS=MODELS, SearchedConvolutions=SearchedConvolutions)
    exec(example, dict(names, FCNHead=heads.FCNHead))
    settings = dict(
        type='ruas_mm.SearchableFCNHead',
        in_channels=4,
        channels=4,
        num_classes=2,
        num_convs=2,
        concat_input=False,
    )
    head = MODELS.build(dict(settings, genotype=None))
    assert head.alpha_rows().shape == (2, 10)
    head([torch.rand(1, 4, 9, 9)]).square().sum().backward()
    for alphas in architecture_parameters(head).values():
        assert (alphas.grad != 0).all()
    derived = MODELS.build(dict(settings, genotype=head.derive()))
    assert not find_searchable(derived)
    assert derived([torch.rand(1, 4, 9, 9)]).shape == (1, 2, 9, 9)
    with pytest.raises(ValueError, match='SearchableFCNHead.*exactly 2'):
        MODELS.build(dict(settings, genotype=['3-C']))

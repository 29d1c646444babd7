"""The scene loss beside any host's loss, without other keys (Eq. (5))."""

import copy

import host_models
import pytest
import torch
from host_models import HOSTS
from mmengine.config import ConfigDict
from mmengine.optim import OptimWrapper

from ruas_mm.models.architecture import (
    architecture_parameters,
    weight_parameters,
)
from ruas_mm.registry import MODELS
from ruas_mm.search.architecture_step import ArchitectureStep

SCENE = dict(type='ruas_mm.SceneModule', num_stages=1)


def prepare(name, host):
    model, data = host_models.prepare(name, host)
    return host_models.with_front(model, scene=dict(SCENE)), data


def constrained(model, **kwargs):
    kind = dict(type='ruas_mm.SceneConstrained', host=model['type'])
    return MODELS.build(ConfigDict({**model, **kind, **kwargs}))


def losses_of(model, data):
    torch.manual_seed(0)
    data = model.data_preprocessor(copy.deepcopy(data), True)
    return model(**data, mode='loss')


@pytest.mark.parametrize('name', HOSTS)
def test_it_is_the_hosts_model_and_one_more_loss(name, host):
    config, data = prepare(name, host)
    plain = MODELS.build(ConfigDict(config))
    model = constrained(config, scene_weight=0.5)
    assert isinstance(model, type(plain))
    assert model.state_dict().keys() == plain.state_dict().keys()
    model.load_state_dict(plain.state_dict())
    expected, found = losses_of(plain, data), losses_of(model, data)
    scene = {k: v for k, v in found.items() if k.startswith('loss_scene')}
    assert set(scene) == {'loss_scene_fidelity', 'loss_scene_rtv'}
    assert found.keys() - scene.keys() == expected.keys()
    (total,) = model.parse_losses(found)[:1]
    (host_total,) = plain.parse_losses(expected)[:1]
    torch.testing.assert_close(total, host_total + sum(scene.values()))

    y = torch.stack(data['inputs']).flip(1).float() / 255  # BGR, as mmcv's
    by_hand = [
        MODELS.build(dict(type='ruas_mm.SceneLoss'))(
            x[None], plain.data_preprocessor.scene.unroll(x[None])
        )
        for x in y
    ]
    for key, value in scene.items():
        mean = sum(losses[key] for losses in by_hand) / 2
        torch.testing.assert_close(value, 0.5 * mean)

    results = [
        network.eval().test_step(copy.deepcopy(data))
        for network in (plain, model)
    ]
    for ours, hosts in zip(*results):
        for key, value in hosts.items():
            if name == 'mmdet' and key == 'pred_instances':
                assert torch.equal(ours.pred_instances.bboxes, value.bboxes)
            elif key == 'seg_logits':
                assert torch.equal(ours.seg_logits.data, value.data)
            elif key == 'pred_score':
                assert torch.equal(ours.pred_score, value)


@pytest.mark.parametrize('name', HOSTS)
@pytest.mark.parametrize('stage', ['scene', 'task', 'end_to_end'])
def test_stage_trains_its_part_by_its_loss(name, stage, host):
    config, data = prepare(name, host)
    model = constrained(config)
    frozen = {n for n, p in model.named_parameters() if not p.requires_grad}
    for each in ('scene', 'end_to_end', 'task', stage):
        model.train_only(each)
    assert not any(
        p.requires_grad for n, p in model.named_parameters() if n in frozen
    )
    model.train()
    losses = losses_of(model, data)
    of_scene = [k for k in losses if k.startswith('loss_scene')]
    assert bool(of_scene) == (stage != 'task')
    assert (len(of_scene) < len(losses)) == (stage != 'scene')
    model.parse_losses(losses)[0].backward()
    reached = {n for n, p in model.named_parameters() if p.grad is not None}
    scene = set(weight_parameters(model, 'scene'))
    task = set(weight_parameters(model, 'task'))
    expected = dict(scene=scene, task=task, end_to_end=scene | task)[stage]
    assert reached <= expected - frozen
    assert len(reached) > 0.8 * len(expected - frozen)


def test_alphas_follow_their_part(host):
    config, data = prepare('mmdet', host)
    config['data_preprocessor']['scene']['genotype'] = None
    model = constrained(config)
    assert list(architecture_parameters(model, 'scene')) == [
        'data_preprocessor.scene.alphas'
    ]
    for stage, varies in (('task', False), ('scene', True)):
        model.train_only(stage)
        assert model.data_preprocessor.scene.alphas.requires_grad == varies


@pytest.mark.parametrize('name', HOSTS)
def test_scene_of_any_host_is_searched(name, host):
    """alpha_s feels l_t of the host: beta of Eq. (7)."""
    config, data = prepare(name, host)
    config['data_preprocessor']['scene']['genotype'] = None
    model = constrained(config).train()
    model.train_only('scene')
    sgd = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    alphas = architecture_parameters(model)
    before = {name: alpha.clone() for name, alpha in alphas.items()}
    adam = torch.optim.Adam(alphas.values(), lr=0.01)
    step = ArchitectureStep(
        model, OptimWrapper(sgd), adam, 'finite_difference'
    )
    found = [
        step.gradients('scene', beta, data, copy.deepcopy(data))
        for beta in (0.0, 1.0)
    ]
    step('scene', 1.0, data, copy.deepcopy(data))
    for key, alpha in alphas.items():
        without, along = (gradients[key] for gradients in found)
        assert without.abs().max() > 0
        assert (along - without).abs().max() > 1e-3 * without.abs().max()
        assert not torch.equal(alpha, before[key])
    assert all(p.grad is None for p in model.parameters())


def test_bad_arguments(host):
    config, _ = prepare('mmdet', host)
    with pytest.raises(ValueError, match="part='neck', allowed: .*task"):
        constrained(config).train_only('neck')
    config['data_preprocessor'] = config['data_preprocessor'][
        'data_preprocessor'
    ]
    with pytest.raises(ValueError, match='SceneDataPreprocessor.*got DetData'):
        constrained(config)


@pytest.mark.parametrize(
    'stage, share', [('scene', 1), ('task', None), ('end_to_end', 0.25)]
)
def test_lambda_weighs_the_scene_beside_the_task_alone(stage, share, host):
    """Hierarchical training: by l_s first, then by l_t (lambda = 0)."""
    config, data = prepare('mmdet', host)
    model = constrained(config).eval()
    found = []
    for weight in (1, 0.25, 0):
        model.scene_weight = weight
        model.train_only(stage)
        losses = losses_of(model, data)
        found.append(losses.get('loss_scene_fidelity'))
    if share is None:
        assert found == [None] * 3
    else:
        torch.testing.assert_close(found[1], found[0] * share)
        assert (found[2] is None) == (stage == 'end_to_end')

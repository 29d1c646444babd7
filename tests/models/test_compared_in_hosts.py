"""Every compared enhancer before a detector and a segmentor.

A new one in the table is picked up by itself.
"""

import copy

import pytest
import torch
from host_models import HOSTS, dark_batch
from mmengine.optim import OptimWrapper
from tiny_hosts import HOST_OF, fronted, model_config

from ruas_mm.registry import MODELS
from ruas_mm.zoo import COMPARED

KINDS = ('ssdlite', 'fcn')


def scene_of(name, folder):
    """Of the zoo; random weights, as after a little training."""
    entry = COMPARED[name]
    if entry.weights is None:
        return name
    torch.manual_seed(0)
    enhancer = entry.load_class()()
    for parameter in enhancer.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    torch.save(enhancer.state_dict(), folder / 'w.pth')
    return dict(type=name, weights=str(folder / 'w.pth'))


def before_a_norm(module):
    """Biases that a batch norm takes off again, and do not learn."""
    names, last = set(), None
    for name, layer in module.named_modules():
        is_norm = isinstance(layer, torch.nn.modules.batchnorm._BatchNorm)
        if is_norm and layer.training and last is not None:
            names.add(f'{last}.bias')
        if not list(layer.children()):
            last = name
    return names


def parameters(model):
    front = model.data_preprocessor.scene
    return {k: p.detach().clone() for k, p in front.named_parameters()}


def step(model, batch):
    learnt = [p for p in model.parameters() if p.requires_grad]
    optimizer = OptimWrapper(torch.optim.SGD(learnt, lr=1e-3))
    loss = model.train().train_step(copy.deepcopy(batch), optimizer)['loss']
    assert torch.isfinite(loss)


def predict(model, batch):
    (first, *_) = model.eval().test_step(copy.deepcopy(batch))
    if 'seg_logits' in first:
        return first.seg_logits.data
    return first.pred_instances.scores


@pytest.fixture
def prepared(host, tmp_path):
    def prepare(name, kind):
        host_name = HOST_OF[kind]
        register = __import__(f'{host_name}.utils', fromlist=['x'])
        register.register_all_modules(init_default_scope=False)
        host(host_name)
        model = model_config(kind)
        if kind == 'ssdlite':  # mmdet's cannot predict (issue 11780)
            genotype = dict(reg=['3-C'] * 6, cls=['3-C'] * 6)
            model.bbox_head.update(
                type='ruas_mm.SearchableSSDHead', genotype=genotype
            )
        cfg = fronted(model, scene=scene_of(name, tmp_path))
        return cfg, dark_batch(HOSTS[host_name]()[1])

    return prepare


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('name', COMPARED)
def test_one_step_trained_one_frozen_and_a_prediction(prepared, name, kind):
    cfg, batch = prepared(name, kind)
    model = MODELS.build(cfg)
    before = parameters(model)
    step(model, batch)
    after = parameters(model)
    resting = {k for k, p in after.items() if torch.equal(p, before[k])}
    assert resting <= before_a_norm(model.data_preprocessor.scene)
    expected = predict(model, batch)
    assert torch.isfinite(expected).all()
    cfg.data_preprocessor.frozen = True
    frozen = MODELS.build(cfg)
    step(frozen, batch)
    for key, parameter in parameters(frozen).items():
        assert torch.equal(parameter, before[key])

"""Views, branches, frames and people: the front before each kind of host."""

import copy

import pytest
import torch
from mmengine.registry import DefaultScope

from ruas_mm.registry import MODELS

TOOL = 'sweep_stock_configs'
PRETRAINING = ['simclr', 'swav', 'mae']
KINDS = ['retinanet', 'soft_teacher', 'masktrack_rcnn', 'reid', 'fcn']
KINDS += ['resnet18', *PRETRAINING]
"""A list, branches, videos, items of several pictures, maps, classes; views
of one size, views of several sizes, a batch without views."""


@pytest.fixture
def stock(load_tool):
    tool = load_tool(TOOL)
    for host in tool.HOSTS:
        pytest.importorskip(host)
    return tool


@pytest.fixture
def config(stock, request):
    """A small stock config, its default scope on."""
    host, cfg = stock.small_config(request.param)
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope', host)):
        yield cfg


@pytest.mark.parametrize('name', [k for k in KINDS if k != 'mae'])
def test_one_step_and_one_prediction(name, stock):
    seen = stock.run_family(name)
    assert 'gradient at the front' in seen
    assert seen.endswith('features' if name in PRETRAINING else 'predictions')


@pytest.mark.parametrize('config', KINDS, indirect=True)
def test_at_strength_0_the_host_sees_its_plain_input(config, stock):
    plain = stock.outputs(config, stock.plain_preprocessor(config))
    front = MODELS.build(stock.front(config, strength=0))
    stock.check_same(stock.outputs(config, front), plain)
    with pytest.raises(AssertionError):  # it can tell
        front = MODELS.build(stock.front(config, strength=1))
        stock.check_same(stock.outputs(config, front), plain)


@pytest.mark.parametrize(
    'config', ['soft_teacher', 'reid', 'simclr'], indirect=True
)
def test_keys_of_the_host_stay(config, stock):
    plain = set(MODELS.build(copy.deepcopy(config.model)).state_dict())
    config.model.data_preprocessor = stock.front(config)
    ours = set(MODELS.build(config.model).state_dict())
    assert plain <= ours and ours - plain
    assert all(
        key.startswith('data_preprocessor.scene.') for key in ours - plain
    )


@pytest.mark.parametrize('config', ['swav'], indirect=True)
def test_views_of_one_picture_are_enhanced_as_alone(config, stock):
    batch = stock.stock_batch(config, True)
    front = MODELS.build(stock.front(config)).eval()
    torch.manual_seed(0)
    views = front(copy.deepcopy(batch), True)['inputs']
    assert [v.shape for v in views] == [v.shape for v in batch['inputs']]
    for view, enhanced in zip(batch['inputs'], views):
        alone = front(
            dict(inputs=view[:1], data_samples=batch['data_samples'][:1])
        )['inputs']
        torch.testing.assert_close(enhanced[:1], alone, atol=1e-4, rtol=0)

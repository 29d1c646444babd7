"""Searched SSD neck and head against mmdet's own."""

import pytest
import torch
from mmdet.registry import MODELS as MMDET_MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import init_default_scope

from ruas_mm.registry import MODELS

STOCK = {
    'ssd300': 'mmdet::ssd/ssd300_coco.py',
    'ssdlite': 'mmdet::ssd/ssdlite_mobilenetv2-scratch_8xb24-600e_coco.py',
}


def stock_cfg(name):
    import mmdet

    init_default_scope('mmdet')
    folder = mmdet.__path__[0] + '/.mim/configs/'
    return Config.fromfile(STOCK[name].replace('mmdet::', folder)).model


def searched(cfg, operation):
    genotype = [operation] * 6
    neck = dict(
        cfg.neck, type='ruas_mm.SearchableSSDNeck', genotype=genotype[:4]
    )
    head = dict(
        cfg.bbox_head,
        type='ruas_mm.SearchableSSDHead',
        genotype=dict(reg=genotype, cls=genotype),
        train_cfg=cfg.train_cfg,
        test_cfg=cfg.test_cfg,
    )
    return MODELS.build(neck), MODELS.build(head)


def features(name):
    if name == 'ssd300':
        return torch.rand(1, 512, 38, 38), torch.rand(1, 1024, 19, 19)
    return torch.rand(1, 96, 20, 20), torch.rand(1, 1280, 10, 10)


@pytest.mark.parametrize('name', STOCK)
def test_all_3c_equals_mmdet(name):
    cfg = stock_cfg(name)
    stock_neck = MMDET_MODELS.build(cfg.neck).eval()
    stock_head = MMDET_MODELS.build(cfg.bbox_head).eval()
    neck, head = (part.eval() for part in searched(cfg, '3-C'))
    assert list(neck.state_dict()) == list(stock_neck.state_dict())
    assert list(head.state_dict()) == list(stock_head.state_dict())
    stock_neck.init_weights()
    stock_head.init_weights()
    neck.load_state_dict(stock_neck.state_dict())
    head.load_state_dict(stock_head.state_dict())
    x = features(name)
    for ours, theirs in zip(neck(x), stock_neck(x)):
        assert torch.equal(ours, theirs)
    for ours, theirs in zip(head(neck(x)), stock_head(stock_neck(x))):
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs))


@pytest.mark.parametrize('name', STOCK)
@pytest.mark.parametrize('operation', ['1-C', '7-2-DC', '3-18-DC'])
def test_every_genotype_has_the_sizes_of_ssd(name, operation):
    cfg = stock_cfg(name)
    stock = MMDET_MODELS.build(cfg.neck).eval()
    neck, head = (part.eval() for part in searched(cfg, operation))
    x = features(name)
    assert [f.shape for f in neck(x)] == [f.shape for f in stock(x)]
    for scores, level in zip(head(neck(x))[0], neck(x)):
        assert scores.shape[2:] == level.shape[2:]


@pytest.mark.parametrize('value', [0, 1e-25, 1e-12, 1])
def test_gradient_is_finite_where_features_vanish(value):
    neck, _ = searched(stock_cfg('ssd300'), '3-C')
    neck.init_weights()
    assert (neck.l2_norm.weight == 20).all()
    x = torch.full((1, 512, 2, 2), float(value), requires_grad=True)
    out = neck.l2_norm(x)
    out.square().mean().backward()
    assert torch.isfinite(out).all() and torch.isfinite(x.grad).all()


def test_initialisation_reaches_searched_operations():
    _, head = searched(stock_cfg('ssdlite'), '7-C')
    head.init_weights()  # Normal, std .001
    conv = head.cls_convs[0][0].conv
    assert conv.kernel_size == (7, 7)
    assert 5e-4 < conv.weight.std() < 2e-3


def test_head_predicts_where_mmdet_3_3_raises():
    _, head = searched(stock_cfg('ssd300'), '3-C')
    sample = DetDataSample(
        metainfo=dict(img_shape=(300, 300), scale_factor=(1, 1))
    )
    maps = tuple(
        torch.rand(1, c, s, s)
        for c, s in zip(head.in_channels, (38, 19, 10, 5, 3, 1))
    )
    (result,) = head.eval().predict(maps, [sample])
    assert len(result) > 0 and 'scores' in result


def full_model(cfg, with_scene):
    cfg = cfg.copy()
    if with_scene:
        cfg.data_preprocessor = dict(
            type='ruas_mm.SceneDataPreprocessor',
            scene=dict(type='ruas_mm.SceneModule'),
            data_preprocessor=cfg.data_preprocessor,
        )
        genotype = ['3-C'] * 6
        cfg.neck.update(
            type='ruas_mm.SearchableSSDNeck', genotype=genotype[:4]
        )
        cfg.bbox_head.update(
            type='ruas_mm.SearchableSSDHead',
            genotype=dict(reg=genotype, cls=genotype),
        )
    cfg.backbone.init_cfg = None
    return MODELS.build(cfg)


@pytest.mark.parametrize('name', STOCK)
def test_checkpoint_of_stock_mmdet_loads(name, tmp_path):
    from mmengine.runner import load_checkpoint, save_checkpoint

    stock = full_model(stock_cfg(name), with_scene=False)
    stock.neck.init_weights()  # mmdet leaves L2Norm's weight unset before
    path = str(tmp_path / 'stock.pth')
    save_checkpoint(dict(state_dict=stock.state_dict()), path)
    ours = full_model(stock_cfg(name), with_scene=True)
    load_checkpoint(ours, path)
    state, expected = ours.state_dict(), stock.state_dict()
    new = state.keys() - expected.keys()
    assert new and all(k.startswith('data_preprocessor.scene.') for k in new)
    assert not expected.keys() - state.keys()
    assert all(torch.equal(state[k], expected[k]) for k in expected)


@pytest.mark.parametrize(
    'part, genotype, message',
    [
        ('neck', ['3-C'] * 3, 'exactly 4'),
        ('neck', ['3-RC'] * 4, "'3-RC'"),
        ('neck', ['SC'] * 4, "'SC'"),
        ('bbox_head', ['3-C'] * 6, 'reg'),
        ('bbox_head', dict(reg=['3-C'] * 6), 'cls'),
        ('bbox_head', dict(reg=['3-C'] * 6, cls=['3-C'] * 5), 'exactly 6'),
        ('bbox_head', dict(reg=['3-C'] * 6, cls=['2-C'] * 6), "'2-C'"),
    ],
)
def test_bad_genotypes_are_refused(part, genotype, message):
    cfg = stock_cfg('ssd300')[part]
    kind = 'Neck' if part == 'neck' else 'Head'
    cfg.update(type=f'ruas_mm.SearchableSSD{kind}', genotype=genotype)
    with pytest.raises(ValueError, match=message):
        MODELS.build(cfg)

"""A detector with its front in one file, against mmdet's own inference."""

import copy
import json

import cv2
import numpy as np
import pytest
import torch
from conftest import run_command
from mmengine.config import Config
from tiny_hosts import fronted, model_config

pytest.importorskip('mmdet')
onnxruntime = pytest.importorskip('onnxruntime')

from mmdet.apis import inference_detector  # noqa: E402

from ruas_mm.apis import export_detector  # noqa: E402
from ruas_mm.apis.detector_export import (  # noqa: E402
    check_kind,
    compare_detections,
)
from ruas_mm.apis.onnx_export import set_numbers  # noqa: E402
from ruas_mm.registry import MODELS  # noqa: E402

MODULE = 'ruas_mm.apis.detector_export'
LOAD, PACK = (
    dict(type='LoadImageFromFile'),
    dict(
        type='PackDetInputs',
        meta_keys=('img_path', 'ori_shape', 'img_shape', 'scale_factor'),
    ),
)
RESIZE = dict(
    ssdlite=[dict(type='Resize', scale=(64, 64))],
    retinanet=[dict(type='Resize', scale=(80, 64), keep_ratio=True)],
    yolox=[
        dict(type='Resize', scale=(64, 64), keep_ratio=True),
        dict(type='Pad', pad_to_square=True, pad_val=dict(img=(114,) * 3)),
    ],
)
YOLOX = dict(
    type='YOLOX',
    data_preprocessor=dict(
        type='DetDataPreprocessor',
        mean=[120.0] * 3,
        std=[60.0] * 3,
        pad_size_divisor=32,
    ),
    backbone=dict(type='ResNet', depth=18, base_channels=8),
    neck=dict(
        type='FPN', in_channels=[8, 16, 32, 64], out_channels=8, num_outs=4
    ),
    bbox_head=dict(
        type='YOLOXHead',
        num_classes=3,
        in_channels=8,
        feat_channels=8,
        stacked_convs=1,
        strides=(4, 8, 16, 32),
    ),
    test_cfg=dict(score_thr=0.1, nms=dict(type='nms', iou_threshold=0.65)),
)


def settings(name):
    if name == 'yolox':
        return Config(dict(model=copy.deepcopy(YOLOX))).model
    cfg = model_config(name)
    if name == 'ssdlite':
        cfg.neck = dict(
            cfg.neck, type='ruas_mm.SearchableSSDNeck', genotype=['3-C'] * 4
        )
        levels = ['3-C'] * 6
        cfg.bbox_head.update(
            type='ruas_mm.SearchableSSDHead',
            genotype=dict(reg=levels, cls=levels),
        )
    cfg.test_cfg.score_thr = 0.3
    return cfg


def config(name):
    model = fronted(settings(name))
    dataset = dict(
        type='CocoDataset', pipeline=[LOAD, *RESIZE[name], PACK]
    )  # fmt: skip
    return Config(
        dict(
            default_scope='mmdet',
            model=model,
            test_dataloader=dict(dataset=dataset),
        )
    )


def build(name, host):
    """As ``init_detector`` gives it; scores lie far apart."""
    host('mmdet')
    cfg = config(name)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    model.data_preprocessor.init_weights()
    part = model.bbox_head
    if name == 'ssdlite':  # its backbone gives nearly nothing as drawn
        part = torch.nn.ModuleList([model.backbone, model.neck, part])
    for parameter in part.parameters():
        if parameter.dim() > 1:
            parameter.data.normal_(std=(2 / parameter[0].numel()) ** 0.5)
    model.cfg = cfg
    model.dataset_meta = dict(classes=('bus', 'car', 'cup'))
    return model.eval()


def dark_picture(size, seed=0):
    coarse = np.random.RandomState(seed).randint(0, 80, (6, 8, 3), np.uint8)
    return cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)


def found_by_mmdet(model, pixels):
    found = inference_detector(model, pixels).pred_instances
    return [found[name].numpy() for name in ('bboxes', 'scores', 'labels')]


def session_of(path):
    return onnxruntime.InferenceSession(
        path.read_bytes(), providers=['CPUExecutionProvider']
    )


def assert_same(found, expected):
    assert len(found[1]) == len(expected[1])
    orders = [
        np.lexsort((each[0][:, 0], each[2])) for each in (found, expected)
    ]
    boxes, scores, labels = (
        [part[order] for part, order in zip(pair, orders)]
        for pair in zip(found, expected)
    )
    np.testing.assert_array_equal(*labels)
    np.testing.assert_allclose(*boxes, atol=0.5)
    np.testing.assert_allclose(*scores, atol=1e-3)


def check_file(path, model, sizes):
    """Against mmdet, on pictures that the export has not seen."""
    session = session_of(path)
    pictures = [dark_picture(size, seed) for seed, size in enumerate(sizes, 1)]
    pictures.append(np.zeros((*sizes[0], 3), np.uint8))
    for pixels in pictures:
        expected = found_by_mmdet(model, pixels)
        assert_same(session.run(None, dict(picture=pixels)), expected)
    assert len(found_by_mmdet(model, pictures[0])[1]) > 3
    names = [output.name for output in session.get_outputs()]
    assert names == ['boxes', 'scores', 'labels']
    meta = session.get_modelmeta().custom_metadata_map
    assert json.loads(meta['classes']) == ['bus', 'car', 'cup']


@pytest.mark.parametrize('name', ['ssdlite', 'retinanet'])
def test_file_finds_what_mmdet_finds(name, host, tmp_path):
    model = build(name, host)
    before = copy.deepcopy(model.state_dict())
    first, path = dark_picture((60, 80)), tmp_path / 'detector.onnx'
    differences = export_detector(model, path, first)
    assert differences.boxes < 0.05 and differences.scores < 1e-4
    for key, value in model.state_dict().items():
        assert torch.equal(value, before[key])
    free = name == 'ssdlite'  # of retinanet the network's size follows
    check_file(path, model, [(60, 80), (107, 61)][: 1 + free])


def test_command_exports_a_config_and_its_checkpoint(host, tmp_path):
    model = build('yolox', host)
    model.cfg.dump(tmp_path / 'mine.py')
    meta = dict(dataset_meta=model.dataset_meta)
    state = dict(state_dict=model.state_dict(), meta=meta)
    options = ['--config', tmp_path / 'mine.py', '--checkpoint']
    torch.save(state, tmp_path / 'epoch_1.pth')
    out = tmp_path / 'mine.onnx'
    code, said = run_command('export', out, *options, tmp_path / 'epoch_1.pth')
    assert code == 0 and 'YOLOX' in said and 'pixels and scores' in said
    check_file(out, model, [(60, 80), (107, 61)])
    torch.save(dict(state_dict={'a': torch.ones(1)}), tmp_path / 'other.pth')
    code, said = run_command('export', out, *options, tmp_path / 'other.pth')
    assert code == 1 and 'other.pth does not fit YOLOX' in said
    set_numbers(out, dict(score_thr=0.9999))  # nothing is found
    pixels = dark_picture((60, 80))
    boxes, scores, labels = session_of(out).run(None, dict(picture=pixels))
    assert boxes.shape == (0, 4) and scores.shape == labels.shape == (0,)


def soft(model):
    model.bbox_head.test_cfg.nms = dict(type='soft_nms')


def no_config(model):
    del model.cfg


def all_sizes(model):
    pipeline = model.cfg.test_dataloader.dataset.pipeline
    pipeline[1].keep_ratio = True


def own_steps(model):
    model.bbox_head.predict_by_feat = lambda *args, **kwargs: []


def broken(model):  # as mmdet 3.3.0's own SSDHead
    del model.bbox_head.prior_generator


@pytest.mark.parametrize(
    'change, message',
    [
        (own_steps, 'with SearchableSSDHead cannot .*its head ends with st'),
        (broken, "cannot be exported .*no attribute 'prior_generator'"),
        (soft, "SearchableSSDHead ends with nms={'type': 'soft_nms'}.*allow"),
        (no_config, "no cfg with a test_dataloader, allowed: what mmdet's"),
        (all_sizes, 'picture=None, .*allowed: a picture of the size'),
    ],
)
def test_what_cannot_be_exported_is_named(host, tmp_path, change, message):
    model = build('ssdlite', host)
    change(model)
    with pytest.raises(ValueError, match=message):
        export_detector(model, tmp_path / 'detector.onnx')
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    'kind, message',
    [
        ('FasterRCNN', 'FasterRCNN with Identity cannot .*allowed: a single'),
        ('PAAHead', 'RetinaNet with PAAHead cannot be exported, allowed'),
    ],
)
def test_other_heads_are_refused(host, kind, message):
    import mmdet.models

    model = build('retinanet', host)
    if kind == 'PAAHead':  # votes on scores after suppression
        model.bbox_head.__class__ = mmdet.models.PAAHead
    else:
        model.__class__ = mmdet.models.FasterRCNN
        model.roi_head = torch.nn.Identity()
        del model.bbox_head
    with pytest.raises(ValueError, match=message):
        check_kind(model)


@pytest.mark.parametrize('picture', ['none.png', np.zeros((4, 4), np.uint8)])
def test_picture_that_is_none_is_refused(host, tmp_path, picture):
    with pytest.raises(ValueError, match='picture=.*allowed: '):
        export_detector(build('ssdlite', host), tmp_path / 'a.onnx', picture)


@pytest.mark.parametrize('name', ['BOX_TOLERANCE', 'SCORE_TOLERANCE'])
def test_file_that_differs_is_not_written(host, tmp_path, monkeypatch, name):
    path = tmp_path / 'detector.onnx'
    path.write_text('old')
    monkeypatch.setattr(f'{MODULE}.{name}', -1)
    monkeypatch.setattr(f'{MODULE}.trace', lambda *args, **kwargs: None)
    monkeypatch.setattr(
        f'{MODULE}.run_file', lambda *args: [np.ones((1, 4)), [0.5], [0]]
    )
    with pytest.raises(ValueError, match='not written: ONNX Runtime differs'):
        export_detector(build('ssdlite', host), path)
    assert path.read_text() == 'old'
    assert [p.name for p in tmp_path.iterdir()] == ['detector.onnx']


@pytest.mark.parametrize('number', [0, 1])
def test_score_that_is_nan_is_a_difference(number):
    boxes, labels = np.array([[0, 0, 9, 9], [20, 20, 30, 30]]), np.zeros(2)
    scores = np.array([0.9, 0.8])
    found = scores.copy()
    found[number] = np.nan
    difference = compare_detections(
        (boxes, scores, labels), (boxes, found, labels)
    )
    assert np.isnan(difference.scores)

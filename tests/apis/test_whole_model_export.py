"""Front and network in one file, run by ONNX Runtime."""

import json

import numpy as np
import pytest
import torch
from tiny_hosts import HOST_OF, fronted, model_config

from ruas_mm.apis import export_whole_model, whole_model_export
from ruas_mm.registry import MODELS

onnxruntime = pytest.importorskip('onnxruntime')
SIZE = (32, 48)


def deeplabv3plus():
    return dict(
        type='EncoderDecoder',
        data_preprocessor=dict(
            type='SegDataPreProcessor',
            size=SIZE,
            mean=[127.0] * 3,
            std=[128.0] * 3,
            bgr_to_rgb=True,
        ),
        backbone=dict(
            type='ResNet', depth=18, base_channels=8, out_indices=(0, 2)
        ),
        decode_head=dict(
            type='ruas_mm.SearchableASPPHead',
            genotype=['1-C', '3-C', '3-6-DC', '3-18-DC'],
            in_channels=32,
            in_index=1,
            channels=8,
            c1_in_channels=8,
            c1_channels=4,
            num_classes=3,
            norm_cfg=dict(type='BN'),
            align_corners=False,
        ),
        test_cfg=dict(mode='whole'),
    )


def build(cfg, host):
    host(HOST_OF.get(cfg, 'mmseg'))
    cfg = deeplabv3plus() if cfg == 'deeplabv3plus' else model_config(cfg)
    model = MODELS.build(fronted(cfg)).eval()
    model.data_preprocessor.init_weights()
    model.dataset_meta = dict(classes=('road', 'car', 'sky'))
    return model


@pytest.mark.parametrize('name', ['deeplabv3plus', 'resnet18'])
def test_file_gives_what_the_model_gives(name, host, tmp_path):
    model = build(name, host).train()
    path = tmp_path / 'model.onnx'
    assert export_whole_model(model, path, SIZE, number=2) <= 1e-3
    assert model.training
    session = onnxruntime.InferenceSession(
        path.read_bytes(), providers=['CPUExecutionProvider']
    )
    pictures = torch.randint(0, 70, (2, 3, *SIZE)).float()
    (found,) = session.run(['output_0'], {'pictures': pictures.numpy()})
    with torch.no_grad():
        data = model.eval().data_preprocessor(dict(inputs=list(pictures)))
        expected = model(data['inputs'], mode='tensor')
        model.data_preprocessor.scene = torch.nn.Identity()
        plain = model.data_preprocessor.data_preprocessor(
            dict(inputs=list(pictures))
        )
        dark = model(plain['inputs'], mode='tensor')
    if isinstance(expected, (tuple, list)):
        expected, dark = expected[0], dark[0]
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-4)
    assert np.abs(found - dark.numpy()).max() > 1e-3  # the front is in it
    meta = session.get_modelmeta().custom_metadata_map
    assert json.loads(meta['classes']) == ['road', 'car', 'sky']


@pytest.mark.parametrize('kwargs, message', [
    (dict(size=SIZE, opset=9), 'opset=9'),
    (dict(size=(0, 4)), 'height=0'),
    (dict(size=SIZE, number=0), 'number=0'),
])  # fmt: skip
def test_bad_arguments_are_refused(kwargs, message, host, tmp_path):
    with pytest.raises(ValueError, match=message):
        export_whole_model(torch.nn.Identity(), tmp_path / 'x', **kwargs)


def test_file_that_differs_is_not_written(host, tmp_path, monkeypatch):
    model = build('resnet18', host)
    path = tmp_path / 'model.onnx'
    path.write_text('old')
    module = 'ruas_mm.apis.whole_model_export'
    monkeypatch.setattr(f'{module}.TOLERANCE', -1)
    with pytest.raises(ValueError, match='not written: ONNX Runtime differs'):
        export_whole_model(model, path, SIZE)
    assert path.read_text() == 'old'
    assert [p.name for p in tmp_path.iterdir()] == ['model.onnx']


def test_nan_in_any_output_is_a_difference(monkeypatch):
    first = torch.zeros(2)
    for found in ([0, np.nan], [np.nan, 0]):
        found = [np.full(2, each, np.float32) for each in found]
        monkeypatch.setattr(
            whole_model_export, 'run_file', lambda *_, found=found: found
        )
        difference = whole_model_export._largest_difference(
            None, first, [first, first]
        )
        assert np.isnan(difference)


def test_model_that_cannot_be_exported_is_named(host, tmp_path):
    class Strange(torch.nn.Module):
        def data_preprocessor(self, data, training):
            return dict(inputs=data['inputs'])

        def forward(self, inputs, mode):
            return torch.linalg.lstsq(inputs, inputs).solution

    with pytest.raises(ValueError, match='Strange cannot be exported'):
        export_whole_model(Strange(), tmp_path / 'model.onnx', (8, 8))
    assert not list(tmp_path.iterdir())


def test_file_that_does_not_run_is_named(host, tmp_path, monkeypatch):
    """As with operations of mmcv, which ONNX Runtime has not."""
    model = build('resnet18', host)
    module = 'ruas_mm.apis.whole_model_export'
    monkeypatch.setattr(
        f'{module}.trace',
        lambda model, inputs, path, *args, **kwargs: path.write_text('x'),
    )
    message = r'not written: ImageClassifier cannot be .*\(ONNX Runtime: '
    with pytest.raises(ValueError, match=message):
        export_whole_model(model, tmp_path / 'model.onnx', SIZE)
    assert not list(tmp_path.iterdir())

"""Tracers, exporters and FLOPs tools see what stands in front."""

import inspect
import io
import warnings

import numpy as np
import pytest
import torch
from mmengine.analysis import get_model_complexity_info
from tiny_hosts import HOST_OF, fronted, model_config

from ruas_mm.apis import WholeModel
from ruas_mm.registry import MODELS

PICTURES = torch.randint(0, 70, (2, 3, 64, 96))


def build(name, host, front=True, **kwargs):
    host(HOST_OF[name])
    cfg = model_config(name)
    model = MODELS.build(fronted(cfg, **kwargs) if front else cfg)
    if front:
        model.data_preprocessor.init_weights()
    return model.eval()


def to_onnx(module, inputs):
    onnx = pytest.importorskip('onnx')
    options = {}
    if 'dynamo' in inspect.signature(torch.onnx.export).parameters:
        options['dynamo'] = False
    file = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter('ignore')
        torch.onnx.export(module, (inputs,), file, **options)
    return onnx.load_from_string(file.getvalue())


def convolutions(graph):
    return sum(node.op_type == 'Conv' for node in graph.graph.node)


def run_onnx(graph, inputs):
    onnxruntime = pytest.importorskip('onnxruntime')
    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), providers=['CPUExecutionProvider']
    )
    return session.run(None, {session.get_inputs()[0].name: inputs.numpy()})


def as_tuple(outputs):
    return outputs if isinstance(outputs, tuple) else (outputs,)


@pytest.mark.parametrize('name', HOST_OF)
def test_onnx_holds_the_front_and_gives_the_same(name, host):
    model = build(name, host)
    whole = WholeModel(model).eval()
    with torch.no_grad():
        expected = as_tuple(whole(PICTURES))
    graph = to_onnx(whole, PICTURES)
    found = run_onnx(graph, PICTURES)
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected):
        np.testing.assert_allclose(ours, theirs, atol=1e-4, rtol=1e-4)
    plain = to_onnx(WholeModel(build(name, host, front=False)), PICTURES)
    scene = to_onnx(model.data_preprocessor.scene, PICTURES / 255.0)
    assert convolutions(scene) > 0
    assert convolutions(graph) == convolutions(plain) + convolutions(scene)


@pytest.mark.parametrize('name', HOST_OF)
def test_trace_gives_what_test_step_sees(name, host):
    model = build(name, host, attach_scene=True)
    whole = WholeModel(model).eval()
    first, second = PICTURES.float(), PICTURES.flip(-1).float()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter('ignore', torch.jit.TracerWarning)
        traced = torch.jit.trace(whole, first)
        model.data_preprocessor.attach_scene = False
        data = model.data_preprocessor(dict(inputs=list(second)), False)
        by_hand = model(data['inputs'], mode='tensor')
    while not isinstance(by_hand, torch.Tensor):
        by_hand = by_hand[0]
    torch.testing.assert_close(
        as_tuple(traced(second))[0], by_hand, atol=1e-4, rtol=1e-4
    )


def test_scenes_are_attached_again_afterwards(host):
    model = build('resnet18', host, attach_scene=True)
    WholeModel(model)(PICTURES)
    assert model.data_preprocessor.attach_scene is True


def test_flops_tools_count_the_front(host):
    def flops(module, inputs):
        return get_model_complexity_info(
            module, inputs=(inputs,), show_table=False, show_arch=False
        )['flops']

    model = build('resnet18', host)
    plain = build('resnet18', host, front=False)
    pictures = PICTURES.float()
    whole = flops(WholeModel(model).eval(), pictures)
    front = flops(model.data_preprocessor.scene, pictures / 255)
    assert front > 0
    alone = flops(WholeModel(plain).eval(), pictures)
    assert whole == pytest.approx(alone + front, rel=0.01)
    assert flops(plain, pictures) == pytest.approx(alone, rel=0.01)

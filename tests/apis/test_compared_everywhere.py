"""Every compared enhancer through the ways that users have."""

import numpy as np
import pytest
import torch
from conftest import run_command
from mmengine.config import Config

from ruas_mm.models import build_enhancer
from ruas_mm.zoo import COMPARED

NOT_IN_ONNX = dict(
    clahe='OpenCV',
    lime='SciPy',
    msr='surrounds',
    deepupe='nearest',
    deepupe_port='5D volumetric',
)


@pytest.fixture(params=COMPARED)
def method(request, tmp_path):
    """Name, and arguments of commands for its (random) weights."""
    name = request.param
    if COMPARED[name].weights is None:
        return name, []
    torch.manual_seed(0)
    enhancer = COMPARED[name].load_class()()
    torch.save(enhancer.state_dict(), tmp_path / 'w.pth')
    return name, ['--weights', tmp_path / 'w.pth']


def test_exported_or_told_why_not(method, tmp_path):
    """What is exported was compared with ONNX Runtime."""
    pytest.importorskip('onnxruntime')
    name, weights = method
    out = tmp_path / 'out.onnx'
    code, said = run_command('export', out, '--enhancer', name, *weights)
    assert (code == 0) == out.exists() == (name not in NOT_IN_ONNX), said
    if name in NOT_IN_ONNX:
        assert 'cannot be exported to ONNX' in said
        assert NOT_IN_ONNX[name] in said


def test_put_before_a_model_of_a_toolbox(method, tmp_path):
    name, weights = method
    pytest.importorskip('mmpretrain')
    out = tmp_path / 'dark.py'
    arguments = ['resnet18_8xb32_in1k', '--out', out, '--scene', name]
    code, said = run_command('lowlight', *arguments, *weights)
    assert code == 0, said
    cfg = Config.fromfile(out)
    enhancer = build_enhancer(cfg.model.data_preprocessor.scene)
    y = torch.rand(1, 3, 9, 9) * 0.3
    assert not np.array_equal(enhancer.enhance(y), y)
    if weights:
        out.unlink()
        code, said = run_command('lowlight', *arguments)
        assert code == 1 and 'authors publish' in said and not out.exists()

"""The benchmark compares equal things, and writes where it should."""

from functools import partial
from pathlib import Path

import pytest
import torch
import yaml

from ruas_mm.apis.released_checkpoints import convert_file

pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')

TOOLS = Path(__file__).parents[2] / 'tools' / 'benchmarks'
SIZES = [(1, 1), (24, 16), (31, 45)]


@pytest.fixture
def tool(monkeypatch):
    """Importable by name, so that its child processes find it, too."""
    monkeypatch.syspath_prepend(str(TOOLS))
    import measure_enhancement

    return measure_enhancement


@pytest.fixture
def weights(tool, tmp_path):
    return tool.random_weights(tmp_path / 'random.safetensors')


def check_equal(tool, case, weights):
    forms = [
        tool.load_form(name, case, weights, None) for name in case.forms[:-1]
    ]
    for size in SIZES:
        x = tool.dark_picture(*size)
        expected, *others = [form(x) for form in forms]
        for found in others:
            torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
        assert (expected - x).abs().max() > 1e-2


@pytest.mark.parametrize('index', range(3))
def test_released_network_equals_ours(tool, weights, index):
    check_equal(tool, tool.CASES[index], weights)


@pytest.mark.parametrize('index', range(3))
def test_with_released_weights(tool, shared, tmp_path, load_tool, index):
    converted = tmp_path / 'lol.pth'
    released = shared('weights', 'ruas_journal', 'lol.pt')
    convert_file(released, converted)
    check_equal(tool, tool.CASES[index], converted)


def test_gate_of_the_cases(tool, weights):
    """Noise is removed in one of the two cases of RUAS_A alone."""
    x = tool.dark_picture(24, 16)
    light, noise, no_noise = (
        tool.load_form('as released', case, weights, None)(x)
        for case in tool.CASES
    )
    assert torch.equal(light, no_noise)
    assert (noise - light).abs().max() > 1e-3


def test_tables_are_printed_and_kept_as_data(
    tool, monkeypatch, tmp_path, capsys, load_tool
):
    monkeypatch.setattr(tool, 'CASES', tool.CASES[:1])
    monkeypatch.setattr(tool, 'grown_memory', lambda load, size: 3 * 2**20)
    args = tool.parse_args(['--runs', '1', '--write', str(tmp_path)])
    tool.main(args, sizes=[(20, 12)], video=(2, 32, 24))
    printed = capsys.readouterr().out
    pictures, video = (
        yaml.safe_load((tmp_path / f'{name}.yml').read_text())
        for name in tool.FILES
    )
    assert [row[2] for row in pictures['rows']] == list(tool.FORMS)
    assert {row[6] for row in pictures['rows']} == {'3'}
    assert video['rows'][0][1] == '2 frames, 32x24'
    writer = load_tool('write_tables')
    for content in (pictures, video):
        assert set(content) == {*writer.TERMS, 'columns', 'rows'}
        assert f'torch {torch.__version__}' in content['machine']
        assert all(cell in printed for row in content['rows'] for cell in row)


def test_memory_of_a_fresh_process(tool, weights):
    """Many times the picture, far less than this process has by now."""
    held = bytearray(400 * 2**20)
    load = partial(tool.load_form, 'as released', tool.CASES[0], weights, None)
    grown = tool.grown_memory(load, (640, 480))
    assert 4 < grown / (640 * 480 * 3 * 4) < 40
    del held

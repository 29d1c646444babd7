from functools import partial

import cv2
import numpy as np
import pytest
import torch
from conftest import dark_pixels, write_random_weights
from PIL import Image

from ruas_mm.apis import LowLightInferencer
from ruas_mm.files.picture_file import Picture, read_picture, write_picture
from ruas_mm.models import LowLightEnhancer, load_enhancer

VARIANTS = ('RUAS_S', 'RUAS', 'RUAS_A')


@pytest.fixture
def weights(tmp_path):
    """Random weights in a file."""
    return partial(write_random_weights, tmp_path)


@pytest.fixture
def inferencer(weights):
    return LowLightInferencer('RUAS_S', weights(), device='cpu')


@pytest.mark.parametrize('variant', VARIANTS)
@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
@pytest.mark.parametrize('size', [(20, 30), (1, 1), (1, 5000)])
def test_arrays(weights, variant, dtype, size):
    inferencer = LowLightInferencer(variant, weights(variant), device='cpu')
    picture = dark_pixels((*size, 3), dtype)
    enhanced = inferencer(picture)
    assert enhanced.shape == picture.shape and enhanced.dtype == dtype
    assert enhanced.mean() > picture.mean()
    again = inferencer([picture, picture[:, :1]])
    np.testing.assert_array_equal(again[0], enhanced)
    assert again[1].shape == (size[0], 1, 3)


def test_16_bits_have_no_8_bit_step(inferencer):
    enhanced = inferencer(dark_pixels((40, 40, 3), np.uint16))
    assert len(np.unique(enhanced)) > 1000
    inferencer.strength = 0
    picture = dark_pixels((40, 40, 3), np.uint16)
    np.testing.assert_array_equal(inferencer(picture), picture)


def test_result_is_that_of_the_enhancer(weights):
    path = weights('RUAS_A')
    picture = dark_pixels((24, 32, 3))
    x = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    enhancer = load_enhancer('RUAS_A', path)
    expected = enhancer.enhance(x, strength=0.5)[0].permute(1, 2, 0) * 255
    found = LowLightInferencer('RUAS_A', path, 0.5, 'cpu')(picture)
    assert abs(found - expected.numpy()).max() <= 0.5 + 1e-3


@pytest.mark.parametrize('variant', VARIANTS)
def test_tiles_change_nothing(weights, variant):
    path, picture = weights(variant), dark_pixels((70, 90, 3), np.uint16)
    whole = LowLightInferencer(variant, path, device='cpu')(picture)
    tiled = LowLightInferencer(variant, path, device='cpu', tile=32)(picture)
    assert abs(whole.astype(int) - tiled).max() <= 1  # of 65535


@pytest.mark.parametrize(
    'picture, message',
    [
        (np.zeros((4, 4, 3), np.float32), 'float32 of shape'),
        (np.zeros((4, 4), np.uint8), 'uint8 of shape'),
        (np.zeros((4, 4, 4), np.uint8), 'uint8 of shape'),
        (np.zeros((0, 4, 3), np.uint8), 'uint8 of shape'),
        (None, 'NoneType'),
        ('gone.png', 'gone.png: cannot be read'),
    ],
)
def test_other_pictures_are_refused(inferencer, picture, message):
    with pytest.raises(ValueError, match=message):
        inferencer(picture)


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(enhancer='RUAS_B'), "enhancer='ruas_b', allowed"),
        (dict(strength=1.5), 'strength=1.5, allowed: 0 to 1'),
        (dict(strength=float('nan')), 'strength=nan, allowed'),
        (dict(tile=8), 'tile=8, allowed'),
        (dict(device='nowhere'), "device='nowhere' cannot be used"),
        (dict(device='cuda:99'), "device='cuda:99' cannot be used"),
        (dict(runtime='tensorrt'), "runtime='tensorrt', allowed"),
    ],
)
def test_arguments(weights, arguments, message):
    with pytest.raises(ValueError, match=message):
        LowLightInferencer(**{'weights': weights('RUAS_A'), **arguments})


def test_weights_that_are_not_finite_are_refused(weights):
    def spoil(enhancer):
        enhancer.scene.stages[1].fuse.weight.data[0, 0] = float('nan')

    with pytest.raises(ValueError, match='scene.stages.1.fuse.weight'):
        LowLightInferencer('RUAS_S', weights('RUAS_S', spoil))


def test_result_that_is_not_finite_is_refused(inferencer, tmp_path):
    inferencer._network = lambda x, strength: x * np.nan
    with pytest.raises(ValueError, match='not finite'):
        inferencer(dark_pixels((4, 4, 3)))
    write_picture(tmp_path / 'a.png', Picture(dark_pixels((4, 4, 3))))
    with pytest.raises(ValueError, match='not finite'):
        inferencer.enhance_file(tmp_path / 'a.png', tmp_path / 'b.png')
    assert not (tmp_path / 'b.png').exists()


def test_too_little_memory_names_the_tile(weights, monkeypatch):
    inferencer = LowLightInferencer('RUAS_S', weights(), device='cpu')

    def fail(*_):
        raise torch.cuda.OutOfMemoryError('CUDA out of memory')

    monkeypatch.setattr(LowLightEnhancer, 'enhance', fail)
    with pytest.raises(ValueError, match='9x7 pixels do not fit.*tile'):
        inferencer(dark_pixels((7, 9, 3)))


@pytest.mark.parametrize('side_by_side', [False, True])
@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
def test_file_keeps_what_it_is(inferencer, tmp_path, dtype, side_by_side):
    exif = Image.Exif()
    exif[0x0112] = 6
    rgb, alpha = (
        dark_pixels((6, 9, 3), dtype),
        dark_pixels((6, 9), dtype, seed=1),
    )
    source, target = tmp_path / 'a.png', tmp_path / 'new' / 'a.png'
    write_picture(source, Picture(rgb, alpha, exif=exif.tobytes()))
    inferencer.enhance_file(source, target, side_by_side)
    found = read_picture(target)
    if side_by_side:
        np.testing.assert_array_equal(found.rgb[:, :9], rgb)
        np.testing.assert_array_equal(found.alpha[:, :9], alpha)
        found.rgb, found.alpha = found.rgb[:, 9:], found.alpha[:, 9:]
    np.testing.assert_array_equal(found.rgb, inferencer(rgb))
    np.testing.assert_array_equal(found.alpha, alpha)
    assert found.exif == exif.tobytes()


@pytest.mark.parametrize('mode', ['L', 'P', 'I;16'])
def test_grey_stays_grey_and_palette_becomes_rgb(inferencer, tmp_path, mode):
    image = Image.fromarray(dark_pixels((6, 9, 3))).convert(
        'L' if 'I' in mode else mode
    )
    if mode == 'I;16':
        image = Image.fromarray(dark_pixels((6, 9), np.uint16))
    image.save(tmp_path / 'a.png')
    inferencer.enhance_file(tmp_path / 'a.png', tmp_path / 'b.png')
    with Image.open(tmp_path / 'b.png') as result:
        assert result.size == (9, 6)
        assert result.mode == ('RGB' if mode == 'P' else mode)


@pytest.mark.parametrize(
    'target, message',
    [
        ('a.png', 'a.png is an input'),
        ('b.jpg', 'JPEG cannot hold 16 bits'),
        ('b.gif', 'allowed suffixes'),
    ],
)
def test_target_that_does_not_fit(inferencer, tmp_path, target, message):
    source = tmp_path / 'a.png'
    write_picture(source, Picture(dark_pixels((4, 4, 3), np.uint16)))
    before = source.read_bytes()
    with pytest.raises(ValueError, match=message):
        inferencer.enhance_file(source, tmp_path / target)
    assert source.read_bytes() == before


def test_target_must_hold_both_sides(inferencer, tmp_path):
    write_picture(tmp_path / 'a.png', Picture(dark_pixels((1, 9000, 3))))
    inferencer.enhance_file(tmp_path / 'a.png', tmp_path / 'b.webp')
    with pytest.raises(ValueError, match='WEBP cannot hold 18000x1'):
        inferencer.enhance_file(tmp_path / 'a.png', tmp_path / 'c.webp', True)


def test_limit_of_pixels_is_handed_on(weights, tmp_path):
    source = tmp_path / 'a.png'
    write_picture(source, Picture(dark_pixels((4, 5, 3))))
    enhancer = LowLightInferencer('RUAS_S', weights(), max_pixels=20)
    assert enhancer(source).shape == (4, 5, 3)
    enhancer = LowLightInferencer('RUAS_S', weights(), max_pixels=19)
    with pytest.raises(ValueError, match='a.png: 5x4 is 20 pixels'):
        enhancer(source)
    with pytest.raises(ValueError, match='a.png: 5x4 is 20 pixels'):
        enhancer.enhance_file(source, tmp_path / 'b.png')
    with pytest.raises(ValueError, match='max_pixels=0, allowed: a whole'):
        LowLightInferencer('RUAS_S', weights(), max_pixels=0)


def power_model(path, input_name='input', factor=1.0):
    """A stand-in for an exported enhancer: input ** (1 - strength / 2)."""
    onnx = pytest.importorskip('onnx')
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    size = ['N', 3, 'H', 'W']
    graph = helper.make_graph(
        [
            helper.make_node('Mul', ['strength', 'half'], ['part']),
            helper.make_node('Sub', ['one', 'part'], ['power']),
            helper.make_node('Pow', [input_name, 'power'], ['bright']),
            helper.make_node('Mul', ['bright', 'factor'], ['output']),
        ],
        'power',
        [
            helper.make_tensor_value_info(input_name, floats, size),
            helper.make_tensor_value_info('strength', floats, []),
        ],
        [helper.make_tensor_value_info('output', floats, size)],
        [
            helper.make_tensor(name, floats, [], [value])
            for name, value in dict(half=0.5, one=1, factor=factor).items()
        ],
    )
    opset = [helper.make_opsetid('', 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    onnx.save(model, str(path))
    return path


def test_onnx_runtime(tmp_path):
    pytest.importorskip('onnxruntime')
    path, picture = (
        power_model(tmp_path / 'a.onnx'),
        dark_pixels((5, 7, 3), np.uint16),
    )
    inferencer = LowLightInferencer(weights=path, strength=1, runtime='onnx')
    expected = np.sqrt(picture / 65535) * 65535
    assert abs(inferencer(picture) - expected).max() <= 0.51
    write_picture(tmp_path / 'a.png', Picture(picture))
    inferencer.enhance_file(tmp_path / 'a.png', tmp_path / 'b.png')
    found = cv2.imread(str(tmp_path / 'b.png'), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(found[..., ::-1], inferencer(picture))


def test_onnx_files_that_do_not_fit(tmp_path):
    pytest.importorskip('onnxruntime')
    (tmp_path / 'no.onnx').write_bytes(b'no model')
    (tmp_path / 'empty.onnx').touch()
    power_model(tmp_path / 'c.onnx')
    for weights, message in (
        (None, 'ruas-mm export'),
        (tmp_path / 'no.onnx', 'no.onnx is no ONNX model'),
        (tmp_path / 'empty.onnx', 'empty.onnx is no ONNX model'),
        (power_model(tmp_path / 'a.onnx', 'picture'), "inputs \\['picture"),
        (power_model(tmp_path / 'b.onnx', factor=np.nan), 'not finite'),
    ):
        with pytest.raises(ValueError, match=message):
            LowLightInferencer(weights=weights, runtime='onnx')
    with pytest.raises(
        ValueError, match='tile=64, allowed with .*c.onnx: None'
    ):
        LowLightInferencer(
            weights=tmp_path / 'c.onnx', runtime='onnx', tile=64
        )
    with pytest.raises(FileNotFoundError, match='gone.onnx'):
        LowLightInferencer(weights=tmp_path / 'gone.onnx', runtime='onnx')
    with pytest.raises(ValueError, match="device='npu', allowed here"):
        LowLightInferencer(
            weights=tmp_path / 'a.onnx', runtime='onnx', device='npu'
        )

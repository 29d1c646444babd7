"""Every form against a second, plain statement of the formulas."""

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from ruas_mm.apis.released_checkpoints import convert_file
from ruas_mm.models import SceneModule
from ruas_mm.models.cells.genotype import (
    SCENE_ENHANCEMENT,
    SCENE_FACE_DETECTION,
)
from ruas_mm.models.scene_module import PAPER_FORM, window_maximum


def conv(x, weight, bias, dilation=1):
    pad = dilation * (weight.shape[-1] - 1) // 2
    return F.conv2d(x, weight, bias, padding=pad, dilation=dilation)


def cell_by_hand(weights, x):
    """The released enhancement cell, operation by operation."""

    def act(v):
        return torch.where(v > 0, v, v * 0.05)

    d1 = act(x)  # skip
    r1 = act(conv(x, *weights('c1_r')) + x + x)  # 1x1, residual
    d2 = act(conv(r1, *weights('c2_d'), dilation=2) + r1)  # 3x3 d2, residual
    r2 = act(conv(r1, *weights('c2_r')) + r1)
    d3 = act(conv(r2, *weights('c3_d')))
    r3 = act(r2 + r2)  # skip
    d4 = act(conv(r3, *weights('c4')))
    return conv(torch.cat([d1, d2, d3, d4], 1), *weights('c5'))


def maximum_by_hand(x, window):
    before, after = (window - 1) // 2, window // 2
    return F.max_pool2d(F.pad(x, [before, after] * 2), window, 1)


def scene_by_hand(y, cells, update, start, source, gamma, window, low):
    outputs = []
    u = t = None
    for k, cell in enumerate(cells):
        if k == 0 or start == 'fixed':
            t_hat = maximum_by_hand(y, window)
        elif start == 'detector':
            t_hat = u
        else:
            t_hat = maximum_by_hand(
                u if source == 'reflectance' else t, window
            )
            if start == 'rectified':
                t_hat = t_hat - gamma * (u - y)
        t = cell(t_hat)
        t = torch.sigmoid(t) if update == 'sigmoid' else t_hat - t
        t = torch.clamp(t, low, 1)
        u = torch.clamp(y / t, 0, 1)
        outputs.append((u, t))
    return outputs


def our_cell_weights(stage):
    names = ('c1_d', 'c1_r', 'c2_d', 'c2_r', 'c3_d', 'c3_r', 'c4')

    def weights(name):
        module = stage.fuse if name == 'c5' else stage.edges[names.index(name)]
        return module.weight, module.bias

    return weights


FORMS = [
    dict(update=update, warm_start=start, warm_start_source=source, **rest)
    for update in ('sigmoid', 'residual')
    for start in ('fixed', 'unrectified', 'rectified', 'detector')
    for source in ('reflectance', 'illumination')
    for rest in (
        dict(),
        dict(window=3, gamma=0.2, illumination_range=(1e-3, 1.0)),
    )
]


@pytest.mark.parametrize(
    'form', FORMS, ids=lambda f: '-'.join(str(v) for v in f.values())
)
def test_every_form_equals_the_formula(form):
    # double: division by a small t magnifies rounding
    module = SceneModule(**form).double()
    y = torch.rand(2, 3, 13, 18, dtype=torch.double) * 0.3
    cells = [
        lambda x, s=stage: cell_by_hand(our_cell_weights(s), x)
        for stage in module.stages
    ]
    expected = scene_by_hand(
        y,
        cells,
        form['update'],
        form['warm_start'],
        form['warm_start_source'],
        form.get('gamma', 0.5),
        form.get('window', 2),
        form.get('illumination_range', (1e-4, 1))[0],
    )
    output = module.unroll(y)
    assert len(output.reflectances) == len(output.illuminations) == 3
    for u, t, (u_expected, t_expected) in zip(*output, expected):
        torch.testing.assert_close(u, u_expected, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(t, t_expected, atol=1e-5, rtol=1e-5)


def released_scene(path, y):
    """u^3 straight from a released checkpoint, without our code."""
    state = torch.load(path, map_location='cpu', weights_only=True)

    def cell(k):
        def weights(name):
            key = f'enhance_net.iems.{k}.cell.{name}'
            key += '' if name == 'c5' else '.op'
            return state[f'{key}.weight'], state[f'{key}.bias']

        return lambda x: cell_by_hand(weights, x)

    cells = [cell(k) for k in range(3)]
    return scene_by_hand(
        y, cells, 'sigmoid', 'rectified', 'reflectance', 0.5, 2, 1e-4
    )[-1][0]


@pytest.mark.parametrize('name', ['00001', '00091', '00271'])
def test_converted_weights_give_the_released_result(name, shared, tmp_path):
    released = shared('weights', 'ruas_journal', 'lol.pt')
    converted = tmp_path / 'lol.pth'
    convert_file(released, converted)
    module = SceneModule(
        init_cfg=dict(
            type='Pretrained', checkpoint=str(converted), prefix='scene'
        )
    )
    module.init_weights()
    dark = cv2.imread(str(shared('lol', 'pairs', 'low', f'{name}.png')))
    y = torch.from_numpy(dark[..., ::-1].copy()).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        u = module.eval()(y)
    torch.testing.assert_close(
        u, released_scene(released, y), atol=1e-5, rtol=0
    )
    if name == '00271':
        return  # the official picture is denoised, too
    saved = tmp_path / 'enhanced.png'
    picture = (u[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    cv2.imwrite(str(saved), picture[..., ::-1])
    official = cv2.imread(str(shared('lol', 'official_output', f'{name}.png')))
    difference = np.abs(cv2.imread(str(saved)).astype(int) - official)
    assert difference.max() <= 1


def count(module):
    return sum(p.numel() for p in module.parameters())


def test_parameter_counts():
    assert count(SceneModule()) == 1161
    assert count(SceneModule(num_stages=1)) == 387
    detector = SceneModule(SCENE_FACE_DETECTION, warm_start='detector')
    # by hand: five 1x1 of 12, one 3x3 of 84, a fusing 1x1 of 39, three stages
    assert count(detector) == 3 * (5 * 12 + 84 + 39)
    assert SceneModule().stages[0].genotype == SCENE_ENHANCEMENT


def test_paper_form_is_the_paper():
    module = SceneModule(**PAPER_FORM)
    assert (module.update, module.warm_start_source) == (
        'residual',
        'illumination',
    )
    assert module.window % 2 == 1  # centred
    assert module.warm_start == 'rectified'


def test_strength():
    y = torch.rand(1, 3, 9, 9) * 0.4
    module = SceneModule()
    full = module(y)
    module.strength = 0
    assert torch.equal(module(y), y)
    means = []
    for strength in (0, 0.25, 0.5, 0.75, 1):
        module.strength = strength
        means.append(module(y).mean().item())
    assert means == sorted(means) and len(set(means)) == 5
    assert torch.equal(module(y), full)


@pytest.mark.parametrize('size', [(1, 1), (1, 7), (7, 1), (2, 3), (33, 65)])
@pytest.mark.parametrize('window', [1, 2, 3, 5])
def test_any_size(size, window):
    x = torch.rand(1, 3, *size)
    assert torch.equal(window_maximum(x, window), maximum_by_hand(x, window))
    assert SceneModule(window=window)(x).shape == x.shape


@pytest.mark.parametrize(
    'form', FORMS, ids=lambda f: '-'.join(str(v) for v in f.values())
)
def test_stages_in_tiles_equal_the_whole(form):
    module = SceneModule(**form).double()
    y = torch.rand(2, 3, 19, 25, dtype=torch.double)
    with torch.no_grad():
        expected = module.unroll(y)
        assert torch.equal(module(y), expected.reflectances[-1])
        for tile in (None, 6, 10):
            u, t = module.decompose(y, tile=tile)
            assert torch.equal(module.enhance(y, tile=tile), u)
            torch.testing.assert_close(t, expected.illuminations[-1])
            torch.testing.assert_close(u, expected.reflectances[-1])


def test_images_of_a_batch_are_independent():
    module = SceneModule()
    y = torch.rand(3, 3, 20, 24)
    together = module(y)
    alone = torch.cat([module(image[None]) for image in y])
    torch.testing.assert_close(together, alone, atol=1e-6, rtol=0)


def test_gradients_are_right():
    module = SceneModule(update='residual').double()
    y = torch.rand(1, 3, 4, 5, dtype=torch.double) * 0.3 + 0.2
    y.requires_grad_(True)
    assert torch.autograd.gradcheck(
        lambda v: module.unroll(v).illuminations[-1], y
    )


def test_recomputation_gives_the_same_gradients():
    y = torch.rand(1, 3, 16, 16)
    gradients = []
    for with_cp in (False, True):
        torch.manual_seed(0)
        module = SceneModule(with_cp=with_cp)
        module(y).mean().backward()
        gradients.append([p.grad for p in module.parameters()])
    for a, b in zip(*gradients):
        torch.testing.assert_close(a, b)


def test_autocast_does_not_touch_the_scene():
    module = SceneModule()
    y = torch.rand(1, 3, 16, 16)
    plain = module(y)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        output = module(y)
    assert output.dtype == torch.float32
    assert torch.equal(output, plain)
    exact = module.double()(y.double())
    torch.testing.assert_close(output.double(), exact, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    'argument, value',
    [
        ('update', 'softmax'),
        ('warm_start', 'cold'),
        ('warm_start_source', 'y'),
        ('gamma', 1.5),
        ('gamma', -0.1),
        ('strength', 1.1),
        ('num_stages', 0),
        ('num_stages', 2.5),
        ('window', 0),
        ('illumination_range', (0, 1)),
        ('illumination_range', (0.5, 0.2)),
        ('genotype', ['3-C'] * 6),
        ('genotype', ['9-C'] * 7),
    ],
)
def test_bad_arguments_are_refused(argument, value):
    with pytest.raises(ValueError, match=argument):
        SceneModule(**{argument: value})


@pytest.mark.parametrize(
    'y',
    [
        torch.zeros(3, 8, 8),
        torch.zeros(1, 1, 8, 8),
        torch.zeros(1, 4, 8, 8),
        torch.zeros(1, 3, 8, 8, dtype=torch.uint8),
    ],
)
def test_bad_inputs_are_refused(y):
    with pytest.raises(ValueError, match='allowed'):
        SceneModule()(y)


@pytest.mark.parametrize(
    'name, value',
    [('strength', 5), ('strength', -1), ('tile', 0), ('tile', -1)],
)
def test_bad_arguments_of_enhance(name, value):
    with pytest.raises(ValueError, match=f'{name}={value}, allowed'):
        SceneModule().enhance(torch.rand(1, 3, 8, 8), **{name: value})


def test_pictures_from_numpy_are_in_double_precision():
    scene, y = SceneModule(), torch.rand(1, 3, 8, 8, dtype=torch.double)
    for use in (scene, scene.enhance):
        assert torch.equal(use(y), use(y.float()))

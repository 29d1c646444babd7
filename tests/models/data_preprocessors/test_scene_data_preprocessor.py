"""One preprocessor in front of three hosts."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn as nn
from mmengine.model import BaseModel
from mmengine.runner import save_checkpoint
from two_processes import run_two

from ruas_mm.models import SceneDataPreprocessor, SceneModule
from ruas_mm.registry import MODELS

NORMALISE = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
HOSTS = dict(
    mmdet=dict(type='DetDataPreprocessor', bgr_to_rgb=True, **NORMALISE),
    mmseg=dict(
        type='SegDataPreProcessor', bgr_to_rgb=True, size=(40, 40), **NORMALISE
    ),
    mmpretrain=dict(to_rgb=True, **NORMALISE),  # its configs give no type
)


def make_samples(name, images):
    shapes = [tuple(image.shape[1:]) for image in images]
    if name == 'mmdet':
        from mmdet.structures import DetDataSample as Sample
    elif name == 'mmseg':
        from mmengine.structures import PixelData
        from mmseg.structures import SegDataSample as Sample
    else:
        from mmpretrain.structures import DataSample as Sample
    samples = [
        Sample(metainfo=dict(img_shape=shape, ori_shape=shape, img_path=''))
        for shape in shapes
    ]
    if name == 'mmseg':
        for sample, shape in zip(samples, shapes):
            sample.gt_sem_seg = PixelData(data=torch.zeros(1, *shape).long())
    return samples


def make(host_cfg, **kwargs):
    scene = dict(type='ruas_mm.SceneModule', **kwargs.pop('scene', {}))
    return MODELS.build(
        dict(
            type='ruas_mm.SceneDataPreprocessor',
            scene=scene,
            data_preprocessor=copy.deepcopy(host_cfg),
            host='mmpretrain.ImageClassifier',  # where no type is given
            **kwargs,
        )
    )


def dark_images(*sizes):
    return [
        torch.from_numpy(np.random.randint(0, 70, (3, *size), dtype=np.uint8))
        for size in sizes
    ]


@pytest.mark.parametrize('name', HOSTS)
def test_equals_host_on_enhanced_pictures(name, host):
    host(name)
    preprocessor = make(HOSTS[name])
    images = dark_images((32, 40), (40, 24))
    samples = make_samples(name, images)
    ours = preprocessor(
        dict(inputs=images, data_samples=samples), training=True
    )
    # by hand: BGR -> RGB in [0, 1] -> scene -> BGR in [0, 255] -> host
    enhanced = [
        preprocessor.scene(image.flip(0)[None] / 255.0)[0] for image in images
    ]
    expected = preprocessor.data_preprocessor(
        dict(
            inputs=[u.flip(0) * 255 for u in enhanced],
            data_samples=make_samples(name, images),
        ),
        training=True,
    )
    torch.testing.assert_close(ours['inputs'], expected['inputs'])
    brighter = ours['inputs'].mean() > (
        preprocessor.data_preprocessor(
            dict(inputs=images, data_samples=samples), training=True
        )['inputs'].mean()
    )
    assert brighter


@pytest.mark.parametrize('name', HOSTS)
def test_result_does_not_depend_on_the_batch(name, host):
    host(name)
    preprocessor = make(HOSTS[name]).eval()
    images = dark_images((40, 40), (40, 40), (40, 40))
    together = preprocessor(dict(inputs=images))['inputs']
    for image, result in zip(images, together):
        alone = preprocessor(dict(inputs=[image]))['inputs'][0]
        torch.testing.assert_close(result, alone, atol=1e-4, rtol=0)


def test_default_is_what_detectors_like():
    host = dict(type='mmdet.DetDataPreprocessor')
    by_default = SceneDataPreprocessor(data_preprocessor=host).scene
    assert by_default.scene.tone.amount < 1
    assert type(by_default.noise_remover).__name__ == 'ChromaSmoother'
    with pytest.raises(ValueError, match='data_preprocessor=None'):
        SceneDataPreprocessor()


def test_stacked_inputs_and_channel_order(host):
    host('mmdet')
    torch.manual_seed(0)
    bgr = make(HOSTS['mmdet'])
    rgb = make(dict(HOSTS['mmdet'], bgr_to_rgb=False), channel_order='rgb')
    rgb.load_state_dict(bgr.state_dict())
    images = torch.stack(dark_images((16, 16), (16, 16)))
    torch.testing.assert_close(
        bgr(dict(inputs=images))['inputs'],
        rgb(dict(inputs=list(images.flip(1))))['inputs'],
    )


def test_attached_scene(host):
    host('mmdet')
    preprocessor = make(HOSTS['mmdet'], attach_scene=True)
    images = dark_images((16, 20), (24, 16))
    samples = make_samples('mmdet', images)
    out = preprocessor(dict(inputs=images, data_samples=samples))
    for image, sample in zip(images, out['data_samples']):
        y = image.flip(0)[None] / 255.0
        scene = preprocessor.scene.unroll(y)
        torch.testing.assert_close(
            sample.scene.enhanced, scene.reflectances[-1][0]
        )
        torch.testing.assert_close(
            sample.scene.illumination, scene.illuminations[-1][0]
        )
    with pytest.raises(ValueError, match='data_samples'):
        preprocessor(dict(inputs=images))


def test_photometric_overshoot_is_clamped(host):
    host('mmdet')
    image = torch.rand(3, 8, 8) * 400 - 60  # as PhotoMetricDistortion leaves
    out = make(HOSTS['mmdet'])(dict(inputs=[image]))['inputs']
    assert torch.isfinite(out).all()


def test_pixels_of_16_bits_are_refused(host):
    host('mmdet')
    preprocessor = make(HOSTS['mmdet'])
    image = torch.full((3, 8, 8), 255, dtype=torch.int32)
    assert torch.isfinite(preprocessor(dict(inputs=[image]))['inputs']).all()
    with pytest.raises(ValueError, match='inputs of torch.int32 up to 65535'):
        preprocessor(dict(inputs=[image * 257]))


@pytest.fixture
def scene_checkpoint(tmp_path):
    torch.manual_seed(7)
    scene = SceneModule()
    path = tmp_path / 'scene.pth'
    state = {f'scene.{k}': v for k, v in scene.state_dict().items()}
    save_checkpoint(dict(state_dict=state), str(path))
    return str(path), scene.state_dict()


def pretrained(path, prefix='scene'):
    return dict(
        init_cfg=dict(type='Pretrained', checkpoint=path, prefix=prefix)
    )


class Toy(BaseModel):
    """A host model that needs nothing of a host."""

    def __init__(self, data_preprocessor, init_cfg=None):
        super().__init__(data_preprocessor, init_cfg)
        self.head = nn.Conv2d(3, 1, 1)

    def forward(self, inputs, data_samples=None, mode='tensor'):
        out = self.head(inputs).flatten(1).mean(1)
        return dict(loss=(out**2).mean()) if mode == 'loss' else out


def toy(**kwargs):
    host_cfg = dict(type='mmengine.ImgDataPreprocessor', **NORMALISE)
    return Toy(make(host_cfg, **kwargs))


@pytest.mark.parametrize('by', ['init_weights', 'first use'])
def test_pretrained_scene_is_loaded(by, scene_checkpoint):
    path, expected = scene_checkpoint
    model = toy(scene=pretrained(path))
    if by == 'init_weights':
        model.init_weights()
    else:  # test tools never call init_weights
        model.eval().test_step(dict(inputs=dark_images((8, 8))))
    for key, value in model.data_preprocessor.scene.state_dict().items():
        assert torch.equal(value, expected[key])


def test_trained_checkpoint_replaces_the_pretrained_file(scene_checkpoint):
    path, _ = scene_checkpoint
    trained = toy().state_dict()
    model = toy(scene=pretrained('/nowhere/scene.pth'))
    model.load_state_dict(trained)
    model.eval().test_step(dict(inputs=dark_images((8, 8))))
    assert torch.equal(
        model.state_dict()['data_preprocessor.scene.stages.0.fuse.weight'],
        trained['data_preprocessor.scene.stages.0.fuse.weight'],
    )


@pytest.mark.parametrize(
    'scene, message',
    [
        (dict(prefix='enhancer'), "Prefixes where it would fit: \\['scene'"),
        (dict(genotype=['3-C'] * 7), 'edges.0.bias'),
        (dict(num_stages=2), 'unexpected.*stages.2'),
        (dict(genotype=['SC', '3-RC'] + ['3-C'] * 5), 'other shapes|missing'),
    ],
)
def test_pretrained_that_does_not_fit_fails(scene, message, scene_checkpoint):
    path, _ = scene_checkpoint
    prefix = scene.pop('prefix', 'scene')
    model = toy(scene=dict(scene, **pretrained(path, prefix)))
    with pytest.raises(ValueError, match=message):
        model.init_weights()


def test_host_checkpoint_trains_but_does_not_test_without_scene():
    model = toy()
    host_only = {
        k: v for k, v in model.state_dict().items() if k.startswith('head')
    }
    missing = model.load_state_dict(host_only, strict=False).missing_keys
    assert missing and all(
        k.startswith('data_preprocessor.scene.') for k in missing
    )
    data = dict(inputs=dark_images((8, 8)))
    with pytest.raises(ValueError, match='random weights'):
        model.eval().test_step(data)
    model.train()
    model(**model.data_preprocessor(data, True), mode='loss')
    model.eval().test_step(data)  # trained now


def test_checkpoint_of_another_genotype_is_refused():
    other = toy(scene=dict(genotype=['3-C'] * 7)).state_dict()
    with pytest.raises(ValueError, match='genotype'):
        toy().load_state_dict(other, strict=False)


def test_frozen_scene_is_not_trained(scene_checkpoint):
    path, _ = scene_checkpoint
    model = toy(frozen=True, scene=pretrained(path)).train()
    assert not model.data_preprocessor.scene.training
    data = model.data_preprocessor(dict(inputs=dark_images((8, 8))), True)
    model(**data, mode='loss')['loss'].backward()
    assert model.head.weight.grad is not None
    assert all(
        p.grad is None and not p.requires_grad
        for p in model.data_preprocessor.scene.parameters()
    )
    with pytest.raises(ValueError, match='frozen'):
        toy(frozen=True).data_preprocessor(dict(inputs=dark_images((8, 8))))


def test_keys_of_the_host_are_unprefixed():
    keys = toy().state_dict()
    assert {k.split('.')[0] for k in keys} == {'head', 'data_preprocessor'}
    assert 'data_preprocessor.scene.stages.2.fuse.bias' in keys


def test_device_reaches_both_preprocessors():
    model = toy().to('cpu')
    assert model.data_preprocessor.device == torch.device('cpu')
    assert model.data_preprocessor.data_preprocessor.device == torch.device(
        'cpu'
    )


@pytest.mark.parametrize(
    'inputs, message',
    [
        (dict(a=1), 'inputs has a value of int'),
        ('dark.jpg', 'inputs has a value of str'),
        ([torch.zeros(1, 8, 8)], r'shape \(1, 8, 8\).*color_type'),
    ],
)
def test_bad_inputs_are_refused(inputs, message):
    with pytest.raises(ValueError, match=message):
        toy().data_preprocessor(dict(inputs=inputs))


def test_bad_channel_order_is_refused():
    with pytest.raises(ValueError, match="'gbr'"):
        SceneDataPreprocessor(
            SceneModule(), nn.Identity(), channel_order='gbr'
        )


WORKER = Path(__file__).with_name('ddp_worker.py')


def test_two_processes_average_scene_gradients(tmp_path):
    codes, outputs = run_two(WORKER, lambda rank: [tmp_path / f'{rank}.pt'])
    assert codes == [0, 0], outputs[0][-3000:]
    first, second = (torch.load(tmp_path / f'{r}.pt') for r in range(2))

    from ddp_worker import build, pictures

    model = build()
    data = model.data_preprocessor(dict(inputs=pictures()), True)
    model(**data, mode='loss')['loss'].backward()
    checked = 0
    for name, parameter in model.named_parameters():
        expected = parameter.grad
        assert torch.equal(first[name], second[name])
        # gradients of the host's layer are above 1: rounding of float32
        rtol = 0 if 'scene' in name else 2e-6
        torch.testing.assert_close(first[name], expected, atol=1e-6, rtol=rtol)
        checked += 'scene' in name and bool(expected.abs().max() > 1e-5)
    assert checked > 20  # scene tensors with a gradient worth comparing

"""However a segmentor is run, each picture is enhanced as it is alone."""

import cv2
import numpy as np
import pytest
import torch
from host_models import segmentor, with_front
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import TRANSFORMS
from mmengine.structures import PixelData

from ruas_mm.models.enhancers.loading import build_enhancer
from ruas_mm.registry import MODELS

pytest.importorskip('mmseg')
MODES = dict(
    whole=dict(mode='whole'),
    slide=dict(mode='slide', crop_size=(48, 48), stride=(32, 32)),
)
SIZES = ((64, 96), (48, 80), (90, 61))
KEYS = ('data_samples', 'inputs')


@pytest.fixture(autouse=True)
def scope(host):
    host('mmseg')


def build(mode='whole'):
    cfg, _ = segmentor()
    preprocessor = cfg['data_preprocessor']
    preprocessor.update(size=None, test_cfg=dict(size=(96, 96)))
    cfg['backbone'].update(base_channels=8)
    cfg['decode_head'].update(in_channels=64)
    cfg['test_cfg'] = MODES[mode]
    front = dict(scene='ruas_s', frozen=True, attach_scene=True)
    return MODELS.build(with_front(cfg, **front)).eval()


@pytest.fixture
def files(tmp_path):
    """Dark pictures of several sizes, smooth and noisy."""
    paths = []
    for seed, size in enumerate(SIZES):
        state = np.random.RandomState(seed)
        picture = state.randint(0, 30 + 40 * seed, (*size, 3))
        path = tmp_path / f'{seed}.png'
        cv2.imwrite(
            str(path), cv2.blur(picture.astype(np.uint8), (1 + 4 * seed,) * 2)
        )
        paths.append(str(path))
    return paths


def load(path, *transforms):
    pipeline = [
        dict(type='LoadImageFromFile'),
        *transforms,
        dict(type='PackSegInputs'),
    ]
    return Compose([TRANSFORMS.build(t) for t in pipeline])(
        dict(img_path=path)
    )


def enhanced_alone(picture):
    """RGB in [0, 1] from the loader's BGR."""
    y = picture.flip(0)[None].float() / 255
    return build_enhancer('ruas_s').eval().enhance(y)[0]


def test_training_batch_of_different_sizes(files):
    items = [load(path) for path in files]
    for item in items:
        labels = torch.zeros(1, *item['inputs'].shape[1:], dtype=torch.long)
        item['data_samples'].gt_sem_seg = PixelData(data=labels)
    preprocessor = build().data_preprocessor
    host = preprocessor.data_preprocessor
    host.size = (96, 96)  # the largest of each side, at least
    data = preprocessor(pseudo_collate(items), True)
    for item, sample, seen in zip(items, *map(data.get, KEYS)):
        enhanced = enhanced_alone(item['inputs'])
        assert torch.equal(sample.scene.enhanced, enhanced)
        height, width = enhanced.shape[1:]
        normalised = (255 * enhanced.flip(0) - host.mean) / host.std
        torch.testing.assert_close(seen[:, :height, :width], normalised)
        assert not seen[:, height:].any() and not seen[..., width:].any()


@pytest.mark.parametrize('mode', MODES)
def test_batch_gives_what_each_picture_gives_alone(mode, files):
    """mmseg tests pictures of one size together, others one by one."""
    resize = dict(type='Resize', scale=(80, 64), keep_ratio=False)
    items = [load(path, resize) for path in files]
    model = build(mode)
    together = model.test_step(pseudo_collate(items))
    for item, sample in zip(items, together):
        torch.testing.assert_close(  # sums in another order
            sample.scene.enhanced,
            enhanced_alone(item['inputs']),
            atol=1e-5,
            rtol=0,
        )
        (alone,) = model.test_step(pseudo_collate([item]))
        torch.testing.assert_close(
            sample.seg_logits.data, alone.seg_logits.data
        )


def test_windows_see_the_picture_enhanced_as_a_whole(files):
    seen = []
    model = build('slide')
    model.backbone.register_forward_pre_hook(
        lambda module, inputs: seen.append(inputs[0])
    )
    item = load(files[0])
    model.test_step(pseudo_collate([item]))
    assert len(seen) == 9  # of 96x96 pixels
    host = model.data_preprocessor.data_preprocessor
    bgr = 255 * enhanced_alone(item['inputs']).flip(0)
    normalised = (bgr - host.mean) / host.std
    torch.testing.assert_close(seen[0][0], normalised[:, :48, :48])
    torch.testing.assert_close(seen[1][0], normalised[:, :48, 32:80])


@pytest.mark.parametrize('mode', MODES)
def test_views_of_test_time_augmentation(mode, files):
    factors, flips = (0.5, 1.0, 1.25), (0.0, 1.0)
    views = dict(
        type='TestTimeAug',
        transforms=[
            [
                dict(type='Resize', scale_factor=factor, keep_ratio=True)
                for factor in factors
            ],
            [dict(type='RandomFlip', prob=prob) for prob in flips],
            [dict(type='PackSegInputs')],
        ],
    )
    load_views = Compose(
        [TRANSFORMS.build(t) for t in (dict(type='LoadImageFromFile'), views)]
    )
    model = build(mode)
    host = model.data_preprocessor.data_preprocessor
    host.test_cfg = dict(size_divisor=32)  # views grow
    with_views = MODELS.build(dict(type='SegTTAModel', module=model))
    seen = []
    model.data_preprocessor.register_forward_hook(
        lambda module, inputs, output: seen.append(output)
    )
    path = files[0]
    (result,) = with_views.test_step(
        pseudo_collate([load_views(dict(img_path=path))])
    )
    assert result.pred_sem_seg.shape[-2:] == SIZES[0]
    assert len(seen) == len(factors) * len(flips)
    combinations = [(factor, flip) for factor in factors for flip in flips]
    for (factor, flip), output in zip(combinations, seen):
        resize = dict(type='Resize', scale_factor=factor, keep_ratio=True)
        alone = load(path, resize, dict(type='RandomFlip', prob=flip))
        (sample,) = output['data_samples']
        assert torch.equal(
            sample.scene.enhanced, enhanced_alone(alone['inputs'])
        )
        assert sample.flip == bool(flip)

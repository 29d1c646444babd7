"""Whatever has the interface of an enhancer stands in front of any host."""

import copy
import io
import pickle

import pytest
import torch
from host_models import HOSTS, prepare, with_front
from mmengine.config import ConfigDict
from mmengine.model import ExponentialMovingAverage
from mmengine.optim import OptimWrapper
from mmengine.structures import BaseDataElement
from torch import nn

from ruas_mm.models import (
    Enhancer,
    SceneDataPreprocessor,
    SceneModule,
    load_enhancer,
)
from ruas_mm.models.architecture import architecture_parameters
from ruas_mm.models.pretrained import Known
from ruas_mm.models.searched_convolutions import SearchedConvolutions
from ruas_mm.registry import MODELS
from ruas_mm.search.architecture_step import ArchitectureStep


@MODELS.register_module()
class TenLines(nn.Module):
    """As a reader of the README would write one."""

    def __init__(self):
        super().__init__()
        self.gamma = nn.Parameter(torch.tensor(0.5))

    def forward(self, y):
        return y.clamp(min=1e-3) ** self.gamma

    @torch.no_grad()
    def enhance(self, y, strength=None, tile=None):
        return self(y) if strength is None else y.lerp(self(y), strength)


SCENES = {
    'five lines': dict(type='ruas_mm.SceneModule'),
    'ruas_s': 'ruas_s',
    'ruas': 'ruas',
    'ruas_a': dict(type='ruas_a', noise_threshold=0.0),
    'ten lines': dict(type='ruas_mm.TenLines'),
}
SOME = ['five lines', 'ruas_a', 'ten lines']
TTA = ConfigDict(
    mmdet=dict(
        type='DetTTAModel',
        tta_cfg=dict(nms=dict(type='nms', iou_threshold=0.5), max_per_img=3),
    ),
    mmseg=dict(type='SegTTAModel'),
    mmpretrain=dict(type='AverageClsScoreTTA'),
)


@pytest.fixture
def build(host):
    """A host's small model behind an enhancer, and its batch."""

    def with_batch(name, scene, **arguments):
        model, batch = prepare(name, host)
        torch.manual_seed(0)
        cfg = with_front(model, scene=SCENES[scene], **arguments)
        model = MODELS.build(cfg)
        if scene == 'five lines':  # as if trained
            model.data_preprocessor.scene.origin = Known('a test')
        return model, batch

    return with_batch


def train_step(model, batch):
    sgd = torch.optim.SGD(
        [p for p in model.parameters() if p.requires_grad], lr=1e-3
    )
    return model.train().train_step(copy.deepcopy(batch), OptimWrapper(sgd))


def predict(model, batch):
    results = model.eval().test_step(copy.deepcopy(batch))
    for name in ('pred_instances', 'seg_logits', 'pred_score'):
        if name in results[0]:
            found = [sample.get(name) for sample in results]
    tensors = [getattr(x, 'scores', getattr(x, 'data', x)) for x in found]
    return torch.cat([tensor.flatten() for tensor in tensors])


def front_parameters(model):
    return dict(model.data_preprocessor.scene.named_parameters())


@pytest.mark.parametrize('name', HOSTS)
@pytest.mark.parametrize('scene', SCENES)
@pytest.mark.parametrize('frozen', [False, True])
def test_trains_frozen_or_not_and_predicts(build, name, scene, frozen):
    model, batch = build(name, scene, frozen=frozen)
    before = copy.deepcopy(front_parameters(model))
    assert all(p.requires_grad != frozen for p in before.values())
    losses = train_step(model, batch)
    assert torch.isfinite(losses['loss'])
    after = front_parameters(model)
    moved = [k for k, p in after.items() if not torch.equal(p, before[k])]
    # alone the estimator, which decides and is not differentiated, may rest
    needed = [k for k in after if not k.startswith('noise_estimator')]
    assert set(needed) <= set(moved) if not frozen else not moved
    assert torch.isfinite(predict(model, batch)).all()


@pytest.mark.parametrize('name', HOSTS)
@pytest.mark.parametrize('scene', SCENES)
def test_host_sees_what_the_enhancer_makes(build, name, scene):
    """Also one batch at once and one picture after another are the same."""
    model, batch = build(name, scene)
    front = model.eval().data_preprocessor
    with torch.no_grad():
        found = front(copy.deepcopy(batch))['inputs']
        for index, picture in enumerate(batch['inputs']):
            y = picture[None].flip(1) / 255
            u = front.scene.enhance(y).flip(1)[0] * 255
            torch.testing.assert_close(
                found[index], (u - 120) / 60, atol=1e-4, rtol=0
            )
    lit = torch.stack([f.mean() for f in found]) * 60 + 120
    dark = torch.stack([p.float().mean() for p in batch['inputs']])
    assert (lit > dark + 5).all()


@pytest.mark.parametrize('name', HOSTS)
@pytest.mark.parametrize('scene', SOME)
@pytest.mark.parametrize('constrained', [False, True])
def test_copies_and_pickles(build, host, name, scene, constrained):
    if constrained:
        cfg, batch = prepare(name, host)
        cfg = with_front(cfg, scene=SCENES[scene])
        cfg.update(type='ruas_mm.SceneConstrained', host=cfg.type)
        model = MODELS.build(cfg)
        if scene == 'five lines':
            model.data_preprocessor.scene.origin = Known('a test')
    else:
        model, batch = build(name, scene)
    expected = predict(model, batch)
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    copies = [
        copy.deepcopy(model),
        pickle.loads(pickle.dumps(model)),
        torch.load(file, weights_only=False),
        ExponentialMovingAverage(model).module,
    ]
    for other in copies:
        assert type(other) is type(model)
        torch.testing.assert_close(predict(other, batch), expected)
    train_step(copies[0], batch) if scene != 'ten lines' else None
    torch.testing.assert_close(predict(model, batch), expected)


@pytest.mark.parametrize('name', HOSTS)
@pytest.mark.parametrize('scene', SOME)
def test_moving_average_follows(build, name, scene):
    model, batch = build(name, scene)
    average = ExponentialMovingAverage(model, momentum=0.5)
    average.update_parameters(model)  # the first one copies
    before = copy.deepcopy(front_parameters(average.module))
    train_step(model, batch)
    average.update_parameters(model)
    for key, now in front_parameters(model).items():
        expected = (before[key] + now) / 2
        torch.testing.assert_close(
            front_parameters(average.module)[key], expected
        )
    assert torch.isfinite(predict(average.module, batch)).all()


@pytest.mark.parametrize('name', HOSTS)
@pytest.mark.parametrize('scene', SOME)
def test_test_time_augmentation(build, name, scene):
    model, batch = build(name, scene)
    augmented = MODELS.build(dict(TTA[name], module=model))
    views = {
        key: [value, copy.deepcopy(value)] for key, value in batch.items()
    }
    for samples in views['data_samples']:
        for sample in samples:
            sample.set_metainfo(dict(flip=False, flip_direction=None))
    found, expected = predict(augmented, views), predict(model, batch)
    if name == 'mmpretrain':  # the mean of two equal views
        torch.testing.assert_close(found, expected)
    assert torch.isfinite(found).all()


def test_constraint_needs_an_illumination_for_its_loss(host):
    cfg, batch = prepare('mmdet', host)
    cfg = with_front(cfg, scene=SCENES['ten lines'])
    cfg.update(type='ruas_mm.SceneConstrained', host=cfg.type)
    model = MODELS.build(cfg)
    with pytest.raises(ValueError, match='illumination.*decompose'):
        train_step(model, batch)


@pytest.mark.parametrize(
    'scene, message',
    [
        ('ruas_b', "scene='ruas_b', allowed: .*'ruas_s', 'ruas', 'ruas_a'"),
        (nn.Identity(), 'scene is a Identity, allowed: an enhancer'),
        (dict(type='ruas_s', scene=dict(depth=3)), 'depth'),
        (dict(type='ruas_s', variant='RUAS'), "with \\['variant'\\]"),
        (dict(type='ruas', scene=dict(init_cfg={})), 'weights=FILE'),
        (dict(variant='RUAS_S'), 'scene=None, allowed'),
        ('', "scene='', allowed"),
        (dict(type='ruas_s', weights=5), 'weights=5, allowed: None or a file'),
        (dict(type='ruas_s', weights=''), "weights='', allowed: None or a f"),
    ],
)
def test_what_is_no_enhancer_is_refused(scene, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(
            dict(
                type='ruas_mm.SceneDataPreprocessor',
                scene=scene,
                data_preprocessor=dict(type='ImgDataPreprocessor'),
            )
        )


def test_names_of_the_zoo_bring_weights_and_settings():
    front = MODELS.build(
        dict(
            type='ruas_mm.SceneDataPreprocessor',
            scene=dict(type='RUAS_S', scene=dict(strength=0.5)),
            data_preprocessor=dict(type='ImgDataPreprocessor'),
        )
    )
    assert front.scene.scene.strength == 0.5
    assert front.scene.scene.shrink == 4  # that of the packaged file
    before = copy.deepcopy(front.state_dict())
    front.init_weights()
    for key, value in front.state_dict().items():
        assert torch.equal(value, before[key])
    assert isinstance(front.scene.scene, SceneModule)


SUPERNET = dict(
    type='ruas_mm.LowLightEnhancer',
    variant='RUAS',
    scene=dict(genotype=None, num_stages=1),
    noise_remover=dict(genotype=None, num_cells=1),
)


def alphas_that_move(model, part, batch):
    """Names of alphas that one architecture step changes."""
    model.train()
    sgd = torch.optim.SGD(model.parameters(), lr=1e-3)
    alphas = architecture_parameters(model)
    before = copy.deepcopy(alphas)
    adam = torch.optim.Adam(alphas.values(), lr=0.01)
    step = ArchitectureStep(
        model, OptimWrapper(sgd), adam, 'finite_difference'
    )
    step(part, 1.0, batch, copy.deepcopy(batch))
    return {k for k, a in alphas.items() if not torch.equal(a, before[k])}


@pytest.mark.parametrize('name', HOSTS)
def test_whole_enhancer_is_searched_as_the_scene(host, name):
    cfg, batch = prepare(name, host)
    cfg = with_front(cfg, scene=SUPERNET)
    cfg.update(type='ruas_mm.SceneConstrained', host=cfg.type)
    model = MODELS.build(cfg)
    scene = architecture_parameters(model, 'scene')
    assert set(scene) == {
        'data_preprocessor.scene.scene.alphas',
        'data_preprocessor.scene.noise_remover.alphas',
    }
    assert not architecture_parameters(model, 'task')
    assert alphas_that_move(model, 'scene', batch) == set(scene)


def test_a_neck_is_searched_behind_any_enhancer(host):
    from mmdet.models.necks import FPN

    @MODELS.register_module(force=True)
    class SearchedFPN(SearchedConvolutions, FPN):
        def __init__(self, *, genotype, **kwargs):
            super().__init__(**kwargs)
            self.put_cells(genotype)

        def searched_places(self):
            return [(level, 'conv') for level in self.fpn_convs]

    cfg, batch = prepare('mmdet', host)
    cfg = with_front(cfg, scene=SCENES['ten lines'])
    cfg.neck.update(type='ruas_mm.SearchedFPN', genotype=None)
    model = MODELS.build(cfg)
    alphas = architecture_parameters(model)
    assert set(alphas) == {f'neck.fpn_convs.{i}.conv.alphas' for i in (0, 1)}
    assert architecture_parameters(model, 'task').keys() == alphas.keys()
    assert alphas_that_move(model, 'end_to_end', batch) == set(alphas)
    assert len(model.neck.derive()) == 2


class Weightless(Enhancer):
    def forward(self, y):
        return y.sqrt()


class Around(Enhancer):
    """All its weights are those of another enhancer."""

    def __init__(self):
        super().__init__()
        self.inner = load_enhancer('RUAS_S')

    def forward(self, y):
        return self.inner(y)


class Own(Enhancer):
    def __init__(self, init_cfg=None):
        super().__init__(init_cfg)
        self.gamma = nn.Parameter(torch.tensor(9.0))

    def forward(self, y):
        return y**self.gamma


def front_of(enhancer, **arguments):
    return SceneDataPreprocessor(
        enhancer, dict(type='ImgDataPreprocessor'), **arguments
    ).eval()


def dark():
    return dict(inputs=[torch.full((3, 8, 8), 10, dtype=torch.uint8)])


@pytest.mark.parametrize('kind', [Weightless, Around])
def test_frozen_enhancers_without_random_weights(kind):
    assert front_of(kind(), frozen=True)(dark())['inputs'].mean() > 15


def test_weights_of_an_enhancer_of_ones_own(tmp_path):
    """They load before the first use, also where nobody initialises."""
    with pytest.raises(ValueError, match='Own has random weights'):
        front_of(Own(), frozen=True)(dark())
    torch.save(dict(gamma=torch.tensor(0.5)), tmp_path / 'own.pth')
    entry = dict(type='Pretrained', checkpoint=str(tmp_path / 'own.pth'))
    front = front_of(Own(entry))
    assert front(dark())['inputs'].mean() > 15
    assert front.scene.gamma == 0.5


def test_samples_are_copied_with_their_scene():
    """As mmdet's two-stage detectors do in their loss."""
    front = front_of('ruas_s', attach_scene=True, channel_order='bgr').train()
    data = dict(dark(), data_samples=[BaseDataElement()])
    (sample,) = front(data, True)['data_samples']
    assert sample.scene.enhanced.requires_grad
    copied = copy.deepcopy(sample)
    assert copied.scene.enhanced is sample.scene.enhanced
    data['data_samples'] *= 2
    with pytest.raises(ValueError, match='2 data_samples.*the 1 inputs'):
        front(data, True)

"""Parts of an enhancer load strictly, or testing is an error."""

import pytest
import torch
from mmengine.runner import load_checkpoint

from ruas_mm.registry import MODELS

CLASSES = dict(
    scene='SceneModule',
    noise_remover='NoiseRemover',
    noise_estimator='NoiseEstimator',
)
NOISE = ['noise_remover', 'noise_estimator']


def build(name, **arguments):
    return MODELS.build(dict(type=f'ruas_mm.{name}', **arguments))


@pytest.fixture
def checkpoint(tmp_path):
    """A trained RUAS_A, to be changed before it is written."""

    def write(change=lambda state: None):
        state = build('LowLightEnhancer').state_dict()
        change(state)
        path = tmp_path / 'trained.pth'
        torch.save(dict(state_dict=state), path)
        return str(path), state

    return write


def pretrained(path, prefix):
    return dict(type='Pretrained', checkpoint=path, prefix=prefix)


@pytest.mark.parametrize('part', CLASSES)
@pytest.mark.parametrize('way', ['init_weights', 'first use'])
def test_pretrained_part_is_loaded(checkpoint, part, way):
    path, state = checkpoint()
    module = build(CLASSES[part], init_cfg=pretrained(path, part)).eval()
    if way == 'init_weights':
        module.init_weights()
    else:
        module(torch.rand(1, 3, 4, 4))
    for key, value in module.state_dict().items():
        assert torch.equal(value, state[f'{part}.{key}'])


@pytest.mark.parametrize('part', NOISE)
def test_pretrained_part_inside_an_enhancer(checkpoint, part):
    path, state = checkpoint()
    settings = {part: dict(init_cfg=pretrained(path, part))}
    enhancer = build('LowLightEnhancer', **settings)
    enhancer.init_weights()
    for key, value in getattr(enhancer, part).state_dict().items():
        assert torch.equal(value, state[f'{part}.{key}'])


def first_key(state, part):
    return next(key for key in state if key.startswith(part))


def lose(state, part):
    del state[first_key(state, part)]


def add(state, part):
    state[f'{part}.scale'] = torch.rand(1)


def reshape(state, part):
    state[first_key(state, part)] = torch.rand(2, 2)


@pytest.mark.parametrize('part', NOISE)
@pytest.mark.parametrize(
    'change, message',
    [
        (lose, 'missing \\[.+\\], unexpected \\[\\], other shapes \\[\\]'),
        (add, "unexpected \\['scale'\\]"),
        (reshape, 'weight: \\(2, 2\\) instead of'),
    ],
)
def test_pretrained_part_must_fit(checkpoint, part, change, message):
    path, _ = checkpoint(lambda state: change(state, part))
    module = build(CLASSES[part], init_cfg=pretrained(path, part))
    with pytest.raises(ValueError, match=message):
        module.init_weights()


@pytest.mark.parametrize('part', NOISE)
def test_wrong_prefix_names_the_right_one(checkpoint, part):
    path, _ = checkpoint()
    module = build(CLASSES[part], init_cfg=pretrained(path, 'denoise'))
    with pytest.raises(ValueError, match=f"would fit: \\['{part}'\\]"):
        module.init_weights()


@pytest.mark.parametrize('part', CLASSES)
def test_testing_without_a_part_is_an_error(checkpoint, part):
    def drop(state):
        for key in [k for k in state if k.startswith(part)]:
            del state[key]

    path, _ = checkpoint(drop)
    # also where no picture passes the gate
    enhancer = build('LowLightEnhancer', noise_threshold=1e3).eval()
    load_checkpoint(enhancer, path)
    y = torch.rand(1, 3, 4, 4)
    with torch.no_grad():
        for use in (enhancer.enhance, enhancer.plain):
            with pytest.raises(
                ValueError, match=f'{CLASSES[part]} has random weights'
            ) as error:
                use(y)
            assert f'prefix={part!r}' in str(error.value)
    enhancer.train()  # from there, it may be trained
    enhancer(y, mode='loss')
    enhancer.eval().enhance(y)


def test_testing_with_every_part_works(checkpoint):
    path, state = checkpoint()
    enhancer = build('LowLightEnhancer').eval()
    load_checkpoint(enhancer, path)
    enhancer.enhance(torch.rand(1, 3, 4, 4))
    for key, value in enhancer.state_dict().items():
        assert torch.equal(value, state[key])


@pytest.mark.parametrize('part, last', zip(NOISE, ['to_noise', 'layers.8']))
def test_training_starts_from_almost_no_noise(part, last):
    module = build(CLASSES[part])
    before = module.state_dict()[f'{last}.weight'].clone()
    module.init_weights()
    state = module.state_dict()
    torch.testing.assert_close(state[f'{last}.weight'], before * 0.1)
    assert not state[f'{last}.bias'].any()


@pytest.mark.parametrize(
    'scene, named',
    [
        ('ruas_s', set()),
        ('ruas_a', set()),
        ({'type': 'ruas_mm.SceneModule'}, {'data_preprocessor'}),
    ],
)
@pytest.mark.parametrize('way', ['MMEngine', 'torch'])
def test_given_weights_are_not_missing_in_a_checkpoint_of_the_host(
    tmp_path, scene, named, way
):
    """But those of the host are, and those that nobody gave."""
    model = torch.nn.Module()
    model.data_preprocessor = build(
        'SceneDataPreprocessor',
        scene=scene,
        data_preprocessor=dict(type='mmdet.DetDataPreprocessor'),
    )
    model.head = torch.nn.Linear(2, 2)
    state = {'head.weight': torch.ones(2, 2)}
    before = {k: v.clone() for k, v in model.state_dict().items()}
    if way == 'torch':
        missing = model.load_state_dict(state, strict=False).missing_keys
    else:
        path = tmp_path / 'zoo.pth'
        torch.save(dict(state_dict=state), path)
        with pytest.raises(RuntimeError, match='missing keys') as error:
            load_checkpoint(model, str(path), strict=True)
        missing = str(error.value).split('state_dict: ')[1].split(', ')
    found = {key.strip().split('.')[0] for key in missing}
    assert found == {'head', *named}
    for key, value in model.state_dict().items():
        assert torch.equal(value, state.get(key, before[key]))

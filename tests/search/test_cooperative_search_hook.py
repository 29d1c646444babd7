"""The search by the stock loops: Algorithm 1, exact, in any of them."""

import copy
import json

import pytest
import torch
from search_runs import (
    enhancer,
    loader,
    make_pictures,
    make_runner,
    searched,
    snapshots,
    trained,
)

from ruas_mm.search.architecture_step import ArchitectureStep

STRATEGIES = ('cooperative', 'independent', 'global')
RATE, MOMENTUM, DECAY = 0.1, 0.9, 1e-3


@pytest.fixture
def pictures(tmp_path):
    return make_pictures(tmp_path / 'pictures')


def changed(before, after):
    """Parts whose weights, and whose alphas, have moved: 'sS' and so on."""
    letters = dict(scene='s', noise_remover='t')
    moved = set()
    for name in before:
        if not torch.equal(before[name], after[name]):
            letter = letters[name.split('.')[0]]
            is_alpha = name.endswith('alphas')
            moved.add(letter.upper() if is_alpha else letter)
    return ''.join(sorted(moved))


@pytest.mark.parametrize('by_epoch', [False, True])
@pytest.mark.parametrize(
    'strategy, expected',
    [
        ('cooperative', ['s', 'T', 'S', 'T']),
        ('independent', ['s', 'S', 'T', 'T']),
        ('global', ['st', 'ST', 'ST', 'ST']),
    ],
)
def test_each_phase_moves_its_own(
    pictures, tmp_path, strategy, expected, by_epoch
):
    hook = dict(strategy=strategy, warm_up=1)
    runner = make_runner(pictures, tmp_path / 'run', by_epoch, hook=hook)
    states = snapshots(runner)
    steps = 2 if by_epoch else 1
    moves = [
        changed(*pair) for pair in zip(states[::steps], states[steps::steps])
    ]
    # capitals: alphas; with them always the weights of the same part
    wanted = [''.join(sorted(set(x + x.lower()))) for x in expected]
    assert moves == wanted


def plain_loss(model, data, part, task_weight=None):
    """L^s + task_weight L^t, or L^t for a task; by the model's own names."""
    torch.manual_seed(7)
    model.trained_part = part
    losses = model(**model.data_preprocessor(data, True), mode='loss')
    scene = sum(v for k, v in losses.items() if k.startswith('loss_scene'))
    if part == 'task' or task_weight is None:
        return losses['loss_removal'] if part == 'task' else scene
    return scene + task_weight * losses['loss_removal']


def differences_by_hand(model, optimizer, part, train, val, beta):
    """Eq. (7) and (8) with real steps on deep copies, as DARTS writes it."""
    val_part = 'end_to_end' if part == 'scene' else 'task'
    prefix = dict(scene='scene.', task='noise_remover.')[part]
    names = [
        n for n, _ in model.named_parameters()
        if n.startswith(prefix) and not n.endswith('alphas')
    ]  # fmt: skip

    def twin():
        other = copy.deepcopy(model)
        other.requires_grad_(True)
        return other, dict(other.named_parameters())

    def alpha_of(parameters):
        return parameters[f'{prefix}alphas']

    virtual, moved = twin()
    plain_loss(virtual, train, part).backward()
    stepped = [moved[n] for n in names]
    sgd = torch.optim.SGD(stepped, RATE, MOMENTUM, weight_decay=DECAY)
    for n in names:
        buffer = optimizer.state.get(model.get_parameter(n), {})
        if buffer.get('momentum_buffer') is not None:
            sgd.state[moved[n]]['momentum_buffer'] = buffer[
                'momentum_buffer'
            ].clone()
    sgd.step()
    virtual.zero_grad()
    plain_loss(virtual, val, val_part, beta).backward()
    direct = alpha_of(moved).grad.clone()
    v = {n: moved[n].grad.clone() for n in names}
    radius = 0.01 / torch.cat([x.flatten() for x in v.values()]).norm()
    sides = []
    for sign in (1, -1):
        side, parameters = twin()
        for n in names:
            parameters[n].data.add_(sign * radius * v[n])
        plain_loss(side, train, part).backward()
        sides.append(alpha_of(parameters).grad.clone())
    return direct - RATE * (sides[0] - sides[1]) / (2 * radius)


@pytest.mark.parametrize('part', ['scene', 'task'])
def test_gradient_is_that_of_algorithm_1(
    pictures, tmp_path, part, monkeypatch
):
    beta = 0.7
    runner = make_runner(
        pictures,
        tmp_path / 'run',
        hook=dict(phases=dict(scene=3, task=3), beta=beta),
        length=6,
        model=enhancer('ReleasedNoiseLoss', fidelity=1.0),
    )
    checked = []

    def compare(self, part_now, weight, train, val):
        if part_now != part:
            return
        model = self.model
        expected = differences_by_hand(
            model, self.optim_wrapper.optimizer, part_now, train, val, weight
        )
        (found,) = self.gradients(part_now, weight, train, val).values()
        close = torch.cosine_similarity(
            found.flatten().double(), expected.flatten().double(), 0
        )
        difference = (found - expected).norm() / expected.norm()
        checked.append((close.item(), difference.item()))

    monkeypatch.setattr(ArchitectureStep, '__call__', compare)
    runner.train()
    assert len(checked) == 3
    for cosine, difference in checked:
        assert cosine > 0.9999 and difference < 0.01


def test_finite_differences_on_the_whole_supernet(
    pictures, tmp_path, monkeypatch
):
    cosines = []

    def compare(self, part, *arguments):
        if part == 'task':
            return  # the exact mode does not see the kinks of its l1 loss
        found = {}
        for self.gradient in ('exact', 'finite_difference', 'first_order'):
            (gradient,) = self.gradients(part, *arguments).values()
            found[self.gradient] = gradient.flatten()
        exact = found.pop('exact')
        cosines.append(
            [torch.cosine_similarity(exact, g, 0) for g in found.values()]
        )

    monkeypatch.setattr(ArchitectureStep, '__call__', compare)
    make_runner(pictures, tmp_path / 'run').train()
    assert len(cosines) == 2
    for finite_difference, first_order in cosines:
        assert finite_difference > 0.99
        assert finite_difference > first_order


@pytest.mark.parametrize(
    'by_epoch, settings',
    [
        (False, {}),
        (True, {}),
        (True, dict(crop=12)),
        (False, dict(optim_wrapper=dict(accumulative_counts=2))),
        (False, dict(optim_wrapper=dict(type='ruas_mm.Bf16OptimWrapper'))),
        (False, dict(hook=dict(strategy='global'))),
        (True, dict(other_hooks=[dict(type='EMAHook', momentum=0.5)])),
    ],
    ids=[
        'iterations',
        'epochs',
        'crops',
        'accumulation',
        'amp',
        'global',
        'averages',
    ],
)
def test_resumed_search_equals_the_uninterrupted(
    pictures, tmp_path, by_epoch, settings
):
    sgd = dict(type='SGD', lr=RATE, momentum=MOMENTUM, weight_decay=DECAY)
    settings = copy.deepcopy(settings)
    settings.setdefault('optim_wrapper', {})['optimizer'] = sgd
    crop = settings.pop('crop', None)
    if crop:
        settings['train_dataloader'] = loader(pictures, 'even', crop=crop)
    hook = dict(val_dataloader=loader(pictures, 'odd', 1, crop))
    settings['hook'] = {**hook, **settings.pop('hook', {})}

    def run(name, length, **more):
        runner = make_runner(
            pictures, tmp_path / name, by_epoch, length, **settings, **more
        )
        runner.train()
        return {**searched(runner), **trained(runner)}

    stop, end = (2, 3) if by_epoch else (4, 6)  # an epoch: two iterations
    whole = run('whole', end)
    torch.rand(5)  # random numbers of another process
    run('parts', stop)
    resumed = run('parts', end, resume=True)
    for name, tensor in whole.items():
        assert torch.equal(tensor, resumed[name]), name
    files = [
        (tmp_path / name / 'genotype.json').read_text()
        for name in ('whole', 'parts')
    ]
    assert json.loads(files[0])['genotype'] == json.loads(files[1])['genotype']


def test_averaging_leaves_the_search_as_it_is(pictures, tmp_path):
    averages = dict(type='EMAHook', momentum=0.5)
    found = []
    for others in ((), (averages,)):
        runner = make_runner(
            pictures, tmp_path / f'run{len(others)}', other_hooks=others
        )
        runner.train()
        found.append({**searched(runner), **trained(runner)})
    for name, tensor in found[0].items():
        assert torch.equal(tensor, found[1][name]), name


def test_accumulation_moves_alphas_once_for_each_weight_step(
    pictures, tmp_path
):
    sgd = dict(type='SGD', lr=RATE)
    runner = make_runner(
        pictures,
        tmp_path / 'run',
        length=6,
        hook=dict(strategy='global'),
        optim_wrapper=dict(optimizer=sgd, accumulative_counts=2),
    )
    states = snapshots(runner)
    moves = [changed(*pair) for pair in zip(states, states[1:])]
    assert moves == ['ST', 'st', 'ST', 'st', 'ST', 'st']


@pytest.mark.parametrize(
    'kind', ['ruas_mm.Bf16OptimWrapper', 'AmpOptimWrapper']
)
def test_mixed_precision_leaves_the_gradient_of_alpha(
    pictures, tmp_path, kind, monkeypatch
):
    monkeypatch.setattr(  # its grad scaler, on a CPU
        'mmengine.optim.optimizer.amp_optimizer_wrapper.is_cuda_available',
        lambda: True,
        raising=False,
    )
    sgd = dict(type='SGD', lr=RATE, momentum=MOMENTUM, weight_decay=DECAY)
    wrapper = dict(type=kind, optimizer=sgd)
    if kind == 'AmpOptimWrapper':
        wrapper['dtype'] = 'bfloat16'
    found = []
    for name, optim_wrapper in (
        ('plain', dict(optimizer=sgd)),
        ('amp', wrapper),
    ):
        runner = make_runner(
            pictures,
            tmp_path / name,
            optim_wrapper=optim_wrapper,
            hook=dict(strategy='global'),
        )
        states = snapshots(runner)
        found.append([s['scene.alphas'] for s in states])
    plain, amp = found
    assert not torch.equal(plain[0], plain[1])
    assert torch.equal(plain[1], amp[1])  # the first step, exactly

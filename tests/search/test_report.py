"""What a search leaves behind, and that bad input loses nothing."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from search_runs import loader, make_pictures, make_runner, searched

from ruas_mm.models.architecture import architecture_parameters
from ruas_mm.registry import MODELS
from ruas_mm.search.genotype_file import read_genotype, write_genotype
from ruas_mm.search.report import SearchReport, alpha_scalars, subnet_name

ROOT = Path(__file__).parents[2]
TRAIN_CONFIG = str(ROOT / 'configs/enhancement/ruas_lol.py')


@pytest.fixture
def pictures(tmp_path):
    return make_pictures(tmp_path / 'pictures')


def scalars_of(folder):
    (path,) = folder.glob('*/vis_data/scalars.json')
    return [json.loads(line) for line in path.read_text().splitlines()]


def log_of(folder):
    return max(folder.glob('*/*.log')).read_text()


def test_search_leaves_a_usable_network(pictures, tmp_path):
    run = tmp_path / 'run'
    runner = make_runner(
        pictures, run, hook=dict(train_config=TRAIN_CONFIG, interval=2)
    )
    runner.train()
    expected = dict(
        scene=runner.model.scene.derive(),
        noise_remover=runner.model.noise_remover.derive(),
    )
    assert read_genotype(run / 'genotype.json') == expected
    meta = json.loads((run / 'genotype.json').read_text())['search']
    assert meta['iteration'] == 4 and meta['strategy'] == 'cooperative'
    assert cv2.imread(str(run / 'genotype.png')).shape[0] > 800

    cfg = Config.fromfile(run / 'run_subnet.py')
    model = MODELS.build(cfg.model)
    assert list(model.scene.stages[0].genotype) == expected['scene']
    assert (
        list(model.noise_remover.cells[0].genotype)
        == (expected['noise_remover'])
    )
    assert not architecture_parameters(model)
    content = json.loads((run / 'genotype.json').read_text())
    content['genotype']['scene'] = ['SC'] * 7
    (run / 'genotype.json').write_text(json.dumps(content))  # is inherited
    cfg = Config.fromfile(run / 'run_subnet.py')
    assert cfg.model.scene.genotype == ['SC'] * 7
    write_genotype(run / 'genotype.json', expected)
    mine = run / 'mine.py'
    mine.write_text(
        "_base_ = ['./genotype.json']\n"
        'model = dict(genotype={{_base_.genotype.scene}})\n'
    )
    assert Config.fromfile(mine).model.genotype == expected['scene']

    assert (
        log_of(run)
        .strip()
        .endswith(f'Train it:\npython tools/train.py {run / "run_subnet.py"}')
    )
    found = [s for s in scalars_of(run) if 'search/scene/entropy' in s]
    assert [s['step'] for s in found] == [2, 4, 4]
    assert 0.9 < found[-1]['search/scene/entropy'] < 1
    assert found[-1]['search/noise_remover/skip'] == pytest.approx(1 / 7, 0.1)
    share = runner.model.scene.alphas.softmax(1)[2, 1].item()
    assert found[-1]['search/scene/c2_d/3-C'] == pytest.approx(share)


def test_scalars_of_decided_and_undecided_alphas():
    scene = MODELS.build(dict(type='ruas_mm.SceneModule', genotype=None))
    model = torch.nn.ModuleDict(dict(scene=scene))
    scene.alphas.data.zero_()
    scalars = alpha_scalars(model)
    assert scalars['search/scene/entropy'] == pytest.approx(1)
    assert scalars['search/scene/skip'] == pytest.approx(1 / 7)
    scene.alphas.data[:, 6] = 100
    scalars = alpha_scalars(model)
    assert scalars['search/scene/entropy'] == pytest.approx(0, abs=1e-6)
    assert scalars['search/scene/skip'] == pytest.approx(1)
    assert scalars['search/scene/c4/SC'] == pytest.approx(1)
    assert len(scalars) == 2 + 49


@pytest.mark.parametrize('at_the_end', [False, True])
def test_full_disk_keeps_the_last_genotype(
    pictures, tmp_path, at_the_end, monkeypatch
):
    run = tmp_path / 'run'
    runner = make_runner(pictures, run, hook=dict(interval=1))
    original = Path.write_text
    calls = []

    def write_text(path, *args, **kwargs):
        if path.suffix == '.json' and path.parent == run:
            calls.append(path)
            # iterations 1 to 4, then the end of training
            if len(calls) == (5 if at_the_end else 3):
                original(path, 'half')
                raise OSError(28, 'No space left on device')
        return original(path, *args, **kwargs)

    monkeypatch.setattr(Path, 'write_text', write_text)
    if at_the_end:
        with pytest.raises(OSError, match='No space left.*Found so far'):
            runner.train()
    else:
        runner.train()
        assert 'No space left' in log_of(run)
    meta = json.loads((run / 'genotype.json').read_text())['search']
    assert meta['iteration'] == 4
    assert not [path for path in run.iterdir() if path.name[0] == '.']


class Poison:
    """Marks the batches of one loader from the n-th on, to become NaN."""

    def __init__(self, batches, first):
        self.batches, self.left = batches, first

    def __getattr__(self, name):
        return getattr(self.batches, name)

    def __next__(self):
        batch = next(self.batches)
        self.left -= 1
        if self.left < 0:
            batch['poison'] = True
        return batch


@pytest.mark.parametrize('which', ['training', 'validation', 'weights'])
def test_nan_stops_the_search_and_keeps_the_last_genotype(
    pictures, tmp_path, which, monkeypatch
):
    run = tmp_path / 'run'
    runner = make_runner(
        pictures,
        run,
        hook=dict(interval=1, warm_up=2 if which == 'weights' else 0),
    )
    (hook,) = [h for h in runner.hooks if hasattr(h, 'val_dataloader')]
    original = hook.before_train

    def before_train(runner):
        original(runner)
        if which == 'validation':
            hook.val_batches = Poison(hook.val_batches, 2)
        else:  # in the weight step if alphas do not move yet
            loop = runner.train_loop
            start = 1 if which == 'weights' else 2
            loop.dataloader_iterator = Poison(loop.dataloader_iterator, start)

    preprocessor = runner.model.data_preprocessor
    prepare = preprocessor.forward

    def forward(data, training):
        data = dict(data)
        factor = float('nan') if data.pop('poison', False) else 1
        data = prepare(data, training)
        data['inputs'] = [x * factor for x in data['inputs']]
        return data

    monkeypatch.setattr(preprocessor, 'forward', forward)
    hook.before_train = before_train
    message = dict(
        training='train_loss is nan',
        validation='val_loss is nan',
        weights='the training loss is nan',
    )[which]
    with pytest.raises(
        ValueError, match=f'stops at iteration .*{message}.*genotype.json'
    ):
        runner.train()
    genotype = read_genotype(run / 'genotype.json')
    assert set(genotype) == {'scene', 'noise_remover'}
    if which != 'weights':  # alphas are as they were
        assert all(a.isfinite().all() for a in searched(runner).values())


ASCENT = dict(type='SGD', lr=0.1, maximize=True)


def bad_hook(**hook):
    return dict(hook=hook)


@pytest.mark.parametrize(
    'settings, message',
    [
        (bad_hook(beta=-1), 'beta=-1, allowed: at least 0'),
        (bad_hook(gradient='yes'), "gradient='yes', allowed:"),
        (bad_hook(interval=0), 'interval=0'),
        (bad_hook(strategy='joint'), "strategy='joint'"),
        (bad_hook(optimizer=dict(type='LBFGS')), "allowed types: \\['Adam'"),
        (bad_hook(train_config='no.py'), "train_config='no.py' is no file"),
        (bad_hook(by_epoch=True), 'by_epoch=True in a loop without epochs'),
        (
            dict(model=dict(type='ruas_mm.LowLightEnhancer', variant='RUAS')),
            'nothing to search; allowed: .*genotype=None',
        ),
        (
            dict(optim_wrapper=dict(optimizer=ASCENT)),
            'maximize=True in the optimiser .*allowed: False',
        ),
    ],
)
def test_bad_settings_are_told(pictures, tmp_path, settings, message):
    with pytest.raises(ValueError, match=message):
        make_runner(pictures, tmp_path / 'run', **settings).train()


@pytest.mark.parametrize(
    'count, batch_size, message',
    [(1, 1, 'has 0 samples'), (3, 2, 'has 1 samples, which give no batch')],
)
def test_empty_validation_set_is_refused(tmp_path, count, batch_size, message):
    pictures = make_pictures(tmp_path / 'few', count)
    val = loader(pictures, 'odd', batch_size, drop_last=True)
    with pytest.raises(ValueError, match=message):
        make_runner(
            pictures, tmp_path / 'run', hook=dict(val_dataloader=val)
        ).train()


@pytest.mark.parametrize('half, warns', [(None, True), ('odd', False)])
def test_shared_pictures_are_warned_of(pictures, tmp_path, half, warns):
    runner = make_runner(
        pictures,
        tmp_path / 'run',
        hook=dict(val_dataloader=loader(pictures, half)),
    )
    runner.train()
    log = log_of(tmp_path / 'run')
    assert ('4 pictures are in both' in log) == warns


def test_resuming_needs_a_checkpoint_of_the_search(pictures, tmp_path):
    run = tmp_path / 'run'
    make_runner(pictures, run).train()
    checkpoint = torch.load(run / 'iter_4.pth', weights_only=False)
    del checkpoint['cooperative_search']
    torch.save(checkpoint, run / 'iter_4.pth')
    with pytest.raises(ValueError, match='holds no search of'):
        make_runner(pictures, run, length=6, resume=True).train()
    # its weights may start another search
    other = make_runner(
        pictures, tmp_path / 'other', load_from=str(run / 'iter_4.pth')
    )
    other.train()
    assert (tmp_path / 'other' / 'genotype.json').exists()


def test_testing_builds_nothing_of_the_search(pictures, tmp_path):
    test = loader(pictures, None, batch_size=1)
    test['sampler']['shuffle'] = False
    runner = make_runner(
        str(tmp_path / 'missing'),
        tmp_path / 'run',
        test_dataloader=test,
        test_cfg=dict(),
        test_evaluator=[],
    )
    assert isinstance(runner, Runner)
    runner.test()
    assert not (tmp_path / 'run' / 'genotype.json').exists()


def test_genotype_is_never_evaluated(tmp_path):
    path = tmp_path / 'genotype.json'
    path.write_text('__import__("os").mkdir("evaluated")')
    with pytest.raises(ValueError, match='not a JSON file'):
        read_genotype(path)
    command = (
        f'from mmengine.config import Config; Config.fromfile({str(path)!r})'
    )
    done = subprocess.run(
        [sys.executable, '-c', command], cwd=tmp_path, capture_output=True
    )
    assert done.returncode and not (tmp_path / 'evaluated').exists()


def test_without_a_train_config_the_log_names_the_file(tmp_path):
    report = SearchReport(tmp_path, None, 'subnet.py')
    assert str(tmp_path / 'genotype.json') in report.command
    assert '_base_' in report.command


@pytest.mark.parametrize(
    'search, found',
    [
        ('ruas_supernet_lol', 'ruas_subnet_lol.py'),
        ('my_search', 'my_search_subnet.py'),
    ],
)
def test_the_found_network_is_called_after_its_search(search, found):
    assert subnet_name(search) == found


@pytest.mark.parametrize('form', ['beside', 'fileDirname', 'working folder'])
def test_the_train_config_is_found_from_the_config_that_names_it(
    pictures, tmp_path, form, monkeypatch
):
    """Whose genotype, if it has one, is replaced."""
    (tmp_path / 'configs' / 'search').mkdir(parents=True)
    (tmp_path / 'configs' / 'mine.py').write_text(
        "genotype = dict(scene=['SC'] * 7, other=['SC'])\n"
        "model = dict(type='ruas_mm.LowLightEnhancer', variant='RUAS')\n"
    )
    path = dict(
        {'working folder': 'configs/mine.py'},
        beside='../mine.py',
        fileDirname='{{ fileDirname }}/../mine.py',
    )[form]
    base = tmp_path / 'configs' / 'search' / 'base.py'
    base.write_text(f'custom_hooks = [dict(train_config={path!r})]')
    search = base.with_name('mine_supernet_mini.py')
    search.write_text("_base_ = './base.py'")
    cfg = Config.fromfile(search)
    monkeypatch.chdir(tmp_path if form == 'working folder' else '/')
    runner = make_runner(
        pictures, tmp_path / 'run', hook=dict(cfg.custom_hooks[0]), cfg=cfg
    )
    runner.train()
    found = Config.fromfile(tmp_path / 'run' / 'mine_subnet_mini.py')
    assert found.model.variant == 'RUAS'
    expected = read_genotype(tmp_path / 'run' / 'genotype.json')
    assert found.model.scene.genotype == expected['scene']
    assert found.genotype.scene == expected['scene']

"""A search as a user runs it: killed, resumed, and its network trained."""

import json
import signal
import time

import torch
from conftest import make_lol
from tool_process import finish, start

CONFIG = 'configs/search/ruas_supernet_lol.py'
OPTIONS = [
    'train_cfg.max_epochs=4',
    'custom_hooks.0.phases.scene=1',
    'custom_hooks.0.phases.task=1',
    'custom_hooks.0.interval=2',
    'default_hooks.checkpoint.interval=1',
    'default_hooks.checkpoint.max_keep_ckpts=9',
    'model.scene.num_stages=1',
    'model.noise_remover.num_cells=1',
    'train_dataloader.dataset.dataset.version=v1',
    'train_dataloader.dataset.dataset.split=official',
]
TRAIN_OPTIONS = [
    f'{loader}_dataloader.dataset.{setting}'
    for loader in ('train', 'val', 'test')
    for setting in ('version=v1', 'split=official')
] + ['train_cfg.max_iters=1', 'train_cfg.val_interval=1']


def search(folder, name, *arguments):
    return start(
        'tools/train.py', CONFIG, *arguments, '--work-dir', folder / name,
        '--cfg-options', *OPTIONS, LOL_ROOT=str(folder / 'LOL'),
    )  # fmt: skip


def test_killed_search_gives_the_same_genotype(tmp_path, call_tool):
    make_lol(tmp_path / 'LOL', num_pairs=4)
    whole = search(tmp_path, 'whole')
    killed = search(tmp_path, 'killed')
    last = tmp_path / 'killed' / 'last_checkpoint'
    deadline = time.time() + 240
    while not (last.exists() and 'epoch_2' in last.read_text()):
        assert killed.poll() is None and time.time() < deadline
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert not (tmp_path / 'killed' / 'epoch_4.pth').exists()
    resumed = finish(search(tmp_path, 'killed', '--resume'))
    finish(whole)
    genotypes, alphas = [], []
    for name in ('whole', 'killed'):
        content = json.loads((tmp_path / name / 'genotype.json').read_text())
        assert content['search']['iteration'] == 8
        genotypes.append(content['genotype'])
        path = tmp_path / name / 'epoch_4.pth'
        state = torch.load(path, weights_only=False)['state_dict']
        alphas.append({k: v for k, v in state.items() if 'alphas' in k})
    assert genotypes[0] == genotypes[1]
    assert alphas[0].keys() == {'scene.alphas', 'noise_remover.alphas'}
    for key, value in alphas[0].items():
        torch.testing.assert_close(value, alphas[1][key], atol=0, rtol=0)

    command = resumed.strip().splitlines()[-1].split()
    assert command[:2] == ['python', 'tools/train.py']
    call_tool(
        'train', command[2], '--work-dir', tmp_path / 'trained',
        '--cfg-options', *TRAIN_OPTIONS, LOL_ROOT=tmp_path / 'LOL',
    )  # fmt: skip
    (log,) = (tmp_path / 'trained').glob('*/*.log')
    assert 'PSNR' in log.read_text()

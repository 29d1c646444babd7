"""A search as a user runs it: killed, resumed, and its network trained."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

ROOT = Path(__file__).parents[2]
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


@pytest.fixture(scope='module')
def lol_root(tmp_path_factory):
    folder = tmp_path_factory.mktemp('LOL')
    state = np.random.RandomState(0)
    for part in ('our485', 'eval15'):
        for kind, top in (('low', 40), ('high', 200)):
            (folder / part / kind).mkdir(parents=True)
            for i in range(6):
                picture = state.randint(0, top, (24, 32, 3)).astype(np.uint8)
                cv2.imwrite(str(folder / part / kind / f'{i}.png'), picture)
    return folder


def start(lol_root, config, work_dir, *arguments, options=OPTIONS):
    env = dict(
        os.environ,
        LOL_ROOT=str(lol_root),
        OMP_NUM_THREADS='1',
        PYTHONPATH=str(ROOT),
    )
    command = [sys.executable, 'tools/train.py', str(config), *arguments]
    command += ['--work-dir', str(work_dir), '--cfg-options', *options]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def finish(process):
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 0, output[-3000:]
    return output


def test_killed_search_gives_the_same_genotype(lol_root, tmp_path):
    whole = start(lol_root, CONFIG, tmp_path / 'whole')
    killed = start(lol_root, CONFIG, tmp_path / 'killed')
    last = tmp_path / 'killed' / 'last_checkpoint'
    deadline = time.time() + 240
    while not (last.exists() and 'epoch_2' in last.read_text()):
        assert killed.poll() is None and time.time() < deadline
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert not (tmp_path / 'killed' / 'epoch_4.pth').exists()
    resumed = finish(start(lol_root, CONFIG, tmp_path / 'killed', '--resume'))
    finish(whole)
    genotypes, alphas = [], []
    for name in ('whole', 'killed'):
        content = json.loads((tmp_path / name / 'genotype.json').read_text())
        assert content['search']['iteration'] == 12
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
    output = finish(
        start(
            lol_root, command[2], tmp_path / 'trained', options=TRAIN_OPTIONS
        )
    )
    assert 'PSNR' in output

"""Two processes search as one process on the joined batch."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from search_runs import loader, make_pictures, make_runner, searched

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def run_two(*arguments):
    processes = []
    port = str(29500 + os.getpid() % 2000)
    for rank in range(2):
        env = dict(
            os.environ,
            RANK=str(rank),
            LOCAL_RANK=str(rank),
            WORLD_SIZE='2',
            MASTER_ADDR='127.0.0.1',
            MASTER_PORT=port,
            OMP_NUM_THREADS='1',
            PYTHONPATH=f'{ROOT}:{HERE}',
        )
        processes.append(
            subprocess.Popen(
                [sys.executable, str(HERE / 'search_worker.py'), *arguments],
                env=env,
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        )
    outputs = [p.communicate(timeout=240)[0] for p in processes]
    return [p.returncode for p in processes], outputs


@pytest.mark.parametrize(
    'strategy, loop', [('cooperative', 'epochs'), ('global', 'iterations')]
)
def test_two_processes_give_the_alphas_of_one(tmp_path, strategy, loop):
    pictures = make_pictures(tmp_path / 'pictures')
    together = tmp_path / 'two'
    codes, outputs = run_two(pictures, str(together), strategy, loop)
    assert codes == [0, 0], outputs[0][-3000:]
    first, second = (
        torch.load(together / f'alphas_{rank}.pth') for rank in range(2)
    )

    loaders = [loader(pictures, half) for half in ('even', 'odd')]
    for each in loaders:
        each['sampler']['shuffle'] = False
    torch.manual_seed(0)
    runner = make_runner(
        pictures,
        tmp_path / 'one',
        by_epoch=loop == 'epochs',
        length=6,
        hook=dict(val_dataloader=loaders[1], strategy=strategy),
        train_dataloader=loaders[0],
        model=dict(
            type='ruas_mm.LowLightEnhancer',
            variant='RUAS',
            scene=dict(genotype=None, num_stages=1, update='residual'),
            noise_remover=dict(genotype=None, num_cells=1),
            noise_loss=dict(type='ruas_mm.ReleasedNoiseLoss', fidelity=1.0),
        ),
    )
    start = searched(runner)
    runner.train()
    for name, alphas in searched(runner).items():
        assert (alphas - start[name]).abs().max() > 1e-2
        assert torch.equal(first[name], second[name])
        torch.testing.assert_close(first[name], alphas, atol=1e-5, rtol=0)


def test_unused_parameters_must_be_looked_for(tmp_path):
    pictures = make_pictures(tmp_path / 'pictures')
    codes, outputs = run_two(
        pictures, str(tmp_path / 'run'), 'cooperative', 'epochs', 'frugal'
    )
    assert all(codes)
    assert 'find_unused_parameters=True in the config' in outputs[0]

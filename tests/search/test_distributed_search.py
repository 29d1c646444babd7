"""Two processes search as one process on the joined batch."""

from pathlib import Path

import pytest
import torch
from search_runs import enhancer, loader, make_pictures, make_runner, searched
from two_processes import run_two

WORKER = Path(__file__).with_name('search_worker.py')


@pytest.mark.parametrize(
    'strategy, loop', [('cooperative', 'epochs'), ('global', 'iterations')]
)
def test_two_processes_give_the_alphas_of_one(tmp_path, strategy, loop):
    pictures = make_pictures(tmp_path / 'pictures')
    together = tmp_path / 'two'
    arguments = (pictures, together, strategy, loop)
    codes, outputs = run_two(WORKER, lambda rank: arguments)
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
        model=enhancer('ReleasedNoiseLoss', fidelity=1.0),
    )
    start = searched(runner)
    runner.train()
    for name, alphas in searched(runner).items():
        assert (alphas - start[name]).abs().max() > 1e-2
        assert torch.equal(first[name], second[name])
        torch.testing.assert_close(first[name], alphas, atol=1e-5, rtol=0)


def test_unused_parameters_must_be_looked_for(tmp_path):
    pictures = make_pictures(tmp_path / 'pictures')
    arguments = (pictures, tmp_path, 'cooperative', 'epochs', 'frugal')
    codes, outputs = run_two(WORKER, lambda rank: arguments)
    assert all(codes)
    assert 'find_unused_parameters=True in the config' in outputs[0]

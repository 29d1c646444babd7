"""Two gloo processes train a segmentor behind a scene module."""

from pathlib import Path

import pytest
import torch
from segmentor_worker import batch, build
from two_processes import run_two

pytest.importorskip('mmseg')
WORKER = Path(__file__).with_name('segmentor_worker.py')


def test_gradients_are_those_of_the_whole_batch(tmp_path):
    codes, outputs = run_two(WORKER, lambda rank: [tmp_path / f'{rank}.pt'])
    assert codes == [0, 0], outputs[0][-3000:]
    (first, said), (second, _) = (
        torch.load(tmp_path / f'{rank}.pt') for rank in range(2)
    )
    model = build()
    data = model.data_preprocessor(batch(), True)
    model(**data, mode='loss')['decode.loss_ce'].backward()
    compared = set()
    for name, parameter in model.named_parameters():
        assert torch.equal(first[name], second[name]), name
        torch.testing.assert_close(
            first[name], parameter.grad, atol=1e-6, rtol=1e-3, msg=name
        )
        if parameter.grad.abs().max() > 1e-5:
            compared.add(name.split('.')[0])
    assert compared == {'data_preprocessor', 'backbone', 'decode_head'}
    # batch norm over processes is refused by torch where there is no GPU
    assert 'GPU' in said

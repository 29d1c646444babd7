"""A model comes out of all its wrappers, and without one stays."""

import pytest
from torch import nn

from ruas_mm.models.unwrap import unwrap_model


@pytest.mark.parametrize('num_wrappers', [0, 1, 2])
def test_unwrap_model(num_wrappers):
    model = wrapped = nn.Linear(1, 1)
    for _ in range(num_wrappers):
        wrapped = nn.DataParallel(wrapped)
    assert unwrap_model(wrapped) is model

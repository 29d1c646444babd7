"""A model comes out of all its wrappers, and without one stays."""

import pytest
from mmengine.model import BaseTTAModel
from torch import nn

from ruas_mm.models.unwrap import unwrap_model


@pytest.mark.parametrize('num_wrappers', [0, 1, 2])
def test_unwrap_model(num_wrappers):
    model = wrapped = nn.Linear(1, 1)
    for _ in range(num_wrappers):
        wrapped = nn.DataParallel(wrapped)
    assert unwrap_model(wrapped) is model


class Merging(BaseTTAModel):
    """Test-time augmentation of no matter what."""

    def merge_preds(self, data_samples_list):
        return data_samples_list


def test_test_time_augmentation_is_a_wrapper():
    model = nn.Linear(1, 1)
    model.test_step = print
    assert unwrap_model(nn.DataParallel(Merging(model))) is model

"""Resizing within a network as loaders do it before one."""

import cv2
import numpy as np
import pytest
import torch

from ruas_mm.models.cv2_resize import resize_levels


@pytest.mark.parametrize('old', [(64, 64), (37, 53), (120, 31), (1, 9)])
@pytest.mark.parametrize('new', [(32, 32), (41, 64), (90, 17), (5, 1)])
def test_every_level_is_that_of_opencv(old, new):
    image = np.random.RandomState(0).randint(0, 256, (*old, 3), np.uint8)
    expected = cv2.resize(image, new[::-1], interpolation=cv2.INTER_LINEAR)
    x = torch.from_numpy(image).permute(2, 0, 1)[None]
    size = torch.tensor(new).double()
    found = resize_levels(x, size, new)[0].permute(1, 2, 0)
    np.testing.assert_array_equal(found.numpy(), expected)
    shown = (new[0] + 3, new[1] + 2)  # a canvas around it
    within = resize_levels(x, size, shown)[0, :, : new[0], : new[1]]
    assert torch.equal(within.permute(1, 2, 0), found)

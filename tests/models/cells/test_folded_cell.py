"""Folded cells against the cells that they were folded from."""

import pytest
import torch

from ruas_mm.models.cells import DistillationCell, FoldedCell
from ruas_mm.models.cells.genotype import (
    NOISE_REMOVAL_CVPR21,
    NOISE_REMOVAL_JOURNAL,
    SCENE_ENHANCEMENT,
    SCENE_FACE_DETECTION,
)
from ruas_mm.models.cpu_layout import SameSizeConvolution

LAYOUTS = (torch.contiguous_format, torch.channels_last)


@pytest.mark.parametrize('layout', LAYOUTS)
@pytest.mark.parametrize('width', [1, 4, 7, 15, 20, 24])
@pytest.mark.parametrize('channels', [3, 6])
@pytest.mark.parametrize(
    'genotype',
    [
        SCENE_ENHANCEMENT,
        SCENE_FACE_DETECTION,
        NOISE_REMOVAL_CVPR21,
        NOISE_REMOVAL_JOURNAL,
        ('3-2-DC',) * 7,
    ],
)
@torch.no_grad()
def test_same_function(genotype, channels, width, layout):
    cell = DistillationCell(genotype, channels).double()
    x = torch.randn(2, channels, 9, width, dtype=torch.double)
    before = x.clone()
    found = FoldedCell(cell)(x.contiguous(memory_format=layout))
    torch.testing.assert_close(found, cell(x), atol=1e-12, rtol=1e-12)
    assert torch.equal(x, before)


@pytest.mark.parametrize('width, widened', [(20, 5), (24, 4), (23, None)])
def test_groups_of_pixels(width, widened, monkeypatch):
    """Rows that divide are computed several pixels at a time."""
    groups = []
    original = SameSizeConvolution._convolve_widened

    def record(self, x, group):
        groups.append(group)
        return original(self, x, group)

    monkeypatch.setattr(SameSizeConvolution, '_convolve_widened', record)
    x = torch.rand(1, 3, 8, width).contiguous(
        memory_format=torch.channels_last
    )
    with torch.no_grad():
        FoldedCell(DistillationCell(SCENE_ENHANCEMENT, 3))(x)
    assert set(groups) == ({widened} if widened else set())
    assert len(groups) == (4 if widened else 0)  # its 3x3 convolutions

"""The table of gains tells dark from bright."""

import cv2
import numpy as np
import pytest

from ruas_mm.files.picture_file import read_picture
from ruas_mm.models import load_enhancer


@pytest.mark.parametrize('bits', [8, 16])
def test_a_picture_is_the_same_in_8_and_16_bits(load_tool, bits):
    tool = load_tool('measure_light')
    levels = np.random.RandomState(0).randint(0, 256, (9, 8, 3))
    rgb = (levels * {8: 1, 16: 257}[bits]).astype(f'uint{bits}')
    np.testing.assert_array_equal(tool.in_8_bits(rgb), levels)
    found = tool.enhance(load_enhancer('gamma'), rgb)
    expected = (levels / 255) ** 0.5 * 255
    np.testing.assert_allclose(found, expected, atol=0.51)


def test_tables(load_tool, tmp_path, capsys):
    state = np.random.RandomState(0)
    coarse = state.randint(20, 200, (5, 6, 3)).astype(np.uint8)
    truth = cv2.resize(coarse, (48, 40), interpolation=cv2.INTER_CUBIC)
    for kind, scale in (('low', 0.1), ('high', 1.0)):
        (tmp_path / kind).mkdir()
        for name in ('a.png', 'b.png'):
            picture = (truth * scale).astype(np.uint8)
            cv2.imwrite(str(tmp_path / kind / name), picture)
    tool = load_tool('measure_light')
    enhancers = dict(RUAS_S=load_enhancer('RUAS_S'))
    tool.main(
        enhancers, [tmp_path], [tmp_path / 'high'], save=tmp_path / 'out'
    )
    printed = capsys.readouterr().out
    dark, lit = (
        float(printed.split('RUAS_S │ ')[1].split('│')[i].split('/')[0])
        for i in (0, 1)
    )
    assert lit > dark + 2
    assert 'mean 60.0, lowest 60.0' in printed
    saved = read_picture(tmp_path / 'out' / 'RUAS_S' / 'a.png').rgb
    assert (
        saved.mean() > 2 * read_picture(tmp_path / 'low' / 'a.png').rgb.mean()
    )

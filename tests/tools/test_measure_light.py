"""The table of gains tells dark from bright."""

import cv2
import numpy as np


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
    tool.main([tmp_path], [tmp_path / 'high'], ['RUAS_S'])
    printed = capsys.readouterr().out
    dark, lit = (
        float(printed.split('RUAS_S │ ')[1].split('│')[i].split('/')[0])
        for i in (0, 1)
    )
    assert lit > dark + 2
    assert 'mean 60.0, lowest 60.0' in printed

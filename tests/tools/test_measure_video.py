"""The table tells a steady video from one that is not."""

import cv2
import numpy as np


def test_table(load_tool, tmp_path, capsys):
    for index in range(3):
        frame = np.full((40, 48, 3), 5 + index, np.uint8)
        cv2.imwrite(str(tmp_path / f'{index}.png'), frame)
    tool = load_tool('measure_video')
    tool.main(['RUAS_S'], [tmp_path], 25.0, 6)
    rows = [
        [cell.strip() for cell in line.strip('│').split('│')]
        for line in capsys.readouterr().out.splitlines()
        if '│' in line
    ]
    assert len(rows) == 7
    largest = {
        row[1]: [float(cell.split('/')[1]) for cell in row[3::2]]
        for row in rows
    }
    assert largest[tmp_path.name][0] == 1
    _, alone, video = largest['lamp']
    assert video < 1 < alone

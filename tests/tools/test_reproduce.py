"""Rows of the paper's tables run by the stock tool, once."""

import cv2
import numpy as np
import pytest
from mmengine.config import Config

ROWS = [('table2', 'K = 2'), ('fig3', 'fixed'), ('table5', 'RUAS_A')]


@pytest.fixture
def lol_root(tmp_path, monkeypatch):
    state = np.random.RandomState(0)
    for part in ('our485', 'eval15'):
        for kind, top in (('low', 40), ('high', 200)):
            folder = tmp_path / 'LOL' / part / kind
            folder.mkdir(parents=True)
            for name in ('1.png', '2.png'):
                picture = state.randint(0, top, (24, 32, 3)).astype(np.uint8)
                cv2.imwrite(str(folder / name), picture)
    monkeypatch.setenv('LOL_ROOT', str(tmp_path / 'LOL'))
    monkeypatch.setenv('LOL_VERSION', 'v1')
    monkeypatch.setenv('LOL_SPLIT', 'official')


@pytest.mark.parametrize('table, name', ROWS)
def test_row_runs_once_and_is_then_read(
    table, name, lol_root, load_tool, tmp_path, monkeypatch
):
    tool = load_tool('reproduce')
    (row,) = [row for row in tool.TABLES[table] if row.name == name]
    found = tool.run_row(row, tmp_path / 'run', 1)
    assert 0 < found['enhancement/PSNR'] < 60
    written = (tmp_path / 'run').glob('*/vis_data/config.py')
    model = Config.fromfile(next(written)).model
    if table == 'table2':
        assert model.variant == 'RUAS_S' and model.scene.num_stages == 2
    elif table == 'fig3':
        assert model.scene.warm_start == 'fixed'
    else:
        assert model.variant == 'RUAS_A'
    monkeypatch.setattr(tool.subprocess, 'run', None)  # not run again
    assert tool.run_row(row, tmp_path / 'run', 1) == found


def test_every_row_prints_the_papers_figures_beside_ours(load_tool, capsys):
    tool = load_tool('reproduce')
    for name, rows in tool.TABLES.items():
        ours = {'enhancement/PSNR': 12.3456, 'enhancement/SSIM': 0.5}
        tool.print_table(name, [(row, ours) for row in rows], 7)
        printed = capsys.readouterr().out
        assert printed.count('12.346 / 0.500 / -') == len(rows)
        for row in rows:
            assert row.name in printed
            assert all(f'{f:.3f}' in printed for f in row.paper or ())

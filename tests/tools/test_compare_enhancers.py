"""Table 5 with every method: what is compared, once, and shown."""

import json
import sys

import cv2
import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio

from ruas_mm.files.picture_file import read_picture
from ruas_mm.zoo import COMPARED, ZOO


@pytest.fixture
def pairs(tmp_path):
    coarse = np.random.RandomState(0).randint(20, 200, (5, 6, 3), np.uint8)
    truth = cv2.resize(coarse, (48, 40), interpolation=cv2.INTER_CUBIC)
    for kind, scale in (('low', 0.2), ('high', 1.0)):
        folder = tmp_path / 'pairs' / kind
        folder.mkdir(parents=True)
        for name in ('a.png', 'b.png'):
            cv2.imwrite(str(folder / name), (truth * scale).astype(np.uint8))
    return tmp_path / 'pairs'


@pytest.fixture
def weights(tmp_path):
    enhancer = COMPARED['sci'].load_class()()
    (tmp_path / 'weights' / 'sci').mkdir(parents=True)
    torch.save(enhancer.state_dict(), tmp_path / 'weights/sci/easy.pt')
    return tmp_path / 'weights'


def test_methods_are_of_the_zoo(load_tool):
    methods = load_tool('compared_methods').METHODS
    assert len({method.title for method in methods}) == len(methods)
    for method in methods:
        assert method.enhancer in (*ZOO, *COMPARED)
        own = COMPARED.get(method.enhancer)
        assert bool(method.weights) == bool(own and own.weights)


def test_table_and_sheet(
    pairs, weights, load_tool, tmp_path, monkeypatch, capsys
):
    tool = load_tool('reproduce')
    words = ['reproduce.py', 'table5', '--pairs', f'tiny={pairs}']
    words += ['--weights', weights, '--work-dir', tmp_path / 'work']
    words += ['--show', 'b', '--sheet', tmp_path / 'sheet.png']
    monkeypatch.setattr(sys, 'argv', [str(word) for word in words])
    monkeypatch.setattr(torch, 'set_num_threads', lambda _: None)
    tool.main()
    printed = capsys.readouterr().out
    assert 'no weights: PairLIE' in printed and 'SCI easy | 258' in printed
    folder = tmp_path / 'work/table5_pairs/tiny'
    done = json.loads((folder / 'gamma .5.json').read_text())
    assert done.keys() == {'a', 'b'}
    found = read_picture(folder / 'gamma .5' / 'b.png').rgb
    truth = read_picture(pairs / 'high' / 'b.png').rgb
    psnr = peak_signal_noise_ratio(truth, found)
    assert done['b']['PSNR'] == pytest.approx(psnr)
    assert done['b']['PSNR GT'] >= psnr - 0.5
    assert not (folder / 'gamma .5' / 'a.png').exists()
    sheet = read_picture(tmp_path / 'sheet.png').rgb
    assert sheet.shape[1] == 7 * 240
    (folder / 'gamma .5.json').write_text(
        json.dumps({k: dict(v, PSNR=99.0) for k, v in done.items()})
    )
    tool.main()  # read, not run again
    assert 'gamma .5 | 0 | 0.00' in (printed := capsys.readouterr().out)
    assert ' | 99.00 | ' in printed


@pytest.fixture
def gamma(load_tool):
    tool = load_tool('compare_enhancers')
    (method,) = (m for m in tool.available(None)[0] if m.enhancer == 'gamma')
    return tool, method


def test_what_an_earlier_run_has_not_measured_is_measured(
    gamma, pairs, tmp_path, monkeypatch
):
    """LPIPS and pictures of the sheet, which may be JPEG files."""
    tool, method = gamma
    monkeypatch.setattr(tool, 'perceptual_distance', lambda *_: 0.25)
    for kind in ('low', 'high'):
        dark = cv2.imread(str(pairs / kind / 'b.png'))
        (pairs / kind / 'b.png').unlink()
        cv2.imwrite(str(pairs / kind / 'b.jpg'), dark)
    work = tmp_path / 'work' / 'tiny'
    arguments = method, None, pairs, work
    first = tool.measure(*arguments, None, [])
    assert not any('LPIPS' in row for row in first.values())
    (work / 'gamma .5.json').write_text(
        json.dumps(dict(first, a=dict(first['a'], LPIPS=0.75)))
    )
    found = tool.measure(*arguments, object(), ['b'])
    assert [row['LPIPS'] for row in found.values()] == [0.75, 0.25]
    sheet = tmp_path / 'sheet.png'
    tool.sheet([method], dict(tiny=pairs), work.parent, ['b'], sheet)
    third = read_picture(sheet).rgb[:, 480:720]  # dark, reference, ours
    assert third[:200].std() > 10  # not blank
    (pairs / 'low' / 'a.png').unlink()
    assert tool.measure(*arguments, None, []).keys() == {'b'}


def test_pairs_of_16_bits(gamma, pairs, tmp_path):
    tool, method = gamma
    found = []
    for bits in (8, 16):
        for kind in ('low', 'high') if bits == 16 else ():
            levels = cv2.imread(str(pairs / kind / 'a.png')).astype(np.uint16)
            cv2.imwrite(str(pairs / kind / 'a.png'), levels * 257)
        found.append(
            tool.measure(method, None, pairs, tmp_path / f'{bits}', None, [])
        )
    assert found[0]['a']['PSNR'] == pytest.approx(found[1]['a']['PSNR'])


def test_what_does_not_fit_together(load_tool, pairs, tmp_path, monkeypatch):
    tool = load_tool('reproduce')
    other = tmp_path / 'work' / 'table5_pairs' / 'a'
    other.mkdir(parents=True)
    (other / 'made_with.json').write_text('{"pairs": "/elsewhere"}')
    monkeypatch.chdir(tmp_path)
    for words, message in (
        (['table2', '--pairs', 'a=b'], '2'),
        (['table5', '--pairs', f'a={tmp_path}'], 'holds low/'),
        (['table5', '--pairs', *[f'a={pairs}'] * 2], 'another NAME'),
        (['table5', '--pairs', f'a={pairs}', '--sheet', 'x.png'], 'a sheet'),
        (['table5', '--pairs', f'a={pairs}', '--show', 'c'], "'a', 'b'"),
        (
            ['table5', '--pairs', f'a={pairs}', '--work-dir', 'work'],
            "was made with {'pairs': '/elsewhere'}",
        ),
        (['table2', '--rows', 'K 1'], '2'),
    ):
        monkeypatch.setattr(sys, 'argv', ['reproduce.py', *words])
        with pytest.raises(SystemExit, match=message):
            tool.main()

"""Rows of the paper's tables run by the stock tool, once."""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from conftest import ROOT, make_lol
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from tool_process import finish, start

from ruas_mm.models.architecture import find_searchable
from ruas_mm.models.segmentors.searchable_aspp_head import DEEPLABV3PLUS
from ruas_mm.registry import MODELS
from ruas_mm.search.genotype_file import read_genotype, write_genotype


@pytest.fixture
def lol(tmp_path, monkeypatch):
    make_lol(tmp_path / 'LOL', num_pairs=2)
    monkeypatch.setenv('LOL_ROOT', str(tmp_path / 'LOL'))


@pytest.fixture
def tool(load_tool, monkeypatch):
    return load_tool('reproduce')


def run(command, log):
    """As :func:`run_logged`, from a process that has imported PyTorch."""
    finish(start(*command[1:]))


@pytest.mark.parametrize(
    'table, name', [('table3', '3-2-RDC'), ('table4', 'Independent search')]
)
def test_row_runs_once_and_is_then_read(
    table, name, lol, tool, tmp_path, monkeypatch
):
    (row,) = [row for row in tool.TABLES[table] if row.name == name]
    monkeypatch.setattr(tool, 'run_logged', run)
    arguments = (row, tmp_path / 'run', 1, 3, 2, 'v1')  # 1 iteration, seed 3
    found = tool.run_row(*arguments)
    assert 0 < found['PSNR'] < 60
    (written,) = (tmp_path / 'run').glob('*/vis_data/config.py')
    cfg = Config.fromfile(written)
    assert cfg.randomness.seed == 3
    model = cfg.model
    if table == 'table3':
        assert model.scene.genotype == ['3-2-RDC'] * 7
        assert model.noise_remover.genotype == ['3-2-RDC'] * 7
        assert found['SIZE (M)'] == pytest.approx(0.0096, rel=0.05)
        assert found['FLOPs (G)'] == pytest.approx(2.303, rel=0.01)
    else:
        path = tmp_path / 'search_independent_3' / 'genotype.json'
        genotype = read_genotype(path)
        assert model.scene.genotype == genotype['scene']
        assert model.noise_remover.genotype == genotype['noise_remover']
        search = json.loads(path.read_text())['search']
        assert (search['strategy'], search['seed']) == ('independent', 3)
    monkeypatch.setattr(tool, 'run_logged', None)  # not run again
    assert tool.run_row(*arguments) == found


def test_supernet_costs_what_the_paper_says(tool):
    (row,) = [r for r in tool.TABLES['table3'] if r.name == 'Supernet']
    cfg = Config.fromfile(ROOT / 'configs' / row.config)
    cfg.merge_from_dict(row.options)
    cost = tool.measure_cost(cfg)
    assert cost['SIZE (M)'] == pytest.approx(0.038, abs=5e-4)
    assert cost['FLOPs (G)'] == pytest.approx(9.113, rel=0.01)


def test_every_row_prints_the_papers_figures_beside_ours(tool, capsys):
    for name, rows in tool.TABLES.items():
        columns = tool.COLUMNS[name]
        ours = [{columns[0]: 12.3456}, {columns[0]: 12.3656}]
        tool.print_table(name, [(row, ours) for row in rows], 'tiny')
        printed = capsys.readouterr().out
        assert printed.count('12.356 ± 0.014 / -') == len(rows)
        for row in rows:
            assert row.name in printed
            assert all(f'{f:.3f}' in printed for f in row.paper or ())


def build_model(row):
    cfg = Config.fromfile(ROOT / 'configs' / row.config)
    cfg.merge_from_dict(row.options)
    cfg.merge_from_dict({key: DEEPLABV3PLUS for key in row.takes})
    init_default_scope(cfg.default_scope)
    return MODELS.build(cfg.model)


@pytest.mark.parametrize(
    'name',
    [
        *('table2', 'fig3', 'table3', 'table4', 'table5', 'table6'),
        *('table7', 'table8', 'table9', 'detection', 'table11'),
    ],
)
def test_options_fit_their_config(tool, name):
    device = 'meta' if name == 'table7' else 'cpu'  # of up to 94 million
    for row in tool.TABLES[name]:
        with torch.device(device):
            model = build_model(row)
        assert bool(find_searchable(model)) == (row.name == 'Supernet')


@pytest.mark.parametrize(
    'table, name, found',
    [
        ('table2', 'K = 2', lambda model: len(model.scene.stages) == 2),
        ('fig3', 'fixed', lambda model: model.scene.warm_start == 'fixed'),
        ('table5', 'RUAS_A', lambda model: model.variant == 'RUAS_A'),
        ('table6', 'l_t', lambda model: model.scene_weight == 0),
        ('table6', 'l_t + lambda l_s', lambda model: model.scene_weight == 1),
        ('table8', 'TM', lambda m: not hasattr(m.data_preprocessor, 'scene')),
        ('table8', 'RUAS_S + TM', lambda m: m.data_preprocessor.frozen),
    ],
)
def test_options_build_what_the_row_is_called(tool, table, name, found):
    (row,) = [row for row in tool.TABLES[table] if row.name == name]
    assert found(build_model(row))


@pytest.mark.parametrize('table', ['table9', 'table11'])
def test_each_enhancer_stands_frozen_in_front(tool, table, shared):
    rows = [row for row in tool.TABLES[table] if row.enhancer]
    assert len(rows) >= 6
    for row in rows:
        row = row.with_enhancer(shared('weights'))
        cfg = Config.fromfile(ROOT / 'configs' / row.config)
        cfg.merge_from_dict(row.options)
        front = cfg.model.data_preprocessor
        assert front.frozen and 'genotype' not in front.scene
    front.scene = dict(front.scene)
    assert row.enhancer == 'RUAS' and front.scene == dict(type='ruas')
    lacking = next(r for r in tool.TABLES[table] if r.enhancer == 'Zero-DCE')
    with pytest.raises(ValueError, match='Zero-DCE: allowed: --weights'):
        lacking.with_enhancer(None)
    with pytest.raises(ValueError, match='a folder with zero_dce/Epoch99.pth'):
        lacking.with_enhancer(Path('no-such'))


SCENE = ['3-C'] * 7
HEAD = ['1-C', '3-C', '3-6-DC', '3-18-DC']


class FakeTools:
    """Leaves what ``train.py`` and ``test.py`` would leave behind."""

    def __init__(self):
        self.calls = []

    def __call__(self, command, log):
        tool = command[1].rsplit('/', 1)[1]
        options = dict(
            word.split('=', 1)
            for word in command[command.index('--cfg-options') + 1 :]
        )
        config, folder = Path(command[2]), log.parent
        self.calls.append((tool, config.name, folder.name, options))
        written = folder / 'now'
        (written / 'vis_data').mkdir(parents=True)
        if tool == 'test.py':
            light = options['test_dataloader.dataset.lights']
            figures = dict(mIoU=dict(dusk=40.0, day=60.0)[light])
            (written / 'now.json').write_text(json.dumps(figures))
        elif 'supernet' in config.name:
            write_genotype(
                folder / 'genotype.json',
                dict(scene=SCENE, head=HEAD),
                iteration=int(options['train_cfg.max_iters']),
            )
            scalars = {'search/scene/entropy': 0.5, 'search/head/entropy': 0.2}
            (written / 'vis_data/scalars.json').write_text(json.dumps(scalars))
        else:
            (folder / 'iter_7.pth').touch()
            (folder / 'last_checkpoint').write_text(f'{folder}/iter_7.pth')
            plain = ROOT / 'configs/segmentation/deeplabv3plus_camvid-dusk'
            (written / 'vis_data/config.py').write_text(
                f"_base_ = '{plain}_mini.py'"
            )


@pytest.mark.parametrize('number', range(12))
def test_rows_of_table11_are_tested_by_light(
    number, tool, tmp_path, monkeypatch, capsys
):
    row, fake = tool.TABLES['table11'][number], FakeTools()
    monkeypatch.setattr(tool, 'run_logged', fake)
    found = tool.run_row(row, tmp_path / 'run', 7, 3, 5)
    assert (found['mIoU dusk'], found['mIoU day']) == (40, 60)
    *searches, (_, name, _, options), dusk, day = fake.calls
    assert [each[0] for each in (dusk, day)] == ['test.py'] * 2
    light = 'None' if row.name[0] == 'A' else 'day'
    assert options['train_dataloader.dataset.lights'] == light
    assert options['train_cfg.max_iters'] == '7'
    assert options['randomness.seed'] == '3'
    assert len(searches) == (row.strategy is not None)
    if searches:
        ((_, _, folder, settings),) = searches
        assert folder == f'search_cooperative_{row.light}_3'
        key = 'train_dataloader.dataset.dataset.lights'
        assert settings[key] == light
        assert 'entropy of scene 0.50, entropy of head' in (
            capsys.readouterr().out
        )
    if row.takes:
        assert options['model.decode_head.genotype'] == f'[{",".join(HEAD)}]'
    elif searches:
        assert name.startswith('ruas_deeplabv3plus_subnet')
    monkeypatch.setattr(tool, 'run_logged', None)  # not run again
    assert tool.run_row(row, tmp_path / 'run', 7, 3, 5) == found


def test_a_run_that_was_killed_while_it_wrote_goes_on(
    tool, tmp_path, monkeypatch
):
    """Half a checkpoint, half a line, half a file."""
    row, fake = tool.TABLES['table11'][0], FakeTools()
    monkeypatch.setattr(tool, 'run_logged', fake)
    folder = tmp_path / 'run'
    (folder / 'dusk' / 'before').mkdir(parents=True)
    (folder / 'dusk' / 'before' / 'before.json').write_text('{"mIoU": 4')
    (folder / 'iter_7.pth').write_bytes(b'half')
    assert tool.run_row(row, folder, 7)['mIoU dusk'] == 40
    assert [tool for tool, *_ in fake.calls] == ['train.py', *['test.py'] * 2]
    scalars = folder / 'now' / 'vis_data' / 'scalars.json'
    scalars.write_text('{"exdark/AP50": 0.5, "search/head/entropy": 1}\n{"ex')
    assert tool.read_metrics(folder)['AP50'] == 0.5
    assert tool.entropies(folder) == ', entropy of head 1.00'


def test_figures_of_other_data_are_not_read(
    tool, lol, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(tool, 'run_row', lambda *arguments: dict(PSNR=9.0))
    words = ['reproduce.py', 'table2', '--work-dir', str(tmp_path / 'work')]
    monkeypatch.setattr(sys, 'argv', [*words, '--seeds', '1', '1'])
    tool.main()
    tool.main()
    assert '9.000 / -' in capsys.readouterr().out  # one seed has no spread
    monkeypatch.setenv('LOL_ROOT', str(tmp_path / 'another'))
    with pytest.raises(SystemExit):
        tool.main()
    assert 'was made with' in capsys.readouterr().err


@pytest.fixture
def raccoons(tmp_path, monkeypatch):
    """Two noise pictures, in the lists of both parts."""
    root = tmp_path / 'raccoons'
    for name in ('images', 'annotations'):
        (root / name).mkdir(parents=True)
    for name in 'ab':
        picture = np.random.RandomState(0).randint(0, 60, (40, 60, 3))
        cv2.imwrite(str(root / 'images' / f'{name}.jpg'), picture)
        (root / 'annotations' / f'{name}.xml').write_text(
            '<annotation><size><width>60</width><height>40</height></size>'
            '<object><name>raccoon</name><difficult>0</difficult><bndbox>'
            '<xmin>9</xmin><ymin>5</ymin><xmax>50</xmax><ymax>35</ymax>'
            '</bndbox></object></annotation>'
        )
    for part in ('train', 'val'):
        (root / f'{part}.txt').write_text('a\nb\n')
    monkeypatch.setenv('RACCOON_ROOT', str(root))


def test_hierarchical_row_trains_the_scene_first(
    tool, raccoons, tmp_path, monkeypatch
):
    """The settings that the tool makes of a row, in the stock loop."""
    _, _, row = tool.TABLES['table6']
    options = {}
    monkeypatch.setattr(
        tool, 'run_tool', lambda *arguments: options.update(arguments[2])
    )
    tool.train(row, Path('searched.py'), tmp_path, 1, 3, 'v1')
    assert options['train_cfg.max_iters'] == 2
    cfg = Config.fromfile(ROOT / 'configs' / row.config)
    cfg.merge_from_dict(options)
    assert cfg.custom_hooks[0].phases == dict(scene=1, end_to_end=1)
    cfg.work_dir = str(tmp_path / 'run')
    cfg.experiment_name = tmp_path.name
    cfg.model.backbone.init_cfg = None
    cfg.train_dataloader.update(
        batch_size=2, num_workers=0, persistent_workers=False
    )
    cfg.val_dataloader.update(num_workers=0, persistent_workers=False)
    cfg.default_hooks.pop('visualization')
    init_default_scope(cfg.default_scope)
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert runner.model.trained_part == 'end_to_end'
    found = runner.message_hub.get_scalar('val/pascal_voc/AP50').current()
    assert 0 <= found <= 1
    scalars = tmp_path / 'written' / 'date' / 'vis_data' / 'scalars.json'
    scalars.parent.mkdir(parents=True)
    scalars.write_text('{"pascal_voc/AP50": 0.5, "step": 2}\n')
    assert tool.read_metrics(tmp_path / 'written')['AP50'] == 0.5

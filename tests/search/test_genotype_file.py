"""Genotype files: written whole, read with care, taken by MMEngine."""

import json
from pathlib import Path

import pytest
from mmengine.config import Config

from ruas_mm.models.cells import genotype as released
from ruas_mm.search.genotype_file import read_genotype, write_genotype

GENOTYPE = dict(
    scene=released.SCENE_ENHANCEMENT,
    noise_remover=released.NOISE_REMOVAL_JOURNAL,
    neck=released.NECK_FACE_DETECTION,
    head=released.HEAD_FACE_DETECTION,
    decode_head=('3-18-DC', 'SC'),
)
META = dict(seed=3, psnr=19.5, note='[a,   "b"]\n', shares=dict(skip=[0.1]))


def plain(genotype):
    return json.loads(json.dumps(genotype))


def test_round_trip(tmp_path):
    path = tmp_path / 'new' / 'found.json'
    write_genotype(path, GENOTYPE, **META)
    assert read_genotype(path) == plain(GENOTYPE)
    assert json.loads(path.read_text())['search'] == META
    assert '\n        "neck": ["7-C", "7-C", "7-C", "3-C"],\n' in (
        path.read_text()
    )
    write_genotype(path, dict(scene=['SC'] * 7))
    assert read_genotype(path) == dict(scene=['SC'] * 7)
    assert list(path.parent.iterdir()) == [path]


def test_layout_is_that_of_the_shipped_file(tmp_path):
    root = Path(__file__).parents[2]
    shipped = root / 'configs/_base_/genotypes/released_face_detection.json'
    path = tmp_path / 'again.json'
    write_genotype(path, read_genotype(shipped))
    assert path.read_text() == shipped.read_text()


def test_mmengine_takes_it_as_a_base(tmp_path):
    write_genotype(tmp_path / 'found.json', GENOTYPE, **META)
    config = tmp_path / 'mine.py'
    config.write_text(
        "_base_ = ['mmdet::ssd/ssd300_coco.py', './found.json']\n"
        'model = dict(\n'
        '    data_preprocessor=dict(\n'
        '        _delete_=True,\n'
        "        type='ruas_mm.SceneDataPreprocessor',\n"
        "        scene=dict(type='ruas_mm.SceneModule',\n"
        '                   genotype={{_base_.genotype.scene}}),\n'
        '        data_preprocessor={{_base_.model.data_preprocessor}}),\n'
        "    neck=dict(type='ruas_mm.SearchableSSDNeck',\n"
        '              genotype={{_base_.genotype.neck}}),\n'
        "    bbox_head=dict(type='ruas_mm.SearchableSSDHead',\n"
        '                   genotype={{_base_.genotype.head}}))\n'
    )
    model = Config.fromfile(config).model
    scene = model.data_preprocessor.scene
    assert tuple(scene.genotype) == released.SCENE_ENHANCEMENT
    assert tuple(model.neck.genotype) == released.NECK_FACE_DETECTION
    assert model.bbox_head.genotype == plain(released.HEAD_FACE_DETECTION)
    assert model.backbone.type == 'SSDVGG'


@pytest.mark.parametrize(
    'genotype, message',
    [
        ([], r'genotype=\[\]'),
        ({}, 'genotype={}'),
        (
            dict(scene=['SC'] * 6),
            r"genotype\['scene'\] has 6 operations .*exactly 7",
        ),
        (dict(scene=['SC'] * 6 + ['7-C']), r"genotype\['scene'\]\[6\]='7-C'"),
        (
            dict(scene=dict(a=['SC'])),
            r"genotype\['scene'\]={'a'.*7 operations",
        ),
        (dict(noise_remover='SC'), r"genotype\['noise_remover'\]='SC'"),
        (dict(neck=['3-C', 'SC']), r"genotype\['neck'\]\[1\]='SC'"),
        (
            dict(head=dict(cls=['9-C'])),
            r"genotype\['head'\]\['cls'\]\[0\]='9-C'",
        ),
        (dict(head=dict(reg=3)), r"genotype\['head'\]\['reg'\]=3"),
        (dict(head={}), r"genotype\['head'\]={}"),
        (
            dict(head=dict(reg=dict(a=['3-C']))),
            r"genotype\['head'\]\['reg'\]={'a'",
        ),
        (dict(neck=[]), r"genotype\['neck'\] has 0 operations"),
        (dict(other=['print(1)']), r"genotype\['other'\]\[0\]='print\(1\)'"),
        (dict(other=[['3-C']]), r"genotype\['other'\]\[0\]=\['3-C'\]"),
        (dict(other=None), r"genotype\['other'\]=None"),
    ],
)
def test_bad_genotypes_are_neither_read_nor_written(
    genotype, message, tmp_path
):
    path = tmp_path / 'bad.json'
    path.write_text(json.dumps(dict(genotype=genotype)))
    with pytest.raises(ValueError, match='bad.json: ' + message):
        read_genotype(path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match='bad.json'):
        write_genotype(path, genotype)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    'content, message',
    [
        (b'', 'is not a JSON file'),
        (b"{'genotype': __import__('os').getcwd()}", 'is not a JSON file'),
        (b'\xff\xfe\x00', 'is not a JSON file'),
        (100000 * b'[', 'is not a JSON file'),
        (b'[1]', 'has no genotype'),
        (b'{"scene": ["SC"]}', 'has no genotype'),
    ],
    ids=['empty', 'python', 'binary', 'deep', 'list', 'other'],
)
def test_other_files_are_refused(content, message, tmp_path):
    path = tmp_path / 'other.json'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f'other.json {message}'):
        read_genotype(path)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match='none.json'):
        read_genotype(tmp_path / 'none.json')


def test_full_disk_keeps_the_last_file(tmp_path, monkeypatch):
    path = tmp_path / 'found.json'
    write_genotype(path, GENOTYPE)
    write = Path.write_text

    def fill(self, text, **kwargs):
        write(self, text[:20], **kwargs)
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(Path, 'write_text', fill)
    with pytest.raises(OSError, match='No space'):
        write_genotype(path, dict(scene=['SC'] * 7))
    monkeypatch.undo()
    assert read_genotype(path) == plain(GENOTYPE)
    assert list(tmp_path.iterdir()) == [path]

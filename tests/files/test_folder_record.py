"""A folder is of one thing alone."""

import json

import pytest

from ruas_mm.files.folder_record import RECORD, check_record, told


def test_entries_are_held_against_those_before(tmp_path):
    folder = tmp_path / 'new'
    for settings in (dict(a=1), dict(a=1), dict(b=[2]), dict(a=1, b=[2])):
        check_record(folder, settings)
    assert json.loads((folder / RECORD).read_text()) == dict(a=1, b=[2])
    with pytest.raises(ValueError, match=r"with {'b': \[2\]}, not {'b': 3}"):
        check_record(folder, dict(a=1, b=3, c=4))
    assert json.loads((folder / RECORD).read_text()) == dict(a=1, b=[2])


@pytest.mark.parametrize('text', ['', '{"a": ', '[1]'])
def test_broken_record_is_named(tmp_path, text):
    (tmp_path / RECORD).write_text(text)
    with pytest.raises(ValueError, match=f'{RECORD} cannot be read'):
        check_record(tmp_path, dict(a=1))


def test_a_place_has_one_name(tmp_path, monkeypatch):
    (tmp_path / 'link').symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert told(tmp_path / 'link/x') == told(tmp_path / 'y/../x')

import pytest

from ruas_mm.files.atomic_write import atomic_write


def test_an_error_names_the_file_that_was_asked_for(tmp_path):
    path = tmp_path / 'a.png'
    with pytest.raises(PermissionError) as caught, atomic_write(path) as half:
        half.write_bytes(b'half')
        raise PermissionError(13, 'Permission denied', str(half))
    assert caught.value.filename == str(path)
    assert not list(tmp_path.iterdir())

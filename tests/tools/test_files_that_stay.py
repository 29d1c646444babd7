"""Tools that write data sets or weights take no file of the user's away."""

import os
import zipfile

import pytest
import torch

from ruas_mm.apis.released_checkpoints import LAYOUTS, convert_file


def contents(root):
    """Of every file below a folder, and where links lead."""
    return {
        path: os.readlink(path) if path.is_symlink() else path.read_bytes()
        for path in root.rglob('*')
        if path.is_file() or path.is_symlink()
    }


def write(root, *names, text='mine'):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def split_into_lol(load, root):
    """The folder to write is the real LOL."""
    write(root, 'pairs/low/1.png', 'pairs/high/1.png')
    write(root, 'LOL/eval15/low/1.png', 'LOL/eval15/high/1.png', text='real')
    load('split_pairs').main(root / 'pairs', root / 'LOL')


def subset_into_itself(load, root):
    """The folder to write is the whole ExDark."""
    exdark_subset(load, root, root)


def subset_into_another(load, root):
    """The folder to write holds an image of that name, and another list."""
    write(root, 'out/ExDark/Cat/1.jpg', 'out/imageclasslist.txt')
    exdark_subset(load, root, root / 'out')


def exdark_subset(load, root, out):
    write(root, 'ExDark/Cat/1.jpg')
    write(root, 'ExDark_Annno/Cat/1.jpg.txt', text='% bbGt version=3')
    write(root, 'imageclasslist.txt', text='Name\n1.jpg 6 1 1 1\n')
    load('make_exdark_subset').main(
        root / 'ExDark',
        root / 'ExDark_Annno',
        root / 'imageclasslist.txt',
        out,
    )


def demo_set_into_exdark(load, root):
    write(root, 'imageclasslist.txt', text='Name\n2015_1.jpg 6 1 1 1\n')
    load('make_demo_set').make_demo_set(root, dict(train=1))


def other_lists(load, root):
    """Only the second one is there, so the first must not be written."""
    write(root, *(f'annotations/{i}.xml' for i in 'abc'))
    write(root, 'train.txt', text='a\nb\nc\n')
    load('split_voc').main(root, 1, 0)


def convert_onto_itself(load, root):
    state = {
        key: torch.zeros(shape)
        for key, (_, shape) in LAYOUTS['cvpr21 noise removal alone'].items()
    }
    torch.save(state, root / 'a.pt')
    (root / 'same.pt').symlink_to(root / 'a.pt')
    convert_file(root / 'a.pt', root / 'same.pt')


@pytest.mark.parametrize(
    'use, message',
    [
        (split_into_lol, 'is a file and stays'),
        (subset_into_itself, 'allowed: another folder'),
        (subset_into_another, 'is a file and stays'),
        (demo_set_into_exdark, 'is of another set'),
        (other_lists, 'has other names and stays'),
        (convert_onto_itself, 'is the source'),
    ],
)
def test_a_file_of_the_users_stays(use, message, load_tool, tmp_path):
    before = {}

    def load(name):  # what the case has made is there
        before.update(contents(tmp_path))
        return load_tool(name)

    if use is convert_onto_itself:
        with pytest.raises(ValueError, match=message):
            use(load, tmp_path)
        assert (tmp_path / 'same.pt').is_symlink()
        assert torch.load(tmp_path / 'a.pt').keys() == (
            LAYOUTS['cvpr21 noise removal alone'].keys()
        )
        return
    with pytest.raises(ValueError, match=message):
        use(load, tmp_path)
    assert before and before == contents(tmp_path)


@pytest.mark.parametrize('is_archive', [False, True])
def test_subset_is_made_again(is_archive, load_tool, tmp_path):
    """Older links are replaced; an image without annotation is named."""
    write(tmp_path, 'images/Cat/1.jpg', 'Groundtruth/Cat/1.JPG.txt')
    write(tmp_path, 'list.txt', text='Name\n1.jpg 6 1 1 1\n')
    source = tmp_path / 'Groundtruth'
    if is_archive:
        source = tmp_path / 'a.zip'
        with zipfile.ZipFile(source, 'w') as archive:
            archive.writestr('a/Cat/1.JPG.txt', 'mine')
    arguments = tmp_path / 'images', source, tmp_path / 'list.txt'
    tool = load_tool('make_exdark_subset')
    for _ in range(2):
        tool.main(*arguments, tmp_path / 'out')
    link = tmp_path / 'out/ExDark/Cat/1.jpg'
    assert link.resolve() == tmp_path / 'images/Cat/1.jpg'
    annotation = tmp_path / 'out/ExDark_Annno/Cat/1.jpg.txt'
    assert annotation.read_text() == 'mine'
    write(tmp_path, 'images/Cat/2.jpg')
    write(tmp_path, 'list.txt', text='Name\n1.jpg 6 1 1 1\n2.jpg 6 1 1 1\n')
    with pytest.raises(ValueError, match='no annotation of .*2.jpg'):
        tool.main(*arguments, tmp_path / 'out')


def test_subset_of_a_list_without_header(load_tool, tmp_path):
    for image in ('Cat/1.jpg', 'Dog/1.jpg'):
        write(tmp_path, f'images/{image}', f'texts/{image}.txt')
    rows = ['1.jpg 6 1 1 1', '1.jpg 9 1 1 2', '2.jpg 9 1 1 3']
    write(tmp_path, 'list.txt', text='\n'.join(rows))
    tool = load_tool('make_exdark_subset')
    arguments = tmp_path / 'texts', tmp_path / 'list.txt', tmp_path / 'out'
    tool.main(tmp_path / 'images', *arguments)
    listed = (tmp_path / 'out/imageclasslist.txt').read_text()
    assert listed.splitlines() == rows[:2]
    with pytest.raises(ValueError, match='none holds no image'):
        tool.main(tmp_path / 'none', *arguments)

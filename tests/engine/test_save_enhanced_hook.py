"""Pictures under their own names, whole or not at all."""

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import BaseDataElement

from ruas_mm.engine.hooks.picture_names import flat_names, output_names
from ruas_mm.registry import HOOKS
from ruas_mm.visualization.scene_panels import CAPTION_HEIGHT, GAP


class DataSet:
    def __init__(self, *paths):
        self.paths = [str(path) for path in paths]

    def __len__(self):
        return len(self.paths)

    def get_data_info(self, index):
        return dict(img_path=self.paths[index])


class PlainDataSet(DataSet):
    get_data_info = property()  # no data set of MMEngine's kind


def run(out_dir, path, enhanced, gt=None, loaded=None, data=DataSet, **kwargs):
    hook = HOOKS.build(
        dict(type='ruas_mm.SaveEnhancedHook', out_dir=str(out_dir), **kwargs)
    )
    runner = SimpleNamespace(
        test_dataloader=SimpleNamespace(dataset=data(path)),
        logger=SimpleNamespace(info=print),
    )
    sample = BaseDataElement(metainfo=dict(img_path=str(path)))
    sample.enhanced = enhanced
    if gt is not None:
        sample.gt = gt
    hook.before_test(runner)
    batch = None if loaded is None else dict(inputs=[loaded])
    hook.after_test_iter(runner, 0, batch, [sample])
    hook.after_test(runner)
    return hook


@pytest.fixture
def dark(tmp_path):
    path = tmp_path / 'in' / 'dark.jpg'
    path.parent.mkdir()
    cv2.imwrite(str(path), np.full((6, 8, 3), 9, np.uint8))
    return path


def test_rounded_clipped_rgb_png(dark, tmp_path, capsys):
    enhanced = torch.rand(3, 6, 8) * 1.4 - 0.2
    run(tmp_path / 'out', dark, enhanced)
    (path,) = (tmp_path / 'out').iterdir()
    assert path.name == 'dark.png'
    saved = cv2.imread(str(path))[..., ::-1]
    expected = (enhanced.numpy().clip(0, 1) * 255).round()
    assert (saved.transpose(2, 0, 1) == expected).all()
    assert f'1 enhanced pictures are in {tmp_path / "out"}' in (
        capsys.readouterr().out
    )


def test_data_set_that_tells_no_files(dark, tmp_path):
    black = torch.zeros(3, 6, 8)
    hook = run(tmp_path / 'out', dark, black, data=PlainDataSet)
    other = BaseDataElement(metainfo=dict(img_path='elsewhere/dark.png'))
    other.enhanced = black + 1
    for _ in range(2):
        hook.after_test_iter(None, 1, None, [other])
    names = sorted(path.name for path in (tmp_path / 'out').iterdir())
    assert names == ['1_dark.png', 'dark.png']
    assert cv2.imread(str(tmp_path / 'out' / 'dark.png')).max() == 0


@pytest.mark.parametrize('panels', [2, 3])
def test_side_by_side(panels, dark, tmp_path):
    truth = torch.full((3, 6, 8), 200, dtype=torch.uint8)
    run(
        tmp_path / 'out',
        dark,
        torch.ones(3, 6, 8),
        gt=truth if panels == 3 else None,
        side_by_side=True,
    )
    saved = cv2.imread(str(tmp_path / 'out' / 'dark.png'))
    width = panels * 8 + (panels - 1) * GAP
    assert saved.shape == (6 + CAPTION_HEIGHT, width, 3)
    greys = [saved[-1, column * (8 + GAP)].mean() for column in range(panels)]
    assert greys == [9, 255, 200][:panels]


@pytest.mark.parametrize(
    'dtype, levels', [(torch.uint8, 1), (torch.int32, 257)]
)
def test_side_by_side_after_a_crop(dark, tmp_path, dtype, levels):
    """The dark panel then is the crop, not the file squeezed into it."""
    seen = torch.arange(27).reshape(3, 3, 3)  # BGR
    loaded = (seen * levels).to(dtype)
    run(tmp_path, dark, torch.ones(3, 3, 3), loaded=loaded, side_by_side=True)
    saved = cv2.imread(str(tmp_path / 'dark.png'))[CAPTION_HEIGHT:, :3]
    assert (saved.transpose(2, 0, 1) == seen.numpy()).all()


@pytest.mark.parametrize(
    'paths, names',
    [
        (['d/Car/0.png', 'd/Bus/0.jpg'], ['Car_0', 'Bus_0']),
        (['/a/Car/0.png', '/b/Car/0.png'], ['a_Car_0', 'b_Car_0']),
        (['/d/Car/0.png', '/d/Car/0.jpg'], ['Car_0.png', 'Car_0.jpg']),
        (['/Car/0.png', '/CAR/0.png'], ['0_0', '1_0']),
        (['0.png'], ['0']),
        (['d/a.png', 'd/a.png'], ['d_a', 'd_a']),
        ([], []),
    ],
)
def test_flat_names(paths, names):
    found = flat_names(paths)
    assert [found[path] for path in paths] == names


def test_names():
    names = output_names(
        ['d/a.png', 'd/b.jpg', 'd/b.png', 'd/x/a.png', 'd/v1.2.tif']
    )
    assert list(names.values()) == [
        Path('a.png'),
        Path('b.jpg.png'),
        Path('b.png.png'),
        Path('x/a.png'),
        Path('v1.2.png'),
    ]
    assert output_names(['d/e/a.bmp']) == {'d/e/a.bmp': Path('a.png')}


def test_input_is_never_written_over(tmp_path):
    path = tmp_path / 'a.png'
    cv2.imwrite(str(path), np.zeros((2, 2, 3), np.uint8))
    (tmp_path / 'link').symlink_to(tmp_path)
    with pytest.raises(ValueError, match='a.png would be written over'):
        run(tmp_path / 'link', path, torch.ones(3, 2, 2))
    assert cv2.imread(str(path)).max() == 0


def test_failed_writing_keeps_the_old_picture(dark, tmp_path, monkeypatch):
    run(tmp_path / 'out', dark, torch.zeros(3, 6, 8))

    def full_disk(path, picture):
        Path(path).write_bytes(b'half')
        return False

    monkeypatch.setattr(cv2, 'imwrite', full_disk)
    with pytest.raises(OSError, match='dark.png cannot be written'):
        run(tmp_path / 'out', dark, torch.ones(3, 6, 8))
    (path,) = (tmp_path / 'out').iterdir()
    assert cv2.imread(str(path)).max() == 0

"""Pictures of the three hosts: the host's own drawing, on our picture."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.model import BaseTTAModel
from mmengine.structures import BaseDataElement, InstanceData, PixelData
from test_scene_data_preprocessor import HOSTS, make, make_samples
from tiny_hosts import on_canvas

from ruas_mm.registry import HOOKS
from ruas_mm.visualization import colour_illumination, draw_scene_panels
from ruas_mm.visualization.scene_panels import CAPTION_HEIGHT, GAP


def visualizer(name):
    if name == 'mmdet':
        from mmdet.visualization import DetLocalVisualizer as Visualizer
    elif name == 'mmseg':
        from mmseg.visualization import SegLocalVisualizer as Visualizer
    else:
        from mmpretrain.visualization import UniversalVisualizer as Visualizer
    result = Visualizer(name=f'test-{name}')
    result.dataset_meta = dict(
        classes=('Bus', 'Cup'), palette=[(250, 0, 0), (0, 250, 0)]
    )
    return result


def predict(name, sample, height, width):
    if name == 'mmdet':
        sample.pred_instances = InstanceData(
            bboxes=torch.tensor([[8.0, 8, 90, 60], [0, 0, 9, 9]]),
            labels=torch.tensor([0, 1]),
            scores=torch.tensor([0.9, 0.1]),
        )
    elif name == 'mmseg':
        labels = torch.zeros(1, height, width).long()
        labels[:, :20] = 1
        sample.pred_sem_seg = PixelData(data=labels)
    else:
        sample.set_pred_label(1).set_pred_score(torch.tensor([0.2, 0.8]))


class Merging(BaseTTAModel):
    """Test-time augmentation of no matter what."""

    def merge_preds(self, data_samples_list):
        return data_samples_list


class Files:
    """A data set of image files."""

    def __init__(self, paths):
        self.paths = paths

    def __len__(self):
        return len(self.paths)

    def get_data_info(self, index):
        return dict(img_path=str(self.paths[index]))


@pytest.fixture
def run_hook(host, tmp_path):
    def run(
        name,
        size=(60, 100),
        network=(30, 50),
        files=('Bus/dark.png',),
        wrapped=False,
        meta=(),
        said=None,
        cfg=(),
        **kwargs,
    ):
        host(name)
        paths = [tmp_path / file for file in files]
        preprocessor = make(HOSTS[name]).eval()
        model = torch.nn.Module()
        model.data_preprocessor = preprocessor
        model.test_step = None
        said = [] if said is None else said
        runner = SimpleNamespace(
            model=Merging(model) if wrapped else model,
            visualizer=visualizer(name),
            cfg=dict(cfg),
            work_dir=str(tmp_path),
            timestamp='now',
            logger=SimpleNamespace(info=print, warning=said.append),
            test_dataloader=SimpleNamespace(dataset=Files(paths)),
        )
        hook = HOOKS.build(
            dict(type='ruas_mm.SceneVisualizationHook', **kwargs)
        )
        hook.before_test(runner)
        for path in paths:
            path.parent.mkdir(exist_ok=True, parents=True)
            dark = np.random.randint(0, 70, (*size, 3), dtype=np.uint8)
            cv2.imwrite(str(path), dark)
            seen = torch.from_numpy(cv2.resize(dark, network[::-1]))
            image = seen.permute(2, 0, 1)
            (sample,) = make_samples(name, [image])
            sample.set_metainfo(dict(img_path=str(path), **dict(meta)))
            data = preprocessor(dict(inputs=[image], data_samples=[sample]))
            (sample,) = data['data_samples']  # moved to the device: a new one
            predict(name, sample, *size)
            hook.after_test_iter(runner, 0, None, [sample])
        hook.after_test(runner)
        return dark[..., ::-1], sorted(tmp_path.glob('now/**/*.png'))

    return run


def split(path, height, width):
    picture = cv2.imread(str(path))[..., ::-1]
    assert picture.shape == (height + CAPTION_HEIGHT, 4 * width + 3 * GAP, 3)
    starts = range(0, picture.shape[1], width + GAP)
    return [picture[CAPTION_HEIGHT:, s : s + width] for s in starts]


@pytest.mark.parametrize('name', HOSTS)
def test_four_panels(name, run_hook):
    dark, (path,) = run_hook(name, draw=True)
    assert path.name == 'Bus_dark.png' and path.parent.name == 'scene_panels'
    first, enhanced, illumination, result = split(path, *dark.shape[:2])
    assert np.array_equal(first, dark)
    assert enhanced.mean() > dark.mean() + 5
    assert illumination.std() < 60
    drawn = (result != on_canvas(enhanced)).any(-1)
    assert drawn.mean() > 0  # the host drew, on the enhanced picture
    if name == 'mmdet':
        assert drawn.mean() < 0.7 and not drawn[:, 95:].any()


@pytest.mark.parametrize('name', HOSTS)
def test_model_with_test_time_augmentation(name, run_hook):
    dark, (path,) = run_hook(name, draw=True, wrapped=True)
    assert split(path, *dark.shape[:2])[1].mean() > dark.mean() + 5


def test_equal_names_in_other_folders(run_hook):
    files = ('a/Bus/1.png', 'b/Bus/1.png', 'b/Bus/2.png')
    _, paths = run_hook('mmdet', draw=True, files=files)
    names = ['a_Bus_1.png', 'b_Bus_1.png', 'b_Bus_2.png']
    assert [path.name for path in paths] == names


@pytest.mark.parametrize('wrapped', [True, False])
def test_mirrored_views(wrapped, run_hook):
    """Pictures are turned back; boxes only by test-time augmentation."""
    said = []
    flip = dict(flip=True, flip_direction='horizontal')
    files = ('a/1.png', 'a/2.png')
    dark, (_, path) = run_hook(
        'mmdet', draw=True, wrapped=wrapped, meta=flip, files=files, said=said
    )
    first, enhanced, *_ = split(path, *dark.shape[:2])

    # the network was given this picture as it is: turned back, it is mirrored
    def likeness(picture):
        pair = [cv2.blur(p, (9, 9)).mean(-1).ravel() for p in (first, picture)]
        return np.corrcoef(*pair)[0, 1]

    assert likeness(enhanced[:, ::-1]) > likeness(enhanced) + 0.3
    assert len(said) == (not wrapped)
    assert wrapped or 'a/1.png was flipped' in said[0]


def test_box_beyond_the_border(run_hook, monkeypatch):
    """Matplotlib shrinks the picture for it, beside its boxes."""
    samples = []

    def reach_out(name, sample, height, width):
        sample.pred_instances = InstanceData(
            bboxes=torch.tensor([[70.0, -9, 130, 80]]),
            labels=torch.tensor([0]),
            scores=torch.tensor([0.9]),
        )
        samples.append(sample)

    monkeypatch.setitem(globals(), 'predict', reach_out)
    dark, (path,) = run_hook('mmdet', draw=True)
    _, enhanced, _, result = split(path, *dark.shape[:2])
    shown = on_canvas(enhanced)
    assert np.abs(result[:, :60].astype(int) - shown[:, :60]).max() < 3
    assert (result[:, 66:] != shown[:, 66:]).any()
    # the result itself stays as it was
    assert samples[0].pred_instances.bboxes.tolist() == [[70, -9, 130, 80]]


@pytest.fixture
def captions(monkeypatch):
    captions = []

    def draw(panels):
        captions.extend(panels)
        return draw_scene_panels(panels)

    module = 'ruas_mm.engine.hooks.scene_visualization_hook'
    monkeypatch.setattr(f'{module}.draw_scene_panels', draw)
    return captions


@pytest.mark.parametrize(
    'name, result',
    [('mmdet', 'detections'), ('mmseg', 'labels'), ('mmpretrain', 'class')],
)
def test_caption_names_the_result(name, result, run_hook, captions):
    run_hook(name, draw=True)
    assert captions == ['dark', 'enhanced', 'illumination', result]


def test_caption_tells_of_a_crop(run_hook, captions):
    meta = dict(ori_shape=(60, 100), scale_factor=(1.0, 1.0))
    run_hook('mmpretrain', draw=True, meta=meta)
    assert captions == [
        'dark', 'enhanced (crop)', 'illumination (crop)', 'class'
    ]  # fmt: skip


def test_picture_without_a_file():
    hook = HOOKS.build(dict(type='ruas_mm.SceneVisualizationHook', draw=True))
    runner = SimpleNamespace(work_dir='', timestamp='', cfg={})
    with pytest.raises(ValueError, match='no img_path.*meta_keys'):
        hook.after_test_iter(runner, 0, None, [BaseDataElement()])


def test_draws_only_when_asked(run_hook):
    assert run_hook('mmdet')[1] == []


def test_folder_and_interval(run_hook):
    assert run_hook('mmdet', draw=True, interval=2)[1] == []
    _, (path,) = run_hook('mmdet', draw=True, test_out_dir='shown')
    assert path.parent.name == 'shown'


@pytest.mark.parametrize(
    'name, said',
    [  # as each host's test.py says --show-dir now/shown
        ('mmdet', lambda now: dict(draw=True, test_out_dir='shown')),
        (
            'mmseg',
            lambda now: dict(
                draw=True, cfg=dict(visualizer=dict(save_dir=now / 'shown'))
            ),
        ),
        (
            'mmpretrain',
            lambda now: dict(enable=True, out_dir=str(now / 'shown')),
        ),
    ],
)
def test_folder_that_the_hosts_tool_names(name, said, run_hook, tmp_path):
    _, (path,) = run_hook(name, **said(tmp_path / 'now'))
    assert path.relative_to(tmp_path / 'now').parts[0] == 'shown'


def test_plain_preprocessor_is_refused():
    hook = HOOKS.build(dict(type='ruas_mm.SceneVisualizationHook', draw=True))
    model = SimpleNamespace(data_preprocessor=torch.nn.Identity())
    with pytest.raises(ValueError, match='SceneDataPreprocessor.*Identity'):
        hook.before_test(SimpleNamespace(model=model))


def test_bad_interval_is_refused():
    with pytest.raises(ValueError, match='interval=0'):
        HOOKS.build(dict(type='ruas_mm.SceneVisualizationHook', interval=0))


def test_illumination_colours_are_monotone():
    ramp = np.linspace(0, 1, 9)[None, :, None].repeat(3, -1)
    red = colour_illumination(ramp)[0, :, 0].astype(int)
    assert (np.diff(red) >= 0).all() and red[-1] - red[0] > 200


def test_panels_of_other_sizes_are_resized():
    panels = dict(
        a=np.zeros((10, 20, 3), np.uint8), b=np.zeros((5, 5, 3), np.uint8)
    )
    assert draw_scene_panels(panels).shape == (34, 44, 3)

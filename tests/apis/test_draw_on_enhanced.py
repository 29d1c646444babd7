"""The hosts' own inferencers and test tool, on enhanced pictures."""

import json
import runpy
import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import mmcv
import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import VISUALIZERS
from mmengine.runner import save_checkpoint
from mmengine.structures import BaseDataElement, InstanceData, PixelData
from tiny_hosts import HOST_OF, fronted, model_config, on_canvas

from ruas_mm.apis import draw_on_enhanced
from ruas_mm.models.enhancers.loading import build_enhancer
from ruas_mm.registry import MODELS
from ruas_mm.visualization import as_uint8, on_enhanced_pictures, scene_picture

HEIGHT, WIDTH = 48, 72
NAMES = ['retinanet', 'fcn', 'resnet18']
META = ('img_path', 'ori_shape', 'img_shape', 'scale_factor', 'img_id')


def pack(host):
    return dict(
        mmdet=dict(type='PackDetInputs', meta_keys=META),
        mmseg=dict(type='PackSegInputs'),
        mmpretrain=dict(type='PackInputs'),
    )[host]


VISUALIZER = dict(
    mmdet=dict(type='DetLocalVisualizer'),
    mmseg=dict(type='SegLocalVisualizer'),
    mmpretrain=dict(type='UniversalVisualizer'),
)


def make_config(name, **front):
    host = HOST_OF[name]
    pipeline = [dict(type='LoadImageFromFile'), pack(host)]
    if host == 'mmdet':
        resize = dict(type='Resize', scale=(2 * WIDTH, 2 * HEIGHT))
        pipeline.insert(1, dict(resize, keep_ratio=True))
    dataset = dict(type='CocoDataset', pipeline=pipeline, test_mode=True)
    model = fronted(model_config(name), scene='ruas_s', frozen=True, **front)
    return Config(
        dict(
            default_scope=host,
            model=model,
            test_dataloader=dict(dataset=dataset),
            visualizer=VISUALIZER[host],
        )
    )


def draw(name, cfg, path, prepare=lambda inferencer: inferencer):
    """RGB that the host's own inferencer has drawn."""
    host = HOST_OF[name]
    if host == 'mmdet':
        from mmdet.apis import DetInferencer

        inferencer = DetInferencer(cfg, device='cpu', show_progress=False)
        kwargs = dict(return_vis=True, pred_score_thr=0.99)
    elif host == 'mmseg':
        from mmseg.apis import MMSegInferencer

        inferencer = MMSegInferencer(
            cfg, classes=['a', 'b', 'c'], palette=[[0, 0, 0]] * 3, device='cpu'
        )
        inferencer.model.dataset_meta = inferencer.visualizer.dataset_meta
        kwargs = dict(return_vis=True, opacity=0, with_labels=False)
        prepare(inferencer)
        picture = inferencer([str(path)] * 2, **kwargs)['visualization'][0]
        return np.asarray(picture)
    else:
        from mmpretrain import ImageClassificationInferencer

        inferencer = ImageClassificationInferencer(
            cfg, pretrained=False, device='cpu', classes=['a', 'b', 'c']
        )
        prepare(inferencer)
        inferencer(str(path), show_dir=str(path.parent / 'shown'))
        (drawn,) = (path.parent / 'shown').iterdir()
        return mmcv.imread(str(drawn), channel_order='rgb')
    prepare(inferencer)
    return inferencer(str(path), **kwargs)['visualization'][0]


@pytest.fixture
def dark(tmp_path):
    picture = np.random.randint(0, 40, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    picture = cv2.GaussianBlur(picture, (9, 9), 0)
    path = tmp_path / 'pictures' / 'dark.png'
    path.parent.mkdir()
    cv2.imwrite(str(path), picture)
    return path


def enhanced_by_hand(path):
    rgb = mmcv.imread(str(path), channel_order='rgb')
    y = torch.from_numpy(rgb.copy()).permute(2, 0, 1)[None] / 255
    u = build_enhancer('ruas_s').eval().enhance(y)
    return u[0].permute(1, 2, 0).numpy() * 255


def check_enhanced(name, drawn, path):
    dark = mmcv.imread(str(path), channel_order='rgb')
    expected = enhanced_by_hand(path)
    assert expected.mean() > dark.mean() + 20
    assert drawn.shape == expected.shape
    # text and boxes cover little; mmdet's network saw another size
    difference = np.abs(drawn.astype(float) - expected)
    assert np.median(difference) < 6


@pytest.mark.parametrize('name', NAMES)
def test_inferencers_draw_on_the_enhanced_picture(name, dark, host):
    host(HOST_OF[name])
    drawn = draw(name, make_config(name), dark, draw_on_enhanced)
    check_enhanced(name, drawn, dark)


@pytest.mark.parametrize('name', NAMES)
def test_without_the_switch_hosts_draw_on_the_dark_one(name, dark, host):
    host(HOST_OF[name])
    drawn = draw(name, make_config(name), dark)
    rgb = mmcv.imread(str(dark), channel_order='rgb').astype(float)
    assert np.median(np.abs(drawn - rgb)) < 3


@pytest.mark.parametrize('name', ['retinanet', 'fcn'])
def test_config_alone_suffices(name, dark, host):
    host(HOST_OF[name])
    cfg = make_config(name, attach_scene=True)
    cfg.visualizer = dict(
        type='ruas_mm.EnhancedVisualizer', visualizer=cfg.visualizer
    )
    check_enhanced(name, draw(name, cfg, dark), dark)


def test_mmsegs_functions_draw_on_the_enhanced_picture(dark, host):
    from mmseg.apis import inference_model, show_result_pyplot

    host('mmseg')
    cfg = make_config('fcn', attach_scene=True)
    cfg.test_pipeline = cfg.test_dataloader.dataset.pipeline
    model = MODELS.build(cfg.model).eval()
    model.cfg = cfg
    model.dataset_meta = dict(classes=list('abc'), palette=[[0, 0, 0]] * 3)
    result = inference_model(model, str(dark))
    assert result.pred_sem_seg.shape == (HEIGHT, WIDTH)
    picture = as_uint8(scene_picture(result, 'enhanced', result.ori_shape))
    options = dict(opacity=1e-3, with_labels=False, show=False)
    drawn = show_result_pyplot(model, picture, result, **options)
    check_enhanced('fcn', drawn, dark)


def test_mmdets_test_tool(dark, tmp_path, host, monkeypatch):
    host('mmdet')
    cfg = make_config('retinanet', attach_scene=True)
    cfg.visualizer = dict(
        type='ruas_mm.EnhancedVisualizer', visualizer=cfg.visualizer
    )
    annotations = tmp_path / 'annotations.json'
    image = dict(id=1, file_name=dark.name, height=HEIGHT, width=WIDTH)
    box = dict(
        id=1, image_id=1, category_id=1, bbox=[4, 4, 9, 9], area=81, iscrowd=0
    )
    annotations.write_text(
        json.dumps(
            dict(
                images=[image],
                annotations=[box],
                categories=[dict(id=i, name=n) for i, n in enumerate('abc')],
            )
        )
    )
    cfg.test_dataloader = dict(
        batch_size=1,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(
            cfg.test_dataloader.dataset,
            metainfo=dict(classes=('a', 'b', 'c')),
            ann_file=str(annotations),
            data_prefix=dict(img=str(dark.parent)),
        ),
    )
    cfg.test_cfg = dict(type='TestLoop')
    cfg.test_evaluator = dict(
        type='CocoMetric', ann_file=str(annotations), metric='bbox'
    )
    cfg.default_hooks = dict(
        visualization=dict(type='DetVisualizationHook', score_thr=0.99)
    )
    cfg.work_dir = str(tmp_path / 'work')
    model = MODELS.build(cfg.model)
    save_checkpoint(
        dict(state_dict=model.state_dict()), str(tmp_path / 'model.pth')
    )
    cfg.dump(str(tmp_path / 'cfg.py'))
    tool = Path(find_spec('mmdet').origin).parent / '.mim/tools/test.py'
    files = [str(tmp_path / 'cfg.py'), str(tmp_path / 'model.pth')]
    monkeypatch.setattr(
        sys, 'argv', ['test.py', *files, '--show-dir', 'shown']
    )
    runpy.run_path(str(tool), run_name='__main__')
    (path,) = (tmp_path / 'work').glob('*/shown/*.png')
    left_and_right = mmcv.imread(str(path), channel_order='rgb')
    check_enhanced('retinanet', left_and_right[:, WIDTH:], dark)


def test_plain_preprocessor_is_refused(host):
    class Inferencer:
        class model:
            data_preprocessor = torch.nn.Identity()

    with pytest.raises(ValueError, match='SceneDataPreprocessor.*Identity'):
        draw_on_enhanced(Inferencer)


@pytest.fixture
def sample():
    scene = PixelData(enhanced=torch.zeros(3, 20, 30))
    scene.enhanced[:, 2:14, 5:26] = 1  # the rest is padding
    result = BaseDataElement(metainfo=dict(ori_shape=(24, 42)))
    result.set_field(scene, 'scene')
    return result


def test_padding_of_the_pipeline_is_cut_off(sample):
    sample.set_metainfo(dict(border=np.array([2, 14, 5, 26.0])))
    picture = scene_picture(sample, 'enhanced', (24, 42))
    assert picture.shape == (24, 42, 3) and (picture == 1).all()
    sample.set_metainfo(dict(border=None, scale_factor=(0.5, 0.5)))
    sample.scene.enhanced[:, :12, :21] = 1
    sample.scene.enhanced[:, 12:] = sample.scene.enhanced[..., 21:] = 0
    assert (scene_picture(sample, 'enhanced', (24, 42)) == 1).all()


def test_warns_once_where_a_sample_has_no_scene(host, monkeypatch):
    told = []
    monkeypatch.setattr(
        'ruas_mm.visualization.enhanced_visualizer.print_log',
        lambda message, **kwargs: told.append(message),
    )
    host('mmdet')
    name = 'warns_once_where_a_sample_has_no_scene'
    visualizer = VISUALIZERS.build(dict(VISUALIZER['mmdet'], name=name))
    visualizer.dataset_meta = {}
    on_enhanced_pictures(visualizer)
    picture = np.full((8, 8, 3), 7, np.uint8)
    for _ in range(2):
        visualizer.add_datasample('x', picture, BaseDataElement())
    assert (visualizer.get_image() == 7).all()
    assert len(told) == 1 and 'attach_scene=True' in told[0]


def test_box_beyond_the_border_leaves_the_picture_in_place(host):
    host('mmdet')
    name = 'box_beyond_the_border'
    visualizer = VISUALIZERS.build(dict(VISUALIZER['mmdet'], name=name))
    visualizer.dataset_meta = dict(classes=('a',), palette=[(0, 0, 0)])
    on_enhanced_pictures(visualizer)
    sample = DetDataSample(
        pred_instances=InstanceData(
            bboxes=torch.tensor([[40.0, 20, 90, 70]]),
            labels=torch.tensor([0]),
            scores=torch.tensor([0.9]),
        )
    )
    enhanced = torch.rand(3, 48, 72)
    sample.set_field(PixelData(enhanced=enhanced), 'scene', dtype=PixelData)
    dark = np.zeros((48, 72, 3), np.uint8)
    visualizer.add_datasample('x', dark, sample, draw_gt=False)
    expected = as_uint8(enhanced.permute(1, 2, 0).numpy())
    for _ in ('to draw', 'to show'):
        expected = on_canvas(expected)
    expected = expected[:, :36].astype(int)
    assert np.abs(visualizer.get_image()[:, :36] - expected).max() < 3

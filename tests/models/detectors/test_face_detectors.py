"""The face detectors of configs/detection, whole."""

import copy
import pickle
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmcv.transforms import Compose
from mmdet.registry import TASK_UTILS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.structures import InstanceData

from ruas_mm.registry import MODELS

CONFIGS = Path(__file__).parents[3] / 'configs'
PARAMETERS = {  # of each part
    's3fd_darkface': {
        'backbone.features': 20483904,
        'neck.norms': 1280,
        'neck.extra_layers': 1803392,
        'bbox_head.reg_convs': 110616,
        'bbox_head.cls_convs': 59918,
    },
    'pyramidbox_darkface': {
        'backbone.features': 20483904,
        'neck.norms': 1280,
        'neck.extra_layers': 1803392,
        'neck.top_down': 918784,
        'neck.lateral': 591104,
        'neck.context': 32982528,
        'bbox_head.branches': 221232 + 175142,
    },
    'dsfd_darkface': {
        'backbone.features': 20483904,
        'neck.norms': 1280,
        'neck.enhanced_norms': 1280,
        'neck.extra_layers': 1803392,
        'neck.top_down': 1641472,
        'neck.lateral': 1903360,
        'neck.enhancement': 23626896,
        'bbox_head.branches.first': 110616 + 55308,
        'bbox_head.branches.second': 110616 + 55308,
    },
    'ruas_s3fd_darkface': {
        'data_preprocessor.scene': 549,
        'backbone.features': 20483904,
        'neck.norms': 1280,
        'neck.extra_layers': 22774912,
        'bbox_head': 358436,
    },
    'tm_s3fd_darkface': {
        'backbone.features': 20483904,
        'neck.norms': 1280,
        'neck.extra_layers': 4424832,
        'bbox_head': 165924,
    },
    'tm_s3fd-r50_darkface': {
        'backbone': 23508032,
        'neck.extra_layers': 6784128,
        'bbox_head': 248868,
    },
    'ruas_s3fd-r50_darkface': {
        'data_preprocessor.scene': 549,
        'backbone': 23508032,
        'neck.extra_layers': 35619968,
        'bbox_head': 515108,
    },
}
TOTAL = {
    'tm_s3fd_darkface': 25075940,
    'tm_s3fd-r50_darkface': 30541028,
    'ruas_s3fd-r50_darkface': 59643657,
    's3fd_darkface': 22459110,
    'pyramidbox_darkface': 57177366,
    'dsfd_darkface': 49793432,
    'ruas_s3fd_darkface': 43619081,
}
SIZE = (64, 96)


def config(stem):
    cfg = Config.fromfile(CONFIGS / 'detection' / f'{stem}.py')
    cfg.model.backbone.init_cfg = None  # needs a download
    return cfg


def batch(pictures=1, size=SIZE):
    """Dark noise with one brighter square in each, the face."""
    samples, inputs = [], []
    for _ in range(pictures):
        picture = torch.randint(0, 40, (3, *size), dtype=torch.uint8)
        picture[:, 16:40, 24:48] += 100
        inputs.append(picture)
        samples.append(
            DetDataSample(
                metainfo=dict(
                    img_path='dark.png',
                    img_shape=size,
                    ori_shape=size,
                    pad_shape=size,
                    scale_factor=(1, 1),
                ),
                gt_instances=InstanceData(
                    bboxes=torch.tensor([[24.0, 16, 48, 40]]),
                    labels=torch.tensor([0]),
                ),
            )
        )
    return dict(inputs=inputs, data_samples=samples)


@pytest.fixture(params=sorted(PARAMETERS))
def stem(request, host):
    host('mmdet')
    return request.param


@lru_cache(maxsize=1)
def without_weights(stem):
    """On no device: for shapes alone."""
    with torch.device('meta'):
        return MODELS.build(config(stem).model)


def test_parameters_of_each_part(stem):
    model = without_weights(stem)
    counts = {
        part: sum(
            p.numel() for n, p in model.named_parameters()
            if n.startswith(part + '.')
        )
        for part in PARAMETERS[stem]
    }  # fmt: skip
    assert counts == PARAMETERS[stem]
    assert sum(p.numel() for p in model.parameters()) == TOTAL[stem]
    assert sum(counts.values()) == TOTAL[stem]


def test_every_mode_of_the_host(stem):
    """And a few steps learn a picture."""
    cfg = config(stem)
    cfg.model.backbone.init_cfg = dict(
        type='Xavier', layer='Conv2d', distribution='uniform'
    )
    model = MODELS.build(cfg.model)
    model.init_weights()
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), 0.05)
    totals = []
    for _ in range(5 if 'r50' in stem else 3):  # its clipped steps are smaller
        data = model.data_preprocessor(batch(2), training=True)
        total, _ = model.parse_losses(model(**data, mode='loss'))
        optimizer.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step()
        totals.append(float(total))
    unmoved = [
        name
        for name, p in model.named_parameters()
        if p.requires_grad and p.grad is None
    ]
    assert totals[-1] < 0.9 * totals[0] and not unmoved
    model.eval()
    with torch.no_grad():
        scores, boxes = model(**data, mode='tensor')
        results = model.test_step(batch(2))
    levels = [(16, 24), (8, 12), (4, 6), (2, 3), (1, 2), (1, 1)]
    assert [s.shape for s in scores] == [(2, 2, *size) for size in levels]
    assert [b.shape for b in boxes] == [(2, 4, *size) for size in levels]
    for result in results:
        found = result.pred_instances
        assert len(found) > 0
        assert found.scores.min() > 0.05 and found.scores.max() <= 1
        assert set(found.labels.tolist()) == {0}


PIPELINES = ('train_dataloader', 'val_dataloader', 'test_dataloader', 'tta')


@pytest.mark.parametrize('name', PIPELINES)
def test_pipelines_give_what_the_detectors_need(stem, name, tmp_path):
    cfg = config(stem)
    steps = cfg.tta_pipeline if name == 'tta' else cfg[name].dataset.pipeline
    picture = np.random.randint(0, 60, (200, 300, 3), np.uint8)
    cv2.imwrite(str(tmp_path / '1.png'), picture)
    face = dict(bbox=[90.0, 60, 190, 160], bbox_label=0, ignore_flag=0)
    data = dict(img_path=str(tmp_path / '1.png'), img_id=1, instances=[face])
    packed = Compose(steps)(data)
    views = packed['data_samples']
    for view in views if isinstance(views, list) else [views]:
        faces = view.gt_instances
        assert len(faces) == 1
        if name == 'train_dataloader':
            assert view.img_shape == (640, 640)
        else:  # sizes of the result are those of the file
            assert faces.bboxes.tensor.tolist() == [[90, 60, 190, 160]]
            assert view.ori_shape == (200, 300)
            width, height = view.scale_factor
            shape = (round(200 * height), round(300 * width))
            assert view.img_shape == shape


@pytest.mark.parametrize(
    'size, count', [((640, 640), 34125), ((500, 714), 29663)]
)
def test_priors(stem, size, count):
    if 'pyramidbox' in stem and size == (500, 714):
        count = 29574  # pool3 rounds down
    if 'r50' in stem and size == (500, 714):
        count = 29973  # ResNet rounds up everywhere
    x = torch.empty(1, 3, *size, device='meta')
    shapes = [f.shape[2:] for f in without_weights(stem).extract_feat(x)][-6:]
    cfg = config(stem).model.bbox_head
    cfg = cfg.get('branches', [cfg])[-1]
    generator = TASK_UTILS.build(cfg.anchor_generator)
    priors = generator.grid_priors(shapes, device='cpu')
    assert sum(map(len, priors)) == count
    factor = cfg.anchor_generator.scales[0]
    for level, boxes in enumerate(priors):
        stride = 4 * 2**level
        half = stride * factor / 2
        height, width = shapes[level]
        for box, row, column in (
            (boxes[0], 0, 0),
            (boxes[-1], height - 1, width - 1),
        ):
            x, y = (column + 0.5) * stride, (row + 0.5) * stride
            assert box.tolist() == [x - half, y - half, x + half, y + half]


def test_copies_and_configs_keep_it(stem, tmp_path):
    cfg = config(stem)
    cfg.dump(tmp_path / 'dumped.py')
    assert Config.fromfile(tmp_path / 'dumped.py').model == cfg.model
    model = without_weights(stem)
    copied = copy.deepcopy(model)
    kinds = [type(m) for m in model.modules()]
    assert [type(m) for m in copied.modules()] == kinds
    assert pickle.loads(pickle.dumps(kinds)) == kinds
    shapes = {k: v.shape for k, v in model.state_dict().items()}
    assert shapes == {k: v.shape for k, v in copied.state_dict().items()}

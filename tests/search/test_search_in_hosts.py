"""The text of docs/search.md in front of stock configs of three toolboxes."""

import importlib.util
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from search_runs import searched, trained

from ruas_mm.models.cells import LOW_LEVEL_OPERATIONS
from ruas_mm.registry import MODELS

ROOT = Path(__file__).parents[2]
COUNT, SIDE = 4, 64

FRONT = """
_base_ = 'BASE'
model = dict(data_preprocessor=dict(
    DELETE type='ruas_mm.SceneDataPreprocessor',
    scene=dict(type='ruas_mm.SceneModule'), host={{_base_.model.type}},
    data_preprocessor={{_base_.PREPROCESSOR}}))
"""  # docs/recipes.md

DETECTION = {
    'train_dataloader.dataset.dataset.data_root': '',
    'train_dataloader.dataset.dataset.ann_file': 'coco.json',
    'train_dataloader.dataset.dataset.data_prefix.img': 'images',
    'train_dataloader.dataset.dataset.metainfo.classes': ('a', 'b'),
    'model.bbox_head.num_classes': 2,
}
YOLOX_DATA = {
    key.replace('dataset.dataset', 'dataset.dataset.dataset'): value
    for key, value in DETECTION.items()
}
HOSTS = dict(
    retinanet=dict(
        config='mmdet/retinanet/retinanet_r50_fpn_1x_coco.py',
        options={
            **DETECTION,
            'train_dataloader.dataset.dataset.pipeline.2.scale': (SIDE, SIDE),
            'model.backbone.init_cfg': None,
            'model.backbone.depth': 18,
            'model.backbone.with_cp': True,
            'model.neck.in_channels': [64, 128, 256, 512],
            'model.neck.out_channels': 16,
            'model.bbox_head.in_channels': 16,
            'model.bbox_head.feat_channels': 16,
        },
    ),
    yolox=dict(
        config='mmdet/yolox/yolox_tiny_8xb8-300e_coco.py',
        options={
            **YOLOX_DATA,
            'train_dataloader.dataset.dataset.pipeline.0.img_scale': (
                SIDE,
                SIDE,
            ),
            'train_dataloader.dataset.dataset.pipeline.1.border': (-32, -32),
            'train_dataloader.dataset.dataset.pipeline.4.scale': (SIDE, SIDE),
            'model.data_preprocessor.data_preprocessor.batch_augments.0'
            '.random_size_range': (32, 96),
            'model.data_preprocessor.data_preprocessor.batch_augments.0'
            '.interval': 1,
            'model.backbone.widen_factor': 0.125,
            'model.neck.in_channels': [32, 64, 128],
            'model.neck.out_channels': 16,
            'model.bbox_head.in_channels': 16,
            'model.bbox_head.feat_channels': 16,
            'custom_hooks.0.num_last_epochs': 1,
        },
    ),
    fcn=dict(
        config='mmseg/fcn/fcn_r50-d8_4xb2-40k_cityscapes-512x1024.py',
        block=1,  # in a loop without epochs
        options={
            'train_dataloader.dataset.dataset.data_root': '',
            'train_dataloader.dataset.dataset.data_prefix': dict(
                img_path='images', seg_map_path='labels'
            ),
            'train_dataloader.dataset.dataset.img_suffix': '.png',
            'train_dataloader.dataset.dataset.seg_map_suffix': '.png',
            'train_dataloader.dataset.dataset.pipeline.2.scale': (SIDE, SIDE),
            'train_dataloader.dataset.dataset.pipeline.3.crop_size': (48, 48),
            'model.data_preprocessor.data_preprocessor.size': (SIDE, SIDE),
            'model.pretrained': None,
            'model.backbone.depth': 18,
            'model.backbone.norm_cfg.type': 'BN',
            'model.decode_head.norm_cfg.type': 'BN',
            'model.decode_head.in_channels': 512,
            'model.decode_head.channels': 16,
            'model.auxiliary_head.norm_cfg.type': 'BN',
            'model.auxiliary_head.in_channels': 256,
            'model.auxiliary_head.channels': 16,
        },
    ),
    mobilenet=dict(
        config='mmpretrain/mobilenet_v2/mobilenet-v2_8xb32_in1k.py',
        preprocessor='data_preprocessor',
        options={
            'train_dataloader.dataset.dataset.data_root': '',
            'train_dataloader.dataset.dataset.split': '',
            'train_dataloader.dataset.dataset.ann_file': 'classes.txt',
            'train_dataloader.dataset.dataset.data_prefix': 'images',
            'train_dataloader.dataset.dataset.pipeline.1.scale': SIDE,
            'model.backbone.widen_factor': 0.25,
        },
    ),
)
COMMON = {
    'train_dataloader.batch_size': 2,
    'train_dataloader.num_workers': 0,
    'train_dataloader.persistent_workers': False,
    'default_hooks.logger.interval': 1,
    'randomness.seed': 0,
    'model.data_preprocessor.scene.num_stages': 1,
}


def write_data(folder):
    """A few dark pictures with boxes, labels and classes."""
    coco = dict(
        images=[], annotations=[],
        categories=[dict(id=i, name=n) for i, n in enumerate('ab')],
    )  # fmt: skip
    lines = []
    for name in ('images', 'labels'):
        (folder / name).mkdir()
    for i in range(COUNT):
        height, width = (SIDE, 48) if i // 2 else (48, SIDE)
        picture = np.random.RandomState(i).randint(0, 70, (height, width, 3))
        label = np.zeros((height, width), np.uint8)
        label[:, 24:] = 1
        cv2.imwrite(str(folder / f'images/{i}.png'), picture.astype(np.uint8))
        cv2.imwrite(str(folder / f'labels/{i}.png'), label)
        coco['images'].append(
            dict(id=i, file_name=f'{i}.png', height=height, width=width)
        )
        coco['annotations'].append(
            dict(
                id=i, image_id=i, category_id=i % 2, bbox=[8, 8, 34, 36],
                area=34 * 36, iscrowd=0,
            )
        )  # fmt: skip
        lines.append(f'{i}.png {i % 2}')
    (folder / 'coco.json').write_text(json.dumps(coco))
    (folder / 'classes.txt').write_text('\n'.join(lines))


def write_configs(folder, host):
    """The scene module in front, and the search from docs/search.md."""
    spec = HOSTS[host]
    package, name = spec['config'].split('/', 1)
    path = Path(importlib.util.find_spec(package).origin).parent
    # 'mmseg::' would be shorter, but the onedl fork does not find itself
    base = f'{path}/.mim/configs/{name}'
    preprocessor = spec.get('preprocessor', 'model.data_preprocessor')
    front = FRONT.replace('BASE', base).replace('PREPROCESSOR', preprocessor)
    in_model = preprocessor.startswith('model')
    front = front.replace('DELETE', '_delete_=True,' if in_model else '')
    (folder / 'my_detector.py').write_text(front)
    (folder / 'my_segmentor.py').write_text(front)
    text = (ROOT / 'docs' / 'search.md').read_text()
    blocks = re.findall('```python\n(.*?)```', text, flags=re.S)
    search = blocks[0]
    if 'block' in spec:
        search += blocks[spec['block']]
    (folder / 'my_supernet.py').write_text(search)
    return base, folder / 'my_supernet.py'


def read_search(folder, host):
    base, path = write_configs(folder, host)
    cfg = Config.fromfile(path)
    position = len(Config.fromfile(base).get('custom_hooks', []))
    assert len(cfg.custom_hooks) == position + 1
    hook = f'custom_hooks.{position}'
    options = {
        **COMMON,
        **HOSTS[host]['options'],
        f'{hook}.phases.scene': 1,
        f'{hook}.phases.task': 1,
        f'{hook}.optimizer': dict(type='Adam', lr=0.1, betas=(0.5, 0.999)),
    }
    for key in options:
        if key.endswith('data_root'):
            options[key] = str(folder)
    length = 'max_iters' if 'max_iters' in cfg.train_cfg else 'max_epochs'
    options[f'train_cfg.{length}'] = 2
    cfg.merge_from_dict(options)
    cfg.work_dir = str(folder / 'run')
    cfg.experiment_name = f'{folder.name}-{host}'
    return cfg


@pytest.mark.parametrize('host', HOSTS)
def test_search_from_the_docs_in_front_of_a_stock_config(host, tmp_path):
    pytest.importorskip(HOSTS[host]['config'].split('/')[0])
    write_data(tmp_path)
    cfg = read_search(tmp_path, host)
    runner = Runner.from_cfg(cfg)
    before = {**searched(runner), **trained(runner)}
    runner.train()
    after = {**searched(runner), **trained(runner)}
    assert all(value.isfinite().all() for value in after.values())
    (alphas,) = searched(runner)
    assert alphas == 'data_preprocessor.scene.alphas'
    assert not torch.equal(before[alphas], after[alphas])
    moved = {
        name.split('.')[0]
        for name in before
        if not torch.equal(before[name], after[name])
    }
    assert {'data_preprocessor', 'backbone'} <= moved  # both phases

    genotype = json.loads((tmp_path / 'run/genotype.json').read_text())
    found = genotype['genotype']['scene']
    assert set(found) <= set(LOW_LEVEL_OPERATIONS) and len(found) == 7
    subnet = Config.fromfile(tmp_path / 'run/my_subnet.py')
    init_default_scope(subnet.default_scope)
    subnet.merge_from_dict(
        {k: v for k, v in HOSTS[host]['options'].items() if 'model' in k}
    )
    model = MODELS.build(subnet.model)
    assert list(model.data_preprocessor.scene.stages[0].genotype) == found

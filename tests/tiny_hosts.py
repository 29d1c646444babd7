"""Models of the three hosts, small ones of stock configs where they exist."""

import copy
import importlib.util
from pathlib import Path

from mmengine.config import Config

NORMALISE = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
SEGMENTOR = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor', bgr_to_rgb=True, **NORMALISE
    ),
    backbone=dict(
        type='MobileNetV2',
        widen_factor=0.25,
        strides=(1, 2, 2, 1, 1, 1, 1),
        out_indices=(0, 3),  # one alone would not come as a list
    ),
    decode_head=dict(
        type='FCNHead',
        in_channels=16,
        channels=8,
        num_convs=1,
        num_classes=3,
        in_index=1,
        norm_cfg=dict(type='BN'),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
STOCK = dict(
    ssdlite='mmdet/ssd/ssdlite_mobilenetv2-scratch_8xb24-600e_coco.py',
    retinanet='mmdet/retinanet/retinanet_r18_fpn_1x_coco.py',
    resnet18='mmpretrain/resnet/resnet18_8xb32_in1k.py',
)
SMALLER = dict(
    ssdlite=dict(bbox_head=dict(num_classes=3)),
    retinanet=dict(
        backbone=dict(base_channels=8),
        neck=dict(in_channels=[8, 16, 32, 64], out_channels=16),
        bbox_head=dict(
            in_channels=16, feat_channels=16, stacked_convs=1, num_classes=3
        ),
    ),
    resnet18=dict(
        backbone=dict(base_channels=8),
        head=dict(in_channels=64, num_classes=3, topk=(1,)),
    ),
)
HOST_OF = {
    **{name: path.split('/')[0] for name, path in STOCK.items()},
    'fcn': 'mmseg',
}


def stock_config(path: str) -> Config:
    """A config that comes with a host, ``HOST/FOLDER/FILE.py``."""
    host, _, rest = path.partition('/')
    package = Path(importlib.util.find_spec(host).origin).parent
    return Config.fromfile(package / '.mim' / 'configs' / rest)


def without_downloads(cfg):
    """Drop the weights of backbones, in place."""
    for value in cfg.values() if isinstance(cfg, dict) else cfg:
        if isinstance(value, (dict, list)):
            without_downloads(value)
    if isinstance(cfg, dict):
        cfg.pop('init_cfg', None)
        cfg.pop('pretrained', None)
    return cfg


def model_config(name: str) -> dict:
    """Model with its own preprocessor."""
    if name not in STOCK:
        return copy.deepcopy(SEGMENTOR)
    cfg = stock_config(STOCK[name])
    cfg.merge_from_dict(dict(model=SMALLER[name]))
    model = without_downloads(cfg.model)
    model.setdefault('data_preprocessor', cfg.get('data_preprocessor'))
    return model


def fronted(model: dict, **kwargs) -> dict:
    """The same behind a scene module."""
    kwargs.setdefault('scene', dict(type='ruas_mm.SceneModule'))
    inner = model['data_preprocessor']
    front = dict(
        type='ruas_mm.SceneDataPreprocessor',
        data_preprocessor=inner,
        host=model['type'],
        **kwargs,
    )
    return dict(model, data_preprocessor=front)

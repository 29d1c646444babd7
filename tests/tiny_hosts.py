"""Small models of the three hosts, of stock configs where those are small."""

import importlib.util
from pathlib import Path

from host_models import segmentor, with_front
from mmengine.config import Config
from mmengine.visualization import Visualizer

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
        return segmentor()[0]
    cfg = stock_config(STOCK[name])
    cfg.merge_from_dict(dict(model=SMALLER[name]))
    model = without_downloads(cfg.model)
    model.setdefault('data_preprocessor', cfg.get('data_preprocessor'))
    return model


def fronted(model: dict, **kwargs) -> dict:
    """The same behind a scene module, or another front."""
    kwargs.setdefault('scene', dict(type='ruas_mm.SceneModule'))
    return with_front(model, host=model['type'], **kwargs)


def on_canvas(picture):
    """The picture as a host's canvas shows it before anything is drawn.

    Matplotlib before 3.11 (the last for Python 3.10) moves some pixels by one.
    """
    return Visualizer(image=picture).get_image()

"""Tiny batches in the structures that the hosts' data loaders deliver."""

from typing import Iterator

import numpy as np
import torch
from mmengine.structures import InstanceData, PixelData

from ruas_mm.models.data_preprocessors.host_defaults import with_type


def stock_batch(cfg, training: bool, size: int = 32, number: int = 2) -> dict:
    """What the loader of a stock config delivers, as to structure.

    Args:
        cfg: The config (``model``, ``train_dataloader``), of any host, whose
            default scope is on.
        training: Whether its training or its test loader is meant.
        size: Height and width of the pictures; a second view is half of it.
        number: Of pictures or videos.

    Returns:
        ``inputs`` (uint8, dark) and ``data_samples``.
    """
    preprocessor = with_type(host_preprocessor(cfg), cfg.model.type)
    kind = preprocessor.type.split('.')[-1]
    channels = len(preprocessor.get('mean') or (0, 0, 0))
    picture = lambda s=size, c=channels: _picture(c, s)  # noqa: E731
    if kind.startswith('SegDataPre'):
        samples = [_seg_sample(size) for _ in range(number)]
    elif kind.startswith(('Det', 'BoxInst', 'MultiBranch', 'Track')):
        samples = [_det_sample(size) for _ in range(number)]
    elif kind.startswith('ReID'):
        return _reid_batch(size)
    else:
        samples = _cls_samples(number)
    if kind.startswith('MultiBranch') and training:
        return _branches(picture, size)
    if kind.startswith('Track') and not (
        training and preprocessor.get('use_det_processor')
    ):
        return _videos(picture, size, number, training)
    views = sum(_num_views(cfg)) if training else 0
    if views:
        sizes = [size] * 2 + [size // 2] * (views - 2)
        inputs = [_stack(picture, number, s) for s in sizes]
    elif kind.startswith('TwoNorm'):
        inputs = [_stack(picture, number, s) for s in (size, size // 2)]
    elif kind.startswith(('SelfSup', 'MultiModal')):
        inputs = _stack(picture, number, size)
    else:
        inputs = [picture() for _ in range(number)]
    return dict(inputs=inputs, data_samples=samples)


def host_preprocessor(cfg) -> dict:
    """Config of the host's preprocessor, wherever it stands."""
    model = cfg.get('model') or {}
    return model.get('data_preprocessor') or cfg.get('data_preprocessor') or {}


def walk(cfg) -> Iterator[dict]:
    """All dictionaries of a config."""
    if isinstance(cfg, dict):
        yield cfg
    for value in cfg.values() if isinstance(cfg, dict) else cfg:
        if isinstance(value, (dict, list, tuple)):
            yield from walk(value)


def _num_views(cfg) -> list:
    for part in walk(cfg.get('train_dataloader') or {}):
        if part.get('type') == 'MultiView':
            views = part['num_views']
            return views if isinstance(views, (list, tuple)) else [views]
    return []


def _picture(channels: int, size: int) -> torch.Tensor:
    return torch.randint(0, 70, (channels, size, size), dtype=torch.uint8)


def _stack(picture, number: int, size: int) -> torch.Tensor:
    return torch.stack([picture(size) for _ in range(number)])


def _det_sample(size: int):
    from mmdet.structures import DetDataSample
    from mmdet.structures.mask import BitmapMasks

    masks = np.ones((1, size, size), np.uint8)
    instances = dict(
        bboxes=torch.tensor([[2.0, 2, size - 4, size - 4]]),
        labels=torch.zeros(1).long(),
        instances_ids=torch.zeros(1).long(),
        masks=BitmapMasks(masks, size, size),
    )
    sample = DetDataSample(
        metainfo=dict(
            img_id=0,
            img_path='a.png',
            img_shape=(size, size),
            ori_shape=(size, size),
            scale_factor=(1.0, 1.0),
            flip=False,
            flip_direction=None,
            homography_matrix=np.eye(3, dtype=np.float32),
            frame_id=0,
            video_id=0,
            video_length=2,
            ori_video_length=2,
        )
    )
    sample.gt_instances = InstanceData(**instances)
    sample.ignored_instances = InstanceData(
        bboxes=torch.zeros(0, 4), labels=torch.zeros(0).long()
    )
    sample.gt_sem_seg = PixelData(sem_seg=torch.zeros(1, size, size).long())
    return sample


def _branches(picture, size: int) -> dict:
    """One labelled picture and one that is not, as SoftTeacher's loader."""
    patterns = dict(sup=(1, 0), unsup_teacher=(0, 1), unsup_student=(0, 1))
    return dict(
        inputs={
            branch: [picture() if here else None for here in pattern]
            for branch, pattern in patterns.items()
        },
        data_samples={
            branch: [_det_sample(size) if here else None for here in pattern]
            for branch, pattern in patterns.items()
        },
    )


def _videos(picture, size: int, number: int, training: bool) -> dict:
    """Key and reference frames of videos, or one frame of one video."""
    from mmdet.structures import TrackDataSample

    frames = 2 if training else 1
    number = number if training else 1
    samples = []
    for _ in range(number):
        sample = TrackDataSample()
        sample.video_data_samples = [_det_sample(size) for _ in range(frames)]
        flags = dict(key_frames_inds=[0], ref_frames_inds=[1])
        sample.set_metainfo(flags if training else {})
        samples.append(sample)
    inputs = [
        torch.stack([picture() for _ in range(frames)]) for _ in range(number)
    ]
    return dict(inputs=inputs, data_samples=samples)


def _reid_batch(size: int) -> dict:
    """Two pictures of each of two people are one item."""
    from mmdet.structures import ReIDDataSample

    sample = ReIDDataSample(metainfo=dict(img_path='a.png'))
    sample.set_gt_label(np.array([0, 0, 1, 1]))
    pictures = torch.stack([_picture(3, size) for _ in range(4)]).float()
    return dict(inputs=[pictures], data_samples=[sample])


def _seg_sample(size: int):
    from mmseg.structures import SegDataSample

    shapes = dict(img_shape=(size, size), ori_shape=(size, size))
    sample = SegDataSample(metainfo=dict(img_path='a.png', **shapes))
    labels = torch.zeros(1, size, size).long()
    sample.gt_sem_seg = PixelData(data=labels)
    return sample


def _cls_samples(number: int) -> list:
    from mmpretrain.structures import DataSample

    samples = [
        DataSample(metainfo=dict(img_path='a.png')) for _ in range(number)
    ]
    return [sample.set_gt_label(0) for sample in samples]

"""Small models of the three hosts, and one batch for each."""

import copy

import torch
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData, PixelData

NORMALISE = dict(mean=[120.0] * 3, std=[60.0] * 3)
SIZE = (64, 64)


def detector():
    from mmdet.structures import DetDataSample

    sample = DetDataSample(
        metainfo=dict(
            img_shape=SIZE, ori_shape=SIZE, scale_factor=(1, 1),
            pad_shape=SIZE, img_path='',
        ),
        gt_instances=InstanceData(
            bboxes=torch.tensor([[5.0, 8, 50, 60]]), labels=torch.tensor([1])
        ),
    )  # fmt: skip
    model = dict(
        type='SingleStageDetector',
        data_preprocessor=dict(type='DetDataPreprocessor', **NORMALISE),
        backbone=dict(
            type='ResNet', depth=18, frozen_stages=1, out_indices=(2, 3)
        ),
        neck=dict(type='FPN', in_channels=[256, 512], out_channels=8,
                  num_outs=2),
        bbox_head=dict(
            type='RetinaHead', num_classes=2, in_channels=8, feat_channels=8,
            stacked_convs=1,
            anchor_generator=dict(
                type='AnchorGenerator', octave_base_scale=4,
                scales_per_octave=1, ratios=[1.0], strides=[16, 32],
            ),
        ),
        train_cfg=dict(
            assigner=dict(type='MaxIoUAssigner', pos_iou_thr=0.5,
                          neg_iou_thr=0.4, min_pos_iou=0),
            sampler=dict(type='PseudoSampler'),
            allowed_border=-1,
            pos_weight=-1,
        ),
        test_cfg=dict(nms_pre=9, score_thr=0.0, max_per_img=3,
                      nms=dict(type='nms', iou_threshold=0.5)),
    )  # fmt: skip
    return model, sample


def segmentor():
    from mmseg.structures import SegDataSample

    sample = SegDataSample(
        metainfo=dict(
            img_shape=SIZE, ori_shape=SIZE, pad_shape=SIZE, img_path=''
        ),
        gt_sem_seg=PixelData(data=torch.zeros(1, *SIZE, dtype=torch.long)),
    )
    model = dict(
        type='EncoderDecoder',
        data_preprocessor=dict(
            type='SegDataPreProcessor', size=SIZE, **NORMALISE
        ),
        backbone=dict(type='ResNet', depth=18, out_indices=(3,)),
        decode_head=dict(
            type='FCNHead', in_channels=512, in_index=0, channels=8,
            num_convs=1, num_classes=3, norm_cfg=dict(type='BN'),
        ),
        test_cfg=dict(mode='whole'),
    )  # fmt: skip
    return model, sample


def classifier():
    from mmpretrain.structures import DataSample

    sample = DataSample(metainfo=dict(img_shape=SIZE, img_path=''))
    model = dict(
        type='ImageClassifier',
        data_preprocessor=dict(type='ClsDataPreprocessor', **NORMALISE),
        backbone=dict(type='ResNet', depth=18),
        neck=dict(type='GlobalAveragePooling'),
        head=dict(
            type='LinearClsHead', num_classes=3, in_channels=512, topk=(1,)
        ),
    )
    return model, sample.set_gt_label(1)


HOSTS = dict(mmdet=detector, mmseg=segmentor, mmpretrain=classifier)


def dark_batch(sample, number=2):
    """Dark pictures, and a sample for each."""
    return dict(
        inputs=[
            torch.randint(0, 70, (3, *SIZE), dtype=torch.uint8)
            for _ in range(number)
        ],
        data_samples=[copy.deepcopy(sample) for _ in range(number)],
    )


def with_front(model, **front):
    """The same model's config with a front."""
    front = dict(
        type='ruas_mm.SceneDataPreprocessor',
        data_preprocessor=model['data_preprocessor'],
        **front,
    )
    return ConfigDict(dict(model, data_preprocessor=front))


def prepare(name, host):
    """Config of a host's small model, and a batch; in the host's scope."""
    register = __import__(f'{name}.utils', fromlist=['register_all_modules'])
    register.register_all_modules(init_default_scope=False)
    host(name)
    model, sample = HOSTS[name]()
    return model, dark_batch(sample)

"""What the face detectors share, to be put together with data by a config.

S3FD's network as its public port has it; crops, schedule and tests are those
that the ports of S3FD, PyramidBox and DSFD have in common.
"""

_base_ = 'mmdet::_base_/default_runtime.py'

face_anchors = dict(
    type='AnchorGenerator',
    strides=[4, 8, 16, 32, 64, 128],
    ratios=[1.0],
    scales=[4],  # sides 16 to 512
    center_offset=0.5,
)
face_boxes = dict(
    type='DeltaXYWHBBoxCoder',
    target_stds=[0.1, 0.1, 0.2, 0.2],
    clip_border=False,
)
model = dict(
    type='SingleStageDetector',
    data_preprocessor=dict(
        type='DetDataPreprocessor',
        mean=[123, 117, 104],
        std=[1, 1, 1],
        bgr_to_rgb=True,
    ),
    backbone=dict(
        type='ruas_mm.FaceVGG',
        init_cfg=dict(
            type='Pretrained', checkpoint='open-mmlab://vgg16_caffe'
        ),
    ),
    neck=dict(type='ruas_mm.S3FDNeck'),
    bbox_head=dict(
        type='ruas_mm.MaxOutSSDHead',
        num_classes=1,
        in_channels=(256, 512, 512, 1024, 512, 256),
        num_scores=[(1, 3), *[(1, 1)] * 5],  # (face, background)
        anchor_generator=face_anchors,
        bbox_coder=face_boxes,
    ),
    train_cfg=dict(
        assigner=dict(
            type='MaxIoUAssigner',
            pos_iou_thr=0.35,
            neg_iou_thr=0.35,
            min_pos_iou=0.0,
            gt_max_assign_all=False,
        ),
        sampler=dict(type='PseudoSampler'),
        smoothl1_beta=1.0,
        allowed_border=-1,
        pos_weight=-1,
        neg_pos_ratio=3,
        debug=False,
    ),
    test_cfg=dict(
        nms_pre=5000,
        min_bbox_size=0,
        score_thr=0.05,
        nms=dict(type='nms', iou_threshold=0.3),
        max_per_img=750,
    ),
)

interpolations = ('bilinear', 'bicubic', 'area', 'nearest', 'lanczos')
face_train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='PhotoMetricDistortion'),
    dict(
        type='RandomChoice',
        transforms=[
            [dict(type='ruas_mm.DataAnchorSampling')],
            [dict(type='ruas_mm.SquareCrop')],
        ],
        prob=[0.5, 0.5],
    ),
    dict(
        type='RandomChoice',
        transforms=[
            [dict(type='Resize', scale=(640, 640), interpolation=each)]
            for each in interpolations
        ],
    ),
    dict(type='FilterAnnotations', min_gt_bbox_wh=(6, 6)),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs'),
]
face_test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale_factor=1.0, keep_ratio=True),  # as it is
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='PackDetInputs',
        meta_keys=(
            'img_id',
            'img_path',
            'ori_shape',
            'img_shape',
            'scale_factor',
        ),
    ),
]
face_train_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
)
face_test_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
)

# python tools/test.py CONFIG CHECKPOINT --tta
tta_model = dict(type='ruas_mm.BoxVotingTTA')
tta_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='ruas_mm.FaceViews', area=1700 * 1200),
]

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=1e-3, momentum=0.9, weight_decay=5e-4),
)
param_scheduler = [
    dict(
        type='MultiStepLR',
        by_epoch=False,
        milestones=[80000, 100000, 120000],
        gamma=0.1,
    )
]
train_cfg = dict(
    type='IterBasedTrainLoop', max_iters=200000, val_interval=5000
)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
default_hooks = dict(
    checkpoint=dict(by_epoch=False, interval=5000, max_keep_ckpts=3)
)
log_processor = dict(by_epoch=False)

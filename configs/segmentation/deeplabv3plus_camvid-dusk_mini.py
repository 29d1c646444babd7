"""DeepLabv3+ on CamVid at dusk in minutes: EfficientNet-Lite0, 62 images.

Command:  python tools/misc/get_backbones.py efficientnet_lite0
              data/backbones/efficientnet_lite0.pth
          python tools/train.py
              configs/segmentation/deeplabv3plus_camvid-dusk_mini.py
Time:     not measured at its full length
Expected: docs/results.md, "CamVid at dusk"; for comparing fronts and
          branches, not for any row of the paper
"""

_base_ = [
    '../_base_/deeplabv3plus.py',
    '../_base_/efficientnet_lite0.py',
    '../_base_/camvid.py',
]

model = dict(
    pretrained=None,
    data_preprocessor=dict(size=(144, 192), mean=[127.0] * 3, std=[128.0] * 3),
    backbone=dict(
        _delete_=True,
        **_base_.lite0,
        out_indices=(2, 4),  # 24 channels at stride 4, 112 at stride 16
    ),
    decode_head=dict(
        in_channels=112,
        in_index=1,
        channels=64,
        c1_in_channels=24,
        c1_channels=24,
        num_classes=11,
        norm_cfg=dict(type='BN'),
        sampler=None,  # the host's keeps 100,000 pixels: more than these have
    ),
    auxiliary_head=None,
    # outer taps of dilated convolutions see nothing but padding on the crops:
    # on larger maps they would tell what they started with
    test_cfg=dict(mode='slide', crop_size=(144, 192), stride=(96, 128)),
)

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(
        type='RandomResize',
        scale=(320, 240),
        ratio_range=(0.75, 1.5),
        keep_ratio=True,
    ),
    dict(type='RandomCrop', crop_size=(144, 192), cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(320, 240), keep_ratio=True),
    dict(type='LoadAnnotations'),  # at the full size, as is the prediction
    dict(type='PackSegInputs'),
]
train_dataloader = dict(
    batch_size=4,
    num_workers=1,
    dataset=dict(_base_.camvid_train, pipeline=train_pipeline),
)
test_dataloader = dict(
    num_workers=1, dataset=dict(_base_.camvid_test, pipeline=test_pipeline)
)
val_dataloader = test_dataloader
val_evaluator = dict(_delete_=True, type='ruas_mm.NamedIoUMetric')
test_evaluator = val_evaluator

optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=1e-3, weight_decay=1e-2),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1))),
)
train_cfg = dict(max_iters=300, val_interval=300)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=20),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=20, end=300),
]
default_hooks = dict(
    logger=dict(interval=20), checkpoint=dict(interval=300, max_keep_ckpts=1)
)
randomness = dict(seed=0)

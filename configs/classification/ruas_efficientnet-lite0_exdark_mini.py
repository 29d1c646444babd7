"""RUAS on ExDark's image-level classes in minutes, through mmpretrain.

A scene module in front of EfficientNet-Lite0, both trained together.

Command:  python tools/misc/get_backbones.py efficientnet_lite0
              data/backbones/efficientnet_lite0.pth
          python tools/train.py
              configs/classification/ruas_efficientnet-lite0_exdark_mini.py
Time:     0.5 s a step at 4 pictures and one CPU core, which is shared
Expected: for no row of the paper, which has no classification
"""

# in place of ``mmpretrain::``, which fits one of the two distributions alone
_base_ = [
    __import__('mmpretrain').__path__[0] + '/.mim/configs/efficientnet/'
    'efficientnet-b0_8xb32-01norm_in1k.py',
    '../_base_/efficientnet_lite0.py',
]
custom_imports = dict(imports=['ruas_mm'], allow_failed_imports=False)

model = dict(
    data_preprocessor=dict(
        type='ruas_mm.SceneDataPreprocessor',
        scene=dict(type='ruas_mm.SceneModule'),
        host={{_base_.model.type}},
        data_preprocessor=dict(
            num_classes=12, mean=[127.0] * 3, std=[128.0] * 3, to_rgb=True
        ),
    ),
    backbone=dict(_delete_=True, **_base_.lite0, out_indices=(6,)),
    head=dict(num_classes=12, topk=(1,)),
)

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomResizedCrop', scale=160, crop_ratio_range=(0.25, 1.0)),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='ResizeEdge', scale=184, edge='short'),
    dict(type='CenterCrop', crop_size=160),
    dict(type='PackInputs'),
]
exdark = dict(
    _delete_=True,
    type='ruas_mm.ExDarkClassDataset',
    data_root='{{$EXDARK_ROOT:data/ExDark}}',
)
train_dataloader = dict(
    batch_size=8,
    num_workers=1,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(exdark, subset='train', pipeline=train_pipeline),
)
test_dataloader = dict(
    batch_size=8,
    num_workers=1,
    dataset=dict(exdark, subset='test', pipeline=test_pipeline),
)
val_dataloader = test_dataloader
val_evaluator = dict(topk=(1,))
test_evaluator = val_evaluator

optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=1e-3, weight_decay=1e-2),
    # the scene module learns at the rate of the head
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1))),
)
train_cfg = dict(
    _delete_=True, by_epoch=False, max_iters=200, val_interval=200
)
param_scheduler = dict(
    _delete_=True, type='CosineAnnealingLR', by_epoch=False, T_max=200
)
default_hooks = dict(
    logger=dict(interval=20),
    checkpoint=dict(by_epoch=False, interval=200, max_keep_ckpts=1),
    visualization=dict(_delete_=True, type='ruas_mm.SceneVisualizationHook'),
)
log_processor = dict(by_epoch=False)
randomness = dict(seed=0)

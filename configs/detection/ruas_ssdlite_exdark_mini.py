"""RUAS on ExDark in minutes: SSDLite on 160 pixels, tested on other images.

Command:  python tools/dataset_converters/make_demo_set.py
              work_dirs/demo160/ExDark --train 120
              --val 0 --test 60
          EXDARK_ROOT=work_dirs/demo160/ExDark python tools/train.py
              configs/detection/ruas_ssdlite_exdark_mini.py
Time:     see docs/results.md
Expected: docs/results.md, "Search": for comparing architectures, not for
          any row of the paper
"""

_base_ = './ruas_ssdlite_exdark.py'

model = dict(
    bbox_head=dict(
        anchor_generator=dict(
            strides=[16, 32, 53, 80, 160, 160],
            min_sizes=[24, 50, 75, 101, 126, 152],
            max_sizes=[50, 75, 101, 126, 152, 160],
        )
    )
)
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='Resize', scale=(160, 160), keep_ratio=False),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(160, 160), keep_ratio=False),
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
train_dataloader = dict(
    batch_size=8,
    num_workers=1,
    sampler=dict(_delete_=True, type='InfiniteSampler', shuffle=True),
    dataset=dict(times=1, dataset=dict(pipeline=train_pipeline)),
)
test_dataloader = dict(
    num_workers=1, dataset=dict(pipeline=test_pipeline, subset='test')
)
val_dataloader = test_dataloader

train_cfg = dict(
    _delete_=True, by_epoch=False, max_iters=400, val_interval=400
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=20),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=20, end=400),
]
default_hooks = dict(
    logger=dict(interval=20),
    checkpoint=dict(
        by_epoch=False, interval=400, max_keep_ckpts=1, save_best=None
    ),
)
log_processor = dict(by_epoch=False)
randomness = dict(seed=0)

"""Sanity check: the light detector learns a few images by heart.

Trains on every listed image without augmentation and tests on the same ones,
so the figure says that training works and nothing about quality.

Command:  EXDARK_ROOT=/a/few/images python tools/train.py
              configs/detection/ruas_ssdlite_exdark_overfit.py
Time:     see docs/results.md (8 images, two CPU cores)
Expected: AP50 at least .9
"""

_base_ = './ruas_ssdlite_exdark.py'

train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        times=1,
        dataset=dict(
            subset='all',
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='LoadAnnotations', with_bbox=True),
                dict(type='Resize', scale=(320, 320), keep_ratio=False),
                dict(type='PackDetInputs'),
            ],
        ),
    ),
)
val_dataloader = dict(
    num_workers=0, persistent_workers=False, dataset=dict(subset='all')
)
test_dataloader = val_dataloader

train_cfg = dict(max_epochs=300, val_interval=50)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=20),
    dict(
        type='CosineAnnealingLR', by_epoch=False, begin=150, T_max=150, end=300
    ),
]
default_hooks = dict(
    logger=dict(interval=10), checkpoint=dict(interval=50, max_keep_ckpts=1)
)
randomness = dict(seed=0)

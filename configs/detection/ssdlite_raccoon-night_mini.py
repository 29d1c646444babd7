"""Raccoons at night in minutes: light SSD, EfficientNet-Lite0, 160 pixels.

Command:  python tools/dataset_converters/darken.py data/raccoon
              data/raccoon-night --level night
          python tools/dataset_converters/split_voc.py data/raccoon-night
          python tools/misc/get_backbones.py efficientnet_lite0
              data/backbones/efficientnet_lite0.pth
          python tools/train.py
              configs/detection/ssdlite_raccoon-night_mini.py
Time:     see docs/results.md
Expected: docs/results.md, "Raccoons at night": the row TM of Table 8 in small

The plain detector: what tables 6 and 8 compare with. As the hosts fine-tune
with small batches, the first stages stay as they are.
"""

_base_ = [
    'mmdet::ssd/ssdlite_mobilenetv2-scratch_8xb24-600e_coco.py',
    '../_base_/efficientnet_lite0.py',
    '../_base_/raccoon.py',
]

model = dict(
    data_preprocessor=dict(mean=[127.0] * 3, std=[128.0] * 3),
    backbone=dict(
        _delete_=True, **_base_.lite0, out_indices=(4, 5), frozen_stages=2
    ),
    neck=dict(
        type='ruas_mm.SearchableSSDNeck',
        genotype=['3-C'] * 4,  # mmdet's neck
        **_base_.ssd_lite0.neck,
    ),
    bbox_head=dict(
        type='ruas_mm.SearchableSSDHead',
        genotype=dict(reg=['3-C'] * 6, cls=['3-C'] * 6),  # mmdet's head
        **_base_.ssd_lite0.bbox_head,
        num_classes=1,
        anchor_generator=dict(
            strides=[16, 32, 53, 80, 160, 160],
            min_sizes=[24, 50, 75, 101, 126, 152],
            max_sizes=[50, 75, 101, 126, 152, 160],
        ),
    ),
)
train_pipeline = {{_base_.raccoon_train_pipeline}}
test_pipeline = {{_base_.raccoon_test_pipeline}}
train_dataloader = dict(_delete_=True, **_base_.raccoon_train_dataloader)
val_dataloader = dict(_delete_=True, **_base_.raccoon_val_dataloader)
test_dataloader = val_dataloader
val_evaluator = dict(_delete_=True, **_base_.raccoon_evaluator)
test_evaluator = val_evaluator

optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=1e-3, weight_decay=1e-4),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1))),
)
train_cfg = dict(_delete_=True, **_base_.raccoon_train_cfg)
param_scheduler = {{_base_.raccoon_schedule}}
default_hooks = {{_base_.raccoon_hooks}}
log_processor = dict(by_epoch=False)
randomness = dict(seed=0)

"""RUAS on VGG-16, raccoons at night in minutes: the face detector in small.

Command:  as in tm_s3fd_raccoon-night_mini.py, and
          python tools/train.py
              configs/detection/ruas_s3fd_raccoon-night_mini.py
Time:     see docs/results.md
Expected: docs/results.md, "Backbones": the row VGG-16, RUAS of Table 7

Network and genotype are those of ruas_s3fd_darkface.py; data, steps and metric
those of ssdlite_raccoon-night_mini.py.
"""

_base_ = ['../_base_/raccoon.py', '../_base_/ruas_face_detector.py']

backbones = '{{$BACKBONES_ROOT:data/backbones}}'
model = dict(backbone=dict(init_cfg=dict(checkpoint=f'{backbones}/vgg16.pth')))
train_dataloader = {{_base_.raccoon_train_dataloader}}
val_dataloader = {{_base_.raccoon_val_dataloader}}
test_dataloader = val_dataloader
tta_pipeline = [
    *_base_.tta_pipeline[:2],
    dict(type='ruas_mm.FaceViews', area=160 * 160),
]
val_evaluator = test_evaluator = {{_base_.raccoon_evaluator}}

optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=3e-4, weight_decay=1e-4),
    paramwise_cfg=dict(
        custom_keys={
            'backbone': dict(lr_mult=0.1),
            # VGG's two layers that no features fill
            'backbone.features.31': dict(lr_mult=1),
            'backbone.features.33': dict(lr_mult=1),
        }
    ),
    clip_grad=dict(max_norm=35, norm_type=2),
)
train_cfg = {{_base_.raccoon_train_cfg}}
param_scheduler = {{_base_.raccoon_schedule}}
default_hooks = {{_base_.raccoon_hooks}}
randomness = dict(seed=0)

"""ExDark behind packaged light in minutes, from features of ImageNet.

Command:  python tools/misc/get_backbones.py efficientnet_lite0
              data/backbones/efficientnet_lite0.pth
          python tools/train.py
              configs/detection/ruas_ssdlite-lite0_exdark_mini.py
Time:     see docs/results.md, "The demo"
Expected: docs/results.md, "The demo": what `make demo` reaches on its set

As ruas_ssdlite_exdark_mini.py, 160 pixels, with the backbone and the widths of
ssdlite_raccoon-night_mini.py. The front stays as it is: what is learnt is the
detector.
"""

_base_ = './ruas_ssdlite_exdark_mini.py'

widths = (112, 320, 256, 128, 128, 64)
model = dict(
    data_preprocessor=dict(
        scene=dict(_delete_=True, type='ruas_s_detection'),
        frozen=True,
        data_preprocessor=dict(mean=[127.0] * 3, std=[128.0] * 3),
    ),
    backbone=dict(
        _delete_=True,
        type='ruas_mm.EfficientNetLite',
        out_indices=(4, 5),  # 112 channels at stride 16, 320 at stride 32
        frozen_stages=3,
        norm_eval=True,
        init_cfg=dict(
            type='Pretrained',
            checkpoint='{{$BACKBONES_ROOT:data/backbones}}/'
            'efficientnet_lite0.pth',
        ),
    ),
    neck=dict(
        in_channels=widths[:2],
        out_channels=widths,
        norm_cfg=dict(momentum=0.1),
    ),
    bbox_head=dict(in_channels=widths, norm_cfg=dict(momentum=0.1)),
)
optim_wrapper = dict(
    optimizer=dict(lr=2e-3),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1))),
)
train_cfg = dict(max_iters=150, val_interval=150)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=10),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=10, end=150),
]
default_hooks = dict(checkpoint=dict(interval=150))

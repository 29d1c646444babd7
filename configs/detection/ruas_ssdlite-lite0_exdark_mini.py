"""ExDark behind packaged light in minutes, from features of ImageNet.

Command:  python tools/misc/get_backbones.py efficientnet_lite0
              data/backbones/efficientnet_lite0.pth
          python tools/train.py
              configs/detection/ruas_ssdlite-lite0_exdark_mini.py
Time:     see docs/results.md, "The demo"
Expected: docs/results.md, "The demo": what `make demo` reaches on its set

As ruas_ssdlite_exdark_mini.py, 160 pixels, with the backbone of
ssdlite_raccoon-night_mini.py. The front stays as it is: what is learnt is the
detector.
"""

_base_ = ['./ruas_ssdlite_exdark_mini.py', '../_base_/efficientnet_lite0.py']

model = dict(
    data_preprocessor=dict(
        scene=dict(_delete_=True, type='ruas_s_detection'),
        frozen=True,
        data_preprocessor=dict(mean=[127.0] * 3, std=[128.0] * 3),
    ),
    backbone=dict(
        _delete_=True, **_base_.lite0, out_indices=(4, 5), frozen_stages=3
    ),
    **_base_.ssd_lite0,
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

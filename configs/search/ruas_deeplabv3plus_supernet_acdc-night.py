"""Search RUAS on ACDC at night: scene cell, branches of DeepLabv3+ (Sec. 7.2).

30 epochs, one picture a step, weight decay 5e-4. Half of the training images
train the weights, the other half the architecture.

Command:  python tools/train.py
              configs/search/ruas_deeplabv3plus_supernet_acdc-night.py
          python tools/train.py
              work_dirs/ruas_deeplabv3plus_supernet_acdc-night/
              ruas_deeplabv3plus_subnet_acdc-night.py
Time:     not run at full scale (neither the labels nor a GPU were at hand);
          the branch of full convolutions alone has 203 million parameters
          as a supernet
Expected: the paper's network has an mIoU of 48.5 over 17 classes
"""

_base_ = [
    '../segmentation/ruas_deeplabv3plus_acdc-night.py',
    '../_base_/segmentor_search.py',
]

model = dict(_base_.supernet, host={{_base_.model.type}})
train_dataloader = dict(
    batch_size=1,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(_delete_=True, type='DefaultSampler', shuffle=True),
    dataset=dict(
        _delete_=True,
        type='ruas_mm.HalfDataset',
        half='even',
        dataset={{_base_.train_dataloader.dataset}},
    ),
)
custom_hooks = [
    dict(
        _base_.search,
        train_config='{{fileDirname}}/../segmentation/'
        'ruas_deeplabv3plus_acdc-night.py',
    )
]
optim_wrapper = dict(optimizer=dict(lr=3e-4))
param_scheduler = []
train_cfg = dict(_delete_=True, by_epoch=True, max_epochs=30)
default_hooks = dict(
    logger=dict(log_metric_by_epoch=True),
    checkpoint=dict(by_epoch=True, interval=1, save_best=None),
)
log_processor = dict(by_epoch=True)
val_cfg = val_dataloader = val_evaluator = None

"""Search the face detector of RUAS on DARK FACE (Sec. 7.1).

Scene cell, four extra convolutions and the branches of six levels, as in the
released detector. 30 epochs, one picture a step, weight decay 5e-4. Half of
the training images train the weights, the other half the architecture.

Command:  python tools/train.py configs/search/ruas_s3fd_supernet_darkface.py
          python tools/train.py
              work_dirs/ruas_s3fd_supernet_darkface/ruas_s3fd_subnet_darkface.py
Time:     not measured (the labels were not at hand: run on made-up ones only)
Expected: no figure of ours; see detection/ruas_s3fd_darkface.py
"""

_base_ = ['../detection/ruas_s3fd_darkface.py', '../_base_/detector_search.py']

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
        train_config='{{fileDirname}}/../detection/ruas_s3fd_darkface.py',
    )
]
optim_wrapper = dict(optimizer=dict(lr=3e-4))
param_scheduler = []
train_cfg = dict(_delete_=True, by_epoch=True, max_epochs=30)
default_hooks = dict(
    checkpoint=dict(_delete_=True, type='CheckpointHook', interval=1)
)
log_processor = dict(by_epoch=True)
val_cfg = val_dataloader = val_evaluator = None

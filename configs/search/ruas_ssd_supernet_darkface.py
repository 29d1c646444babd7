"""Search RUAS on DARK FACE: scene cell, SSD512 neck and head (Sec. 7.1).

30 epochs, one picture a step, weight decay 5e-4. Half of the training images
train the weights, the other half the architecture.

Command:  python tools/train.py configs/search/ruas_ssd_supernet_darkface.py
          python tools/train.py
              work_dirs/ruas_ssd_supernet_darkface/ruas_ssd_subnet_darkface.py
Time:     not measured (the labels were not at hand: run on made-up ones only)
Expected: no figure of ours; see detection/ruas_ssd_darkface.py
"""

_base_ = ['../detection/ruas_ssd_darkface.py', '../_base_/detector_search.py']

model = dict(_base_.supernet, host={{_base_.model.type}})
train_dataloader = dict(
    batch_size=1,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        _delete_=True,
        type='ruas_mm.HalfDataset',
        half='even',
        dataset={{_base_.train_dataloader.dataset.dataset}},
    ),
)
custom_hooks = [
    dict(
        _base_.search,
        train_config='{{fileDirname}}/../detection/ruas_ssd_darkface.py',
    )
]
optim_wrapper = dict(optimizer=dict(lr=3e-4))
param_scheduler = []
train_cfg = dict(_delete_=True, by_epoch=True, max_epochs=30)
default_hooks = dict(checkpoint=dict(save_best=None))
val_cfg = val_dataloader = val_evaluator = None

"""Search RUAS on DARK FACE: scene cell, SSD512 neck and head (Sec. 7.1).

30 epochs, one picture a step, weight decay 5e-4. Half of the training images
train the weights, the other half the architecture.

Command:  python tools/train.py configs/search/ruas_ssd_darkface.py
          python tools/train.py
              work_dirs/ruas_ssd_darkface/ruas_ssd_darkface_subnet.py
Time:     not measured (the labels were not at hand: run on made-up ones only)
Expected: no figure of ours; see ../ruas_ssd_darkface.py
"""

_base_ = '../ruas_ssd_darkface.py'

model = dict(
    type='ruas_mm.SceneConstrained',
    host={{_base_.model.type}},
    data_preprocessor=dict(scene=dict(genotype=None)),
    neck=dict(genotype=None),
    bbox_head=dict(genotype=None),
)

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
        type='ruas_mm.CooperativeSearchHook',
        phases=dict(scene=3, task=3),
        optimizer=dict(
            type='Adam', lr=3e-4, betas=(0.5, 0.999), weight_decay=5e-4
        ),
        train_config='{{ fileDirname }}/../ruas_ssd_darkface.py',
    )
]
optim_wrapper = dict(optimizer=dict(lr=3e-4))
param_scheduler = []
train_cfg = dict(_delete_=True, by_epoch=True, max_epochs=30)
default_hooks = dict(checkpoint=dict(save_best=None))
find_unused_parameters = True
val_cfg = None
val_dataloader = None
val_evaluator = None

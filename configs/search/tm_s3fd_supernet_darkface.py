"""Search neck and head of the face detector alone (Table 8, Search TM).

As ruas_s3fd_supernet_darkface.py, without a scene module: there is one part,
so the search is global.

Command:  python tools/train.py configs/search/tm_s3fd_supernet_darkface.py
          python tools/train.py
              work_dirs/tm_s3fd_supernet_darkface/tm_s3fd_subnet_darkface.py
Time:     not measured (the labels were not at hand)
Expected: no figure of ours. The paper has .655 on its own draw
"""

_base_ = ['../detection/tm_s3fd_darkface.py', '../_base_/detector_search.py']

model = dict(neck=dict(genotype=None), bbox_head=dict(genotype=None))
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
        strategy='global',
        phases=dict(task=1, scene=1),
        train_config='{{fileDirname}}/../detection/tm_s3fd_darkface.py',
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

"""Scene, neck and head for raccoons at night, in minutes: 240 steps.

Command:  python tools/train.py
              configs/search/ruas_ssdlite_supernet_raccoon-night_mini.py
          python tools/train.py
              work_dirs/ruas_ssdlite_supernet_raccoon-night_mini/
              ruas_ssdlite_subnet_raccoon-night_mini.py
Time:     see docs/results.md
Expected: docs/results.md, "Raccoons at night"

Adam moves an alpha by at most its rate in a step: the paper's 3e-4 would
leave every operation with its share of the beginning, so it is .1 here. The
first order costs two passes a step in the place of five.
"""

_base_ = '../detection/ruas_ssdlite_raccoon-night_mini.py'

model = dict(
    data_preprocessor=dict(scene=dict(genotype=None)),
    neck=dict(genotype=None),
    bbox_head=dict(genotype=None),
)
train_dataloader = dict(
    batch_size=4,
    dataset=dict(
        _delete_=True,
        type='ruas_mm.HalfDataset',
        half='even',
        dataset={{_base_.train_dataloader.dataset}},
    ),
)
custom_hooks = [
    dict(
        type='ruas_mm.CooperativeSearchHook',
        phases=dict(scene=20, task=20),
        by_epoch=False,
        warm_up=40,
        interval=40,
        gradient='first_order',
        optimizer=dict(
            type='Adam', lr=0.1, betas=(0.5, 0.999), weight_decay=5e-4
        ),
        train_config='{{fileDirname}}/../detection/'
        'ruas_ssdlite_raccoon-night_mini.py',
    )
]
param_scheduler = []
train_cfg = dict(_delete_=True, by_epoch=False, max_iters=240)
default_hooks = dict(checkpoint=dict(interval=80))
find_unused_parameters = True
val_cfg = val_dataloader = val_evaluator = None

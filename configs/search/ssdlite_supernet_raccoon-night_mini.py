"""Neck and head alone for raccoons at night, no scene module: 240 steps.

Command:  python tools/train.py
              configs/search/ssdlite_supernet_raccoon-night_mini.py
          python tools/train.py
              work_dirs/ssdlite_supernet_raccoon-night_mini/
              ssdlite_subnet_raccoon-night_mini.py
Time:     see docs/results.md
Expected: docs/results.md, "Raccoons at night": "Search TM" of Table 8
"""

_base_ = [
    '../detection/ssdlite_raccoon-night_mini.py',
    '../_base_/detector_search.py',
]

model = dict(neck=dict(genotype=None), bbox_head=dict(genotype=None))
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
        _base_.search,
        strategy='global',  # there is one part
        phases=dict(task=1, scene=1),
        by_epoch=False,
        warm_up=40,
        interval=40,
        gradient='first_order',
        optimizer=dict(_base_.search.optimizer, lr=0.1),
        train_config='{{fileDirname}}/../detection/'
        'ssdlite_raccoon-night_mini.py',
    )
]
param_scheduler = []
train_cfg = dict(_delete_=True, by_epoch=False, max_iters=240)
default_hooks = dict(checkpoint=dict(interval=80))
val_cfg = val_dataloader = val_evaluator = None

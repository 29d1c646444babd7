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

_base_ = [
    '../detection/ruas_ssdlite_raccoon-night_mini.py',
    '../_base_/detector_search.py',
]

model = dict(_base_.supernet, host={{_base_.model.host}})
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
        phases=dict(scene=20, task=20),
        by_epoch=False,
        warm_up=40,
        interval=40,
        gradient='first_order',
        optimizer=dict(_base_.search.optimizer, lr=0.1),
        train_config='{{fileDirname}}/../detection/'
        'ruas_ssdlite_raccoon-night_mini.py',
    )
]
param_scheduler = []
train_cfg = dict(_delete_=True, by_epoch=False, max_iters=240)
default_hooks = dict(checkpoint=dict(interval=80))
val_cfg = val_dataloader = val_evaluator = None

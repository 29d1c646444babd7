"""The detection search in minutes: SSDLite on 160 pixels, 300 steps.

Command:  python tools/dataset_converters/make_demo_set.py
              work_dirs/demo160/ExDark --train 120
              --val 0 --test 60
          export EXDARK_ROOT=work_dirs/demo160/ExDark
          python tools/train.py
              configs/search/ruas_ssdlite_supernet_exdark_mini.py
          python tools/train.py
              work_dirs/ruas_ssdlite_supernet_exdark_mini/
              ruas_ssdlite_subnet_exdark_mini.py
Time:     see docs/results.md
Expected: docs/results.md, "Search"
"""

_base_ = [
    '../detection/ruas_ssdlite_exdark_mini.py',
    '../_base_/detector_search.py',
]

model = dict(_base_.supernet, host={{_base_.model.type}})
train_dataloader = dict(
    batch_size=4,
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
        phases=dict(scene=20, task=30),
        by_epoch=False,
        warm_up=50,
        interval=50,
        optimizer=dict(_base_.search.optimizer, lr=3e-3),
        train_config='{{fileDirname}}/../detection/'
        'ruas_ssdlite_exdark_mini.py',
    )
]
param_scheduler = []
train_cfg = dict(_delete_=True, by_epoch=False, max_iters=300)
default_hooks = dict(checkpoint=dict(interval=100))
val_cfg = val_dataloader = val_evaluator = None

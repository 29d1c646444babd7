"""The detection search in minutes: SSDLite on 160 pixels, 200 steps.

Command:  python tools/dataset_converters/make_demo_set.py
              work_dirs/demo160/ExDark --train 120
              --val 0 --test 60
          export EXDARK_ROOT=work_dirs/demo160/ExDark
          python tools/train.py configs/search/ruas_ssdlite_exdark_mini.py
          python tools/train.py
              work_dirs/ruas_ssdlite_exdark_mini/ruas_ssdlite_exdark_mini_subnet.py
Time:     see docs/benchmark.md
Expected: docs/benchmark.md, "Search"
"""

_base_ = '../ruas_ssdlite_exdark_160.py'

model = dict(
    type='ruas_mm.SceneConstrained',
    host={{_base_.model.type}},
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
        dataset={{_base_.train_dataloader.dataset.dataset}},
    ),
)
custom_hooks = [
    dict(
        type='ruas_mm.CooperativeSearchHook',
        phases=dict(scene=20, task=30),
        by_epoch=False,
        warm_up=50,
        interval=50,
        optimizer=dict(
            type='Adam', lr=3e-3, betas=(0.5, 0.999), weight_decay=5e-4
        ),
        train_config='{{ fileDirname }}/../ruas_ssdlite_exdark_160.py',
    )
]
param_scheduler = []
train_cfg = dict(_delete_=True, by_epoch=False, max_iters=300)
default_hooks = dict(checkpoint=dict(interval=100))
find_unused_parameters = True
val_cfg = None
val_dataloader = None
val_evaluator = None

"""The segmentation search in minutes: CamVid at dusk, 240 steps.

Command:  python tools/train.py
              configs/search/ruas_deeplabv3plus_supernet_camvid-dusk_mini.py
          python tools/train.py
              work_dirs/ruas_deeplabv3plus_supernet_camvid-dusk_mini/
              ruas_deeplabv3plus_subnet_camvid-dusk_mini.py
Time:     not measured at its full length
Expected: work_dirs/ruas_deeplabv3plus_supernet_camvid-dusk_mini/genotype.json
          and .png
"""

_base_ = [
    '../segmentation/ruas_deeplabv3plus_camvid-dusk_mini.py',
    '../_base_/segmentor_search.py',
]

model = dict(_base_.supernet, host={{_base_.model.type}})
train_dataloader = dict(
    batch_size=2,
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
        # of one that is to decide in 200 steps
        optimizer=dict(_base_.search.optimizer, lr=5e-2),
        train_config='{{fileDirname}}/../segmentation/'
        'ruas_deeplabv3plus_camvid-dusk_mini.py',
    )
]
param_scheduler = []
train_cfg = dict(max_iters=240)
default_hooks = dict(checkpoint=dict(interval=80))
val_cfg = val_dataloader = val_evaluator = None

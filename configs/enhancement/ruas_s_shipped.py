"""The scene module of all weights that the package ships, and RUAS_S.

500 dark pictures of SICE and, 12 times as often, 40 low-light halves of LOL
v1 (tools/dataset_converters/split_pairs.py). No reference is read in training.

Command:  export UNLABELLED_ROOT=/data/sice LOL_ROOT=/data/lol_split
          python tools/train.py configs/enhancement/ruas_s_shipped.py
          python tools/test.py configs/enhancement/ruas_s_shipped.py
              work_dirs/ruas_s_shipped/iter_600.pth
Time:     about 2 min on two CPU cores
Expected: on the other 41 pairs, see ruas_mm/weights/MODEL_CARD.md
"""

_base_ = ['./ruas_lol_v1.py', '../_base_/unlabelled.py']

iterations = 600
model = dict(
    variant='RUAS_S',
    trained_part='scene',
    scene=dict(
        shrink=4,
        illumination_channels=1,
        # noise stays, so the reflectance is held back more than by default
        tone=dict(_delete_=True, type='film', reflectance=0.4),
    ),
)
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='ConcatDataset',
        datasets=[
            dict(
                type='RepeatDataset',
                times=12,
                dataset={{_base_.train_dataloader.dataset}},
            ),
            dict(_base_.unlabelled, pipeline={{_base_.train_pipeline}}),
        ],
    )
)
custom_hooks = [dict(type='ruas_mm.ComplexityHook')]
train_cfg = dict(max_iters=iterations, val_interval=iterations)
param_scheduler = [
    dict(type='CosineAnnealingLR', T_max=iterations, by_epoch=False)
]

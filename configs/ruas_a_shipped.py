"""The weights of RUAS_A that the package ships.

The scene module is that of ruas_shipped.py, on the same pictures.

Command:  as in ruas_shipped.py, then
          python tools/train.py configs/ruas_a_shipped.py
          python tools/test.py configs/ruas_a_shipped.py
              work_dirs/ruas_a_shipped/iter_1800.pth
Time:     about 20 min on two CPU cores
Expected: on the other 41 pairs, see ruas_mm/weights/MODEL_CARD.md
"""

_base_ = './ruas_shipped.py'

model = dict(
    variant='RUAS_A',
    scene=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint='work_dirs/ruas_shipped/iter_2000.pth',
            prefix='scene',
        )
    ),
    noise_remover=dict(noise_map=True),
)
train_cfg = dict(max_iters=1800, val_interval=1800)
param_scheduler = [
    dict(
        type='CosineRestartLR',
        periods=[800, 1000],
        restart_weights=[2, 3],
        eta_min=0,
        by_epoch=False,
    )
]
custom_hooks = [
    dict(
        type='ruas_mm.StagedTrainingHook',
        iterations=dict(noise_estimator=800, noise_remover=1000),
    ),
    dict(type='ruas_mm.ComplexityHook'),
]

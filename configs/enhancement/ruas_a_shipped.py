"""The weights of RUAS_A that the package ships.

The scene module is that of ruas_shipped.py, on the same pictures.

Command:  as in ruas_shipped.py, then
          python tools/train.py configs/enhancement/ruas_a_shipped.py
          python tools/test.py configs/enhancement/ruas_a_shipped.py
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
custom_hooks = [
    dict(
        type='ruas_mm.PhasedTrainingHook',
        phases=dict(noise_estimator=800, noise_remover=1000),
    ),
    _base_.custom_hooks[1],
]
periods = [*custom_hooks[0]['phases'].values()]
train_cfg = dict(max_iters=sum(periods), val_interval=sum(periods))
param_scheduler = [
    dict(_base_.param_scheduler[0], periods=periods, restart_weights=[2, 3])
]

"""RUAS_A on LOL: noise is estimated first and removed where there is some.

Reproduces: Table 5, LOL, column RUAS_A (19.751 dB / .735 / .393).

The remover sees the noise map, as the paper says (Psi_r(u, theta)).

Command:  python tools/train.py configs/ruas_a_lol.py
          python tools/test.py configs/ruas_a_lol.py
              work_dirs/ruas_a_lol/iter_1700.pth
Time:     about 10 min on two CPU cores
Expected: as for ruas_lol.py: docs/benchmark.md
"""

_base_ = './ruas_lol.py'

model = dict(variant='RUAS_A', noise_remover=dict(noise_map=True))
train_cfg = dict(max_iters=1700, val_interval=1700)
param_scheduler = [
    dict(
        type='CosineRestartLR',
        periods=[300, 700, 700],
        restart_weights=[1, 1, 1],
        eta_min=0,
        by_epoch=False,
    )
]
custom_hooks = [
    dict(
        type='ruas_mm.StagedTrainingHook',
        iterations=dict(scene=300, noise_estimator=700, noise_remover=700),
    ),
    dict(type='ruas_mm.ComplexityHook'),
]

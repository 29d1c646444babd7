"""RUAS_A on LOL: noise is estimated first and removed where there is some.

Reproduces: Table 5, LOL, column RUAS_A (19.751 dB / .735 / .393).

The remover sees the noise map, as the paper says (Psi_r(u, theta)).

Command:  python tools/train.py configs/ruas_a_lol.py
          python tools/test.py configs/ruas_a_lol.py
              work_dirs/ruas_a_lol/iter_2100.pth
Time:     about 20 min on two CPU cores
Expected: as for ruas_lol.py: docs/benchmark.md
"""

_base_ = './ruas_lol.py'

model = dict(variant='RUAS_A', noise_remover=dict(noise_map=True))
train_cfg = dict(max_iters=2100, val_interval=2100)
param_scheduler = [
    dict(
        type='CosineRestartLR',
        periods=[300, 800, 1000],
        restart_weights=[1, 2, 3],
        eta_min=0,
        by_epoch=False,
    )
]
custom_hooks = [
    dict(
        type='ruas_mm.StagedTrainingHook',
        iterations=dict(scene=300, noise_estimator=800, noise_remover=1000),
    ),
    dict(type='ruas_mm.ComplexityHook'),
]

"""RUAS_A on MIT-Adobe FiveK, expert C: pictures with little noise.

Reproduces: Table 5, MIT, column RUAS_A (21.018 dB / .855 / .139).

Command:  FIVEK_ROOT=/data/FiveK python tools/train.py configs/ruas_a_fivek.py
          python tools/test.py configs/ruas_a_fivek.py
              work_dirs/ruas_a_fivek/iter_2000.pth
Time:     about 20 min on two CPU cores
Expected: the data is not part of this project: no figure of ours yet
"""

_base_ = ['./_base_/fivek.py', './_base_/ruas.py']

model = dict(variant='RUAS_A', noise_loss=dict(noise=2))
custom_hooks = [
    dict(
        type='ruas_mm.StagedTrainingHook',
        iterations=dict(scene=300, noise_estimator=800, noise_remover=900),
    ),
    dict(type='ruas_mm.ComplexityHook'),
]
param_scheduler = [
    dict(
        type='CosineRestartLR',
        periods=[300, 800, 900],
        restart_weights=[1, 2, 3],
        eta_min=0,
        by_epoch=False,
    )
]

"""RUAS_A: noise is estimated first and removed where there is some.

The remover sees the noise map, as the paper says (Psi_r(u, theta)).
"""

_base_ = './ruas.py'

model = dict(variant='RUAS_A', noise_remover=dict(noise_map=True))
custom_hooks = [
    dict(
        type='ruas_mm.PhasedTrainingHook',
        phases=dict(scene=300, noise_estimator=800, noise_remover=1000),
    ),
    _base_.custom_hooks[1],
]
periods = [*custom_hooks[0]['phases'].values()]
train_cfg = dict(max_iters=sum(periods), val_interval=sum(periods))
param_scheduler = [
    dict(_base_.param_scheduler[0], periods=periods, restart_weights=[1, 2, 3])
]

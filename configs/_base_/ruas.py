"""RUAS for pictures, to be put together with data by an experiment.

Model, optimiser and schedule. Training follows the paper's order in one run:
the scene module first, then noise removal. The lengths of the phases stand in
the hook and nowhere else; the learning rate descends once in each.
"""

model = dict(
    type='ruas_mm.LowLightEnhancer',
    variant='RUAS',
    scene=dict(
        update='residual',  # Eq. (3)
        warm_start='unrectified',
        warm_start_source='illumination',
        illumination_range=(0.03, 1),
        tone=dict(type='division', exposure=0.4),
    ),
    scene_loss=dict(eta=1e-4),
    noise_loss=dict(type='ruas_mm.NoiseAsCleanLoss'),
)

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
custom_hooks = [
    dict(
        type='ruas_mm.PhasedTrainingHook',
        phases=dict(scene=300, noise_remover=1700),
    ),
    dict(type='ruas_mm.ComplexityHook'),
]
periods = [*custom_hooks[0]['phases'].values()]
train_cfg = dict(
    by_epoch=False, max_iters=sum(periods), val_interval=sum(periods)
)
param_scheduler = [
    dict(
        type='CosineRestartLR',
        periods=periods,
        restart_weights=[1, 3],
        eta_min=0,
        by_epoch=False,
    )
]

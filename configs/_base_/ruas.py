"""RUAS for pictures, to be put together with data by an experiment.

Model, schedule and hooks. Training follows the paper's order in one run: the
scene module first, then noise estimation, then noise removal.
"""

default_scope = 'mmengine'

scene = dict(
    update='residual',  # Eq. (3)
    warm_start='unrectified',
    warm_start_source='illumination',
    illumination_range=(0.03, 1),
    exposure=0.4,
)
model = dict(
    type='ruas_mm.LowLightEnhancer',
    variant='RUAS',
    scene=scene,
    scene_loss=dict(eta=1e-4),
    noise_loss=dict(type='ruas_mm.NoiseAsCleanLoss'),
)

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
train_cfg = dict(by_epoch=False, max_iters=2000, val_interval=2000)
param_scheduler = [
    # one descent for each part
    dict(
        type='CosineRestartLR',
        periods=[300, 1700],
        restart_weights=[1, 3],
        eta_min=0,
        by_epoch=False,
    )
]
custom_hooks = [
    dict(
        type='ruas_mm.StagedTrainingHook',
        iterations=dict(scene=300, noise_remover=1700),
    ),
    dict(type='ruas_mm.ComplexityHook'),
]
default_hooks = dict(
    logger=dict(type='LoggerHook', interval=50),
    checkpoint=dict(
        type='CheckpointHook', by_epoch=False, interval=500, max_keep_ckpts=2
    ),
)
env_cfg = dict(cudnn_benchmark=False)
log_processor = dict(by_epoch=False)
randomness = dict(seed=0)

"""Loaders, metric and runtime of an enhancer; an experiment adds the data.

    train_dataloader = dict(dataset={{_base_.lol_train}})
    val_dataloader = test_dataloader = dict(dataset={{_base_.lol_test}})

with ``lol.py``, ``fivek.py`` or ``unlabelled.py`` beside this file in the
experiment's bases. There is no validation part: the test part stands in, as
in the papers.
"""

custom_imports = dict(imports=['ruas_mm'], allow_failed_imports=False)
default_scope = 'mmengine'

train_pipeline = [
    dict(type='ruas_mm.LoadImagePair'),
    dict(type='ruas_mm.PairedRandomCrop', size=160),
    dict(type='ruas_mm.PairedRandomFlip'),
    dict(type='ruas_mm.PackEnhancementInputs'),
]
test_pipeline = [
    dict(type='ruas_mm.LoadImagePair'),
    dict(type='ruas_mm.PackEnhancementInputs'),
]

train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(pipeline=train_pipeline),
)
test_dataloader = dict(
    batch_size=1,  # the pictures differ in size
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(pipeline=test_pipeline, test_mode=True),
)
val_dataloader = test_dataloader
test_evaluator = dict(type='ruas_mm.EnhancementMetric')
val_evaluator = test_evaluator
val_cfg = dict()
test_cfg = dict()

default_hooks = dict(
    logger=dict(type='LoggerHook', interval=50),
    checkpoint=dict(
        type='CheckpointHook', by_epoch=False, interval=500, max_keep_ckpts=2
    ),
)
env_cfg = dict(cudnn_benchmark=False)
log_processor = dict(by_epoch=False)
randomness = dict(seed=0)

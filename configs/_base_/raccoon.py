"""Raccoons at night, to be put into any mmdet config by that config.

RACCOON_ROOT names the folder: the 200 pictures and VOC boxes of
https://github.com/datitran/raccoon_dataset (images/, annotations/), darkened
by ``tools/dataset_converters/darken.py --level night``, with the lists of
``tools/dataset_converters/split_voc.py --val 40``. 160 pixels, 450 steps of 8.
"""

custom_imports = dict(imports=['ruas_mm'], allow_failed_imports=False)

raccoon_train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='MinIoURandomCrop', min_ious=(0.5, 0.7, 0.9), min_crop_size=0.5),
    dict(type='Resize', scale=(160, 160), keep_ratio=False),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs'),
]
raccoon_test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(160, 160), keep_ratio=False),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='PackDetInputs',
        meta_keys=(
            'img_id',
            'img_path',
            'ori_shape',
            'img_shape',
            'scale_factor',
        ),
    ),
]
raccoon_train = dict(
    type='XMLDataset',
    data_root='{{$RACCOON_ROOT:data/raccoon-night}}',
    ann_file='train.txt',
    data_prefix=dict(sub_data_root=''),
    img_subdir='images',
    ann_subdir='annotations',
    metainfo=dict(classes=('raccoon',)),
)
raccoon_train_dataloader = dict(
    batch_size=8,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(raccoon_train, pipeline=raccoon_train_pipeline),
)
raccoon_val_dataloader = dict(
    batch_size=8,
    num_workers=1,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        raccoon_train,
        ann_file='val.txt',
        test_mode=True,
        pipeline=raccoon_test_pipeline,
    ),
)
raccoon_evaluator = dict(
    type='VOCMetric', iou_thrs=[0.5, 0.75], eval_mode='area'
)
raccoon_train_cfg = dict(
    type='IterBasedTrainLoop', max_iters=450, val_interval=450
)
raccoon_schedule = [
    dict(
        type='CosineRestartLR',
        periods=[450],
        restart_weights=[1],
        eta_min=0,
        by_epoch=False,
    )
]
raccoon_hooks = dict(
    logger=dict(interval=20),
    checkpoint=dict(by_epoch=False, interval=450, max_keep_ckpts=1),
)

"""RUAS on ExDark for small machines: SSDLite, MobileNetV2, 320 pixels.

Command:  python tools/train.py configs/detection/ruas_ssdlite_exdark.py
Time:     not measured at full scale (see docs/results.md for two CPU cores)
Expected: no row of the paper; learns the eight test images by heart (AP50 at
          least .9, see ruas_ssdlite_exdark_overfit.py)
"""

_base_ = [
    'mmdet::ssd/ssdlite_mobilenetv2-scratch_8xb24-600e_coco.py',
    '../_base_/exdark.py',
    '../_base_/genotypes/released_face_detection.json',
]

model = dict(
    data_preprocessor=dict(
        _delete_=True,
        type='ruas_mm.SceneDataPreprocessor',
        scene=dict(
            type='ruas_mm.SceneModule', genotype={{_base_.genotype.scene}}
        ),
        data_preprocessor={{_base_.model.data_preprocessor}},
    ),
    neck=dict(
        type='ruas_mm.SearchableSSDNeck', genotype={{_base_.genotype.neck}}
    ),
    bbox_head=dict(
        type='ruas_mm.SearchableSSDHead',
        num_classes=12,
        genotype={{_base_.genotype.head}},
    ),
)

train_dataloader = dict(dataset=dict(dataset={{_base_.exdark_train}}))
val_dataloader = dict(dataset={{_base_.exdark_val}})
test_dataloader = dict(dataset={{_base_.exdark_test}})
val_evaluator = dict(_delete_=True, type='ruas_mm.ExDarkMetric')
test_evaluator = val_evaluator

optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=1e-3, weight_decay=1e-4),
    # as in ruas_ssd_exdark.py: it suits the scene module, too
    paramwise_cfg=dict(
        custom_keys={'data_preprocessor.scene': dict(lr_mult=1)}
    ),
)
default_hooks = dict(
    checkpoint=dict(max_keep_ckpts=3, save_best='exdark/AP50', rule='greater'),
    visualization=dict(_delete_=True, type='ruas_mm.SceneVisualizationHook'),
)

"""The face detector of RUAS as released, to be put together with data.

43,619,081 parameters: scene module, VGG-16, searched extra layers and branches
on six levels, with the released genotype. ``tm`` is what the paper's Tables 7
and 8 compare with: plain convolutions in the place of the searched ones.
"""

_base_ = ['./face_detector.py', './genotypes/released_face_detection.json']

model = dict(
    data_preprocessor=dict(
        _delete_=True,
        type='ruas_mm.SceneDataPreprocessor',
        scene=dict(
            type='ruas_mm.SceneModule',
            genotype={{_base_.genotype.scene}},
            warm_start='detector',
        ),
        data_preprocessor={{_base_.model.data_preprocessor}},
    ),
    backbone=dict(dilation=3),
    neck=dict(
        type='ruas_mm.SearchableS3FDNeck', genotype={{_base_.genotype.neck}}
    ),
    bbox_head=dict(
        _delete_=True,
        type='ruas_mm.SearchableSSDHead',
        num_classes=1,
        in_channels={{_base_.model.bbox_head.in_channels}},
        genotype={{_base_.genotype.head}},
        anchor_generator=dict(_base_.face_anchors, scales=[2]),  # 8 to 256
        bbox_coder={{_base_.face_boxes}},
    ),
    train_cfg=dict(assigner=dict(pos_iou_thr=0.3, neg_iou_thr=0.3)),
)
tta_pipeline = [
    *_base_.tta_pipeline[:2],
    dict(type='ruas_mm.FaceViews', area=1500 * 1000),
]
tm = dict(
    neck=dict(genotype=['3-C'] * 4),
    bbox_head=dict(genotype=dict(reg=['3-C'] * 6, cls=['3-C'] * 6)),
)

# as in ruas_ssd_exdark.py: it suits the scene module, too
optim_wrapper = dict(
    paramwise_cfg=dict(
        custom_keys={'data_preprocessor.scene': dict(lr_mult=1)}
    )
)
default_hooks = dict(
    visualization=dict(_delete_=True, type='ruas_mm.SceneVisualizationHook')
)

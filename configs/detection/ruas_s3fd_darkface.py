"""RUAS on DARK FACE, the face detector as released (Tables 6 to 9).

43,619,081 parameters: scene module, VGG-16, searched extra layers and
branches on six levels, with the released genotype.

Command:  python tools/train.py configs/detection/ruas_s3fd_darkface.py
          several scales, mirrored, boxes vote:
          python tools/test.py configs/detection/ruas_s3fd_darkface.py
              face_detector.pth --tta
Time:     not measured (the labels were not at hand: run on made-up ones only)
Expected: no figure of ours. The paper has .685 with VGG-16 (Table 7) and .693
          (Tables 6 and 9), on its own draw

The authors' checkpoint converts with ruas-mm convert. Network,
matching and test are the release's; optimiser, steps and crops, which are not
published, those of the public ports of S3FD.
"""

_base_ = [
    '../_base_/darkface.py',
    '../_base_/face_detector.py',
    '../_base_/genotypes/released_face_detection.json',
]

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

# single scale, at the area of the release
test_pipeline = [
    _base_.face_test_pipeline[0],
    dict(type='ruas_mm.ResizeToArea', area=1500 * 1000),
    *_base_.face_test_pipeline[2:],
]
tta_pipeline = [
    *_base_.tta_pipeline[:2],
    dict(type='ruas_mm.FaceViews', area=1500 * 1000),
]

train_dataloader = dict(
    _base_.face_train_dataloader,
    dataset=dict(
        _base_.darkface_train,
        filter_cfg=dict(filter_empty_gt=True),
        pipeline=_base_.face_train_pipeline,
    ),
)
val_dataloader = dict(
    _base_.face_test_dataloader,
    dataset=dict(_base_.darkface_test, test_mode=True, pipeline=test_pipeline),
)
test_dataloader = val_dataloader
val_evaluator = test_evaluator = {{_base_.darkface_evaluator}}

# as in ruas_ssd_exdark.py: it suits the scene module, too
optim_wrapper = dict(
    paramwise_cfg=dict(
        custom_keys={'data_preprocessor.scene': dict(lr_mult=1)}
    )
)
default_hooks = dict(
    checkpoint=dict(save_best='darkface/official_AP', rule='greater'),
    visualization=dict(_delete_=True, type='ruas_mm.SceneVisualizationHook'),
)

"""DSFD, VGG-16, on DARK FACE: a plain detector of Table 9.

49,793,432 parameters, of which the first shot only learns along. Network,
crops, schedule and tests are those of the public PyTorch port.

Command:  python tools/train.py configs/detection/dsfd_darkface.py
          with weights for WIDER FACE: see s3fd_darkface.py, and add
          --cfg-options model.neck.align_corners=True
Time:     not measured (the labels were not at hand: run on made-up ones only)
Expected: no figure of ours. The paper has .596 fine-tuned on the dark
          pictures (Table 9), on its own draw, without schedule or test scales
"""

_base_ = ['../_base_/darkface.py', '../_base_/face_detector.py']

branch = dict(
    in_channels={{_base_.model.bbox_head.in_channels}},
    anchor_generator={{_base_.face_anchors}},
    bbox_coder={{_base_.face_boxes}},
)
model = dict(
    backbone=dict(dilation=3),
    neck=dict(_delete_=True, type='ruas_mm.DualShotNeck'),
    bbox_head=dict(
        _delete_=True,
        type='ruas_mm.MultiBranchHead',
        branches=[
            dict(
                branch,
                name='first',
                maps=[0, 1, 2, 3, 4, 5],
                anchor_generator=dict(_base_.face_anchors, scales=[2]),
            ),
            dict(branch, name='second', maps=[6, 7, 8, 9, 10, 11]),
        ],
        predictor='second',
    ),
)
tta_pipeline = [
    *_base_.tta_pipeline[:2],
    dict(type='ruas_mm.FaceViews', area=1500 * 1000),
]
train_cfg = dict(max_iters=150000)

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
    dataset=dict(
        _base_.darkface_test,
        test_mode=True,
        pipeline=_base_.face_test_pipeline,
    ),
)
test_dataloader = val_dataloader
val_evaluator = test_evaluator = {{_base_.darkface_evaluator}}
default_hooks = dict(
    checkpoint=dict(save_best='darkface/official_AP', rule='greater')
)

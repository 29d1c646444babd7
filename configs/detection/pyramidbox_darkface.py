"""PyramidBox, VGG-16, on DARK FACE: a plain detector of Table 9.

57,177,366 parameters. Network, crops and tests are those of the public
PyTorch port; the length is that of the authors' own release, 160 epochs of
WIDER FACE.

Command:  python tools/train.py configs/detection/pyramidbox_darkface.py
          with weights for WIDER FACE: see s3fd_darkface.py, and add
          --cfg-options model.neck.align_corners=True
Time:     not measured (the labels were not at hand: run on made-up ones only)
Expected: no figure of ours. The paper has .592 fine-tuned on the dark
          pictures (Table 9), on its own draw, without schedule or test scales
"""

_base_ = ['../_base_/darkface.py', '../_base_/face_detector.py']

branch = dict(
    in_channels=[512] * 6,
    anchor_generator={{_base_.face_anchors}},
    bbox_coder={{_base_.face_boxes}},
)
model = dict(
    backbone=dict(ceil_pool3=False),
    neck=dict(_delete_=True, type='ruas_mm.PyramidBoxNeck'),
    bbox_head=dict(
        _delete_=True,
        type='ruas_mm.MultiBranchHead',
        # scores of (face, background)
        branches=[
            dict(branch, name='face', num_scores=[(1, 3), *[(3, 1)] * 5]),
            dict(
                branch,
                name='head',
                num_scores=[(1, 3), *[(1, 1)] * 5],
                growth=2,
            ),
        ],
        predictor='face',
    ),
)
tta_pipeline = [
    *_base_.tta_pipeline[:2],
    dict(type='ruas_mm.FaceViews', area=1700 * 1000),
]
train_cfg = dict(max_iters=128800)

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

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

_base_ = ['../_base_/darkface.py', '../_base_/ruas_face_detector.py']

# single scale, at the area of the release
test_pipeline = [
    _base_.face_test_pipeline[0],
    dict(type='ruas_mm.ResizeToArea', area=1500 * 1000),
    *_base_.face_test_pipeline[2:],
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

default_hooks = dict(
    checkpoint=dict(save_best='darkface/official_AP', rule='greater')
)

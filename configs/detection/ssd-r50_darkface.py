"""The plain detector on ResNet-50, DARK FACE (Table 7).

Levels, branches and priors are those of the released face detector (strides 4
to 128); matching, crops, schedule and tests are still those of S3FD. For
ResNet-101 (and so for -152): ``model.backbone.depth=101`` and
``model.backbone.init_cfg.checkpoint=torchvision://resnet101``.

Command:  python tools/train.py configs/detection/ssd-r50_darkface.py
Time:     not measured (the labels were not at hand)
Expected: no figure of ours. The paper has .618 (ResNet-50), .591 (-101) and
          .604 (-152) on its own draw
"""

_base_ = './s3fd_darkface.py'

channels = (256, 512, 1024, 2048, 512, 256)
model = dict(
    data_preprocessor=dict(
        mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]
    ),
    backbone=dict(
        _delete_=True,
        type='ResNet',
        depth=50,
        frozen_stages=1,
        norm_eval=True,
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50'),
    ),
    neck=dict(
        _delete_=True,
        type='ruas_mm.SearchableSSDNeck',
        genotype=['3-C'] * 2,
        in_channels=channels[:4],
        out_channels=channels,
        level_strides=(2, 2),
        level_paddings=(1, 1),
        l2_norm_scale=None,
    ),
    bbox_head=dict(
        _delete_=True,
        type='ruas_mm.SearchableSSDHead',
        num_classes=1,
        in_channels=channels,
        genotype=dict(reg=['3-C'] * 6, cls=['3-C'] * 6),
        anchor_generator=dict(_base_.face_anchors, scales=[2]),
        bbox_coder={{_base_.face_boxes}},
    ),
)

"""ResNet in the place of VGG-16 under a face detector (Table 7).

The norms of the levels go: ResNet has its own. For ResNet-101 (and so for
-152): ``model.backbone.depth=101`` and
``model.backbone.init_cfg.checkpoint=torchvision://resnet101``.
"""

resnet_input = dict(
    mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]
)
resnet = dict(
    type='ResNet',
    depth=50,
    frozen_stages=1,
    norm_eval=True,
    init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50'),
)
resnet_levels = dict(
    neck=dict(in_channels=(256, 512, 1024, 2048), norm_scales=[]),
    bbox_head=dict(in_channels=(256, 512, 1024, 2048, 512, 256)),
)

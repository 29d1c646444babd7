"""EfficientNet-Lite0 with features of ImageNet, to be put into any config.

BACKBONES_ROOT names the folder; tools/misc/get_backbones.py fetches the file.
The input is (RGB - 127) / 128. As the hosts fine-tune with small batches,
normalisation keeps its statistics.
"""

lite0 = dict(
    type='ruas_mm.EfficientNetLite',
    norm_eval=True,
    init_cfg=dict(
        type='Pretrained',
        checkpoint='{{$BACKBONES_ROOT:data/backbones}}/efficientnet_lite0.pth',
    ),
)
# neck and head of an SSD of six levels on it, on out_indices=(4, 5): strides
# 16 and 32. They gather their statistics faster than mmdet's .03: 150 steps
# are no 600 epochs
ssd_lite0 = dict(
    neck=dict(
        in_channels=(112, 320),
        out_channels=(112, 320, 256, 128, 128, 64),
        norm_cfg=dict(momentum=0.1),
    ),
    bbox_head=dict(
        in_channels=(112, 320, 256, 128, 128, 64), norm_cfg=dict(momentum=0.1)
    ),
)

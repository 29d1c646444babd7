"""The face detector that the authors of RUAS released (107 tensors).

Paper: Sec. 7.1, https://arxiv.org/abs/2112.04719. The network is that of
configs/detection/ruas_s3fd_darkface.py.
"""

from ruas_mm.apis.layouts.layout import Layout, cell, conv, conv_rows
from ruas_mm.models.cells import OPERATIONS
from ruas_mm.models.cells.genotype import (
    HEAD_FACE_DETECTION,
    NECK_FACE_DETECTION,
    SCENE_FACE_DETECTION,
)

TRUNK = {
    0: (3, 64),
    2: (64, 64),
    5: (64, 128),
    7: (128, 128),
    10: (128, 256),
    12: (256, 256),
    14: (256, 256),
    17: (256, 512),
    19: (512, 512),
    21: (512, 512),
    24: (512, 512),
    26: (512, 512),
    28: (512, 512),
    31: (512, 1024),
    33: (1024, 1024),
}
"""VGG-16 of the face detectors: layer -> channels of input and output."""
EXTRAS = ((1024, 256), (256, 512), (512, 128), (128, 256))
LEVELS = (256, 512, 512, 1024, 512, 256)
FACE_FIRST = (1, 0)
"""mmdet has the background last, released detectors have it first."""


def trunk(source: str) -> Layout:
    """VGG-16, whose layers have the same numbers here."""
    layout = {}
    for number, channels in TRUNK.items():
        size = 1 if number == 33 else 3
        layout.update(
            conv(
                f'{source}{number}',
                f'backbone.features.{number}',
                channels,
                size,
            )
        )
    return layout


def norms(source: str, target: str, names: tuple) -> Layout:
    """L2 norms of the first three levels."""
    return {
        f'{source}{name}.weight': (f'{target}.{level}.weight', (channels,))
        for level, (name, channels) in enumerate(zip(names, LEVELS))
    }


def released_face_detector() -> Layout:
    """All of it; the keys are those of the config named above."""
    layout = trunk('detection_net.vgg.')
    layout.update(norms('detection_net.L2Normof', 'neck.norms', (1, 2, 3)))
    for k in range(3):
        layout.update(
            cell(
                f'enhance_net.iems.{k}.cell',
                f'data_preprocessor.scene.stages.{k}',
                SCENE_FACE_DETECTION,
                3,
            )
        )
    for k, (name, channels) in enumerate(zip(NECK_FACE_DETECTION, EXTRAS)):
        layout.update(
            conv(
                f'detection_net.extras.{k}.op',
                f'neck.extra_layers.{k // 2}.{k % 2}.conv',
                channels,
                OPERATIONS[name].kernel_size,
            )
        )
    for level, channels in enumerate(LEVELS):
        boxes = HEAD_FACE_DETECTION['reg'][level]
        layout.update(
            conv(
                f'detection_net.loc_pal1.{level}.op',
                f'bbox_head.reg_convs.{level}.0',
                (channels, 4),
                OPERATIONS[boxes].kernel_size,
            )
        )
        scores = HEAD_FACE_DETECTION['cls'][level]
        layout.update(
            conv_rows(
                f'detection_net.conf_pal1.{level}.op',
                [(f'bbox_head.cls_convs.{level}.0', FACE_FIRST)],
                (channels, 2),
                OPERATIONS[scores].kernel_size,
            )
        )
    return layout

"""S3FD, PyramidBox and DSFD as their public PyTorch ports save them.

The networks are those of configs/detection/{s3fd,pyramidbox,dsfd}_darkface.py
and their trunk alone (``vgg16_reducedfc.pth``).
"""

from typing import Dict, Sequence, Tuple

from ruas_mm.apis.layouts.layout import Layout, Rows, conv, conv_rows
from ruas_mm.apis.layouts.released_face_detector import (
    EXTRAS,
    FACE_FIRST,
    LEVELS,
    norms,
    trunk,
)

STAGES = ('3_3', '4_3', '5_3')
DOWNWARDS = LEVELS[::-1]
Branches = Sequence[Tuple[str, Rows, Sequence[Rows]]]
"""Our place, rows of its boxes, rows of its scores on each level."""


def reduced_vgg() -> Layout:
    """``vgg16_reducedfc.pth``: the trunk with ImageNet's weights."""
    return trunk('')


def s3fd() -> Layout:
    """S3FD: 65 tensors."""
    scores = [(3, 0, 1, 2), *[FACE_FIRST] * 5]
    return {
        **_body(),
        **norms('L2Norm', 'neck.norms', STAGES),
        **_heads(LEVELS, 'loc', 'conf', [('bbox_head', range(4), scores)]),
    }


def pyramidbox() -> Layout:
    """PyramidBox with its head branch: 305 tensors."""
    layout = {**_body(), **norms('L2Norm', 'neck.norms', STAGES)}
    steps = ((1024, 512), (512, 512), (512, 256))
    for k, (above, channels) in enumerate(steps):
        layout.update(
            conv(
                f'lfpn_topdown.{k}', f'neck.top_down.{k}', (above, channels), 1
            )
        )
        layout.update(
            conv(
                f'lfpn_later.{k}', f'neck.lateral.{k}', (channels, channels), 1
            )
        )
    for level, channels in enumerate(LEVELS):
        layout.update(_context(level, channels))
    # face background x3, face, head background x3, head; from level 1 on
    # face background, face x3, head background, head
    face = [(3, 0, 1, 2), *[(1, 2, 3, 0)] * 5]
    head = [(7, 4, 5, 6), *[(5, 4)] * 5]
    branches = [
        ('bbox_head.branches.face', range(4), face),
        ('bbox_head.branches.head', range(4, 8), head),
    ]
    layout.update(_heads([512] * 6, 'loc_layers', 'conf_layers', branches))
    return layout


def dsfd() -> Layout:
    """DSFD with VGG-16, both shots: 186 tensors."""
    layout = {
        **_body(),
        **norms('L2Normof', 'neck.norms', (1, 2, 3)),
        **norms('L2Normef', 'neck.enhanced_norms', (1, 2, 3)),
    }
    for k, step in enumerate(zip((256, *DOWNWARDS), DOWNWARDS)):
        layout.update(conv(f'fpn_topdown.{k}', f'neck.top_down.{k}', step, 1))
    for k, channels in enumerate(DOWNWARDS[1:]):
        both = (channels, channels)
        layout.update(conv(f'fpn_latlayer.{k}', f'neck.lateral.{k}', both, 1))
    for level, channels in enumerate(LEVELS):
        layout.update(_enhancement(level, channels))
    for number, name in enumerate(('first', 'second'), 1):
        layout.update(
            _heads(
                LEVELS,
                f'loc_pal{number}',
                f'conf_pal{number}',
                [(f'bbox_head.branches.{name}', range(4), [FACE_FIRST] * 6)],
            )
        )
    return layout


def _body() -> Layout:
    """Trunk and extra layers."""
    layout = trunk('vgg.')
    for k, channels in enumerate(EXTRAS):
        place = f'neck.extra_layers.{k // 2}.{k % 2}.conv'
        layout.update(conv(f'extras.{k}', place, channels, 1 + 2 * (k % 2)))
    return layout


def _heads(
    levels: Sequence[int], boxes: str, scores: str, branches: Branches
) -> Layout:
    layout = {}
    for level, channels in enumerate(levels):
        for source, kind, rows in (
            (boxes, 'reg', [tuple(rows) for _, rows, _ in branches]),
            (scores, 'cls', [rows[level] for _, _, rows in branches]),
        ):
            targets = [
                (f'{place}.{kind}_convs.{level}.0', each)
                for (place, *_), each in zip(branches, rows)
            ]
            width = sum(map(len, rows))
            layout.update(
                conv_rows(f'{source}.{level}', targets, (channels, width), 3)
            )
    return layout


def _context(level: int, channels: int) -> Layout:
    source, target = f'cpm.{level}', f'neck.context.{level}'
    layout = {}
    for name, place, widths, size in (
        ('branch1', 'skip', (channels, 1024), 1),
        ('branch2a', 'main.0', (channels, 256), 1),
        ('branch2b', 'main.2', (256, 256), 3),
        ('branch2c', 'main.4', (256, 1024), 1),
    ):
        layout.update(
            conv(f'{source}.{name}.conv1', f'{target}.{place}.0', widths, size)
        )
        for part in ('weight', 'bias', 'running_mean', 'running_var'):
            layout[f'{source}.{name}.bn1.{part}'] = (
                f'{target}.{place}.1.{part}',
                (widths[1],),
            )
        layout[f'{source}.{name}.bn1.num_batches_tracked'] = (
            f'{target}.{place}.1.num_batches_tracked',
            (),
        )
    for name, place, widths in (
        ('ssh_1', 'near', (1024, 256)),
        ('ssh_dimred', 'narrow', (1024, 128)),
        ('ssh_2', 'wide', (128, 128)),
        ('ssh_3a', 'wider.0', (128, 128)),
        ('ssh_3b', 'wider.2', (128, 128)),
    ):
        layout.update(conv(f'{source}.{name}', f'{target}.{place}', widths, 3))
    return layout


def _enhancement(level: int, channels: int) -> Layout:
    third = channels // 3
    layout = {}
    for number, width in enumerate((third, third, channels - 2 * third)):
        for k in range(number + 1):
            # a branch of a single convolution is no list in the port
            place = f'.{2 * k}' if number else ''
            layout.update(
                conv(
                    f'fpn_fem.{level}.branch{number + 1}{place}',
                    f'neck.enhancement.{level}.branches.{number}.{2 * k}',
                    (width if k else channels, width),
                    3,
                )
            )
    return layout


PUBLIC_FACE_DETECTORS: Dict[str, Layout] = {
    'S3FD': s3fd(),
    'PyramidBox': pyramidbox(),
    'DSFD': dsfd(),
    'VGG-16 of the face detectors': reduced_vgg(),
}

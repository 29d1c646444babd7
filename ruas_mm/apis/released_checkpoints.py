"""Released checkpoints as MMEngine checkpoints.

Known are both releases of the authors (CVPR 2021 and journal), the noise
removal network that comes alone, their face detector, and the public PyTorch
ports of S3FD, PyramidBox and DSFD. An enhancer loads by
``init_cfg=dict(type='Pretrained', checkpoint='DST.pth', prefix='scene')``, a
detector as any checkpoint of its config. Files are read with
``weights_only=True``: nothing in them is executed.
"""

import hashlib
from pathlib import Path
from typing import Dict, Sequence, Tuple

import torch
from torch import Tensor

from ruas_mm import __version__
from ruas_mm.apis.layouts.layout import Layout, cell, conv, renamed
from ruas_mm.apis.layouts.public_face_detectors import PUBLIC_FACE_DETECTORS
from ruas_mm.apis.layouts.released_face_detector import released_face_detector
from ruas_mm.files.atomic_write import atomic_write
from ruas_mm.models.cells.genotype import (
    NOISE_REMOVAL_CVPR21,
    NOISE_REMOVAL_JOURNAL,
    SCENE_ENHANCEMENT,
)
from ruas_mm.weights.tensor_file import not_finite, read_tensors

NUM_STAGES = 3
COUNTS = '.num_batches_tracked'


def _scene() -> Layout:
    layout = {}
    for k in range(NUM_STAGES):
        layout.update(
            cell(
                f'enhance_net.iems.{k}.cell',
                f'scene.stages.{k}',
                SCENE_ENHANCEMENT,
                3,
            )
        )
    return layout


def _noise_remover(genotype: Sequence[str], prefix: str) -> Layout:
    layout = conv(f'{prefix}stem', 'noise_remover.stem', (3, 6), 3)
    for k in range(NUM_STAGES):
        layout.update(
            cell(f'{prefix}nrms.{k}', f'noise_remover.cells.{k}', genotype, 6)
        )
    layout.update(
        conv(f'{prefix}activate.0', 'noise_remover.to_noise', (6, 3), 3)
    )
    return layout


def _noise_estimator() -> Layout:
    layout = {}
    widths = (3, 32, 32, 32, 32, 3)
    for layer, channels in enumerate(zip(widths, widths[1:])):
        layout.update(
            conv(
                f'estimation.estimation.{2 * layer}',
                f'noise_estimator.layers.{2 * layer}',
                channels,
                3,
            )
        )
    return layout


LAYOUTS: Dict[str, Layout] = {
    'journal': {
        **_scene(),
        **_noise_remover(NOISE_REMOVAL_JOURNAL, 'denoise_net.'),
        **_noise_estimator(),
    },
    'cvpr21': {
        **_scene(),
        **_noise_remover(NOISE_REMOVAL_CVPR21, 'denoise_net.'),
    },
    'cvpr21 noise removal alone': _noise_remover(NOISE_REMOVAL_CVPR21, ''),
    'journal face detector': released_face_detector(),
    **PUBLIC_FACE_DETECTORS,
}

SETTINGS: Dict[str, dict] = {
    'journal': dict(noise_remover=dict(genotype=list(NOISE_REMOVAL_JOURNAL))),
    'cvpr21': dict(
        scene=dict(illumination_range=[1e-3, 1]),
        noise_remover=dict(genotype=list(NOISE_REMOVAL_CVPR21)),
    ),
    'cvpr21 noise removal alone': {},
}
"""What :func:`ruas_mm.models.load_enhancer` builds for an enhancer's."""


def convert(state: Dict[str, Tensor]) -> Tuple[Dict[str, Tensor], str]:
    """Rename the tensors of a released checkpoint.

    Args:
        state: Released state dict.

    Returns:
        The state dict under our names, and the name of the layout.

    Raises:
        ValueError: No known layout; the message names the keys that are
            missing and unexpected, and the shapes that differ, against the
            nearest one.
    """
    state = _with_counts(state)
    for name, layout in LAYOUTS.items():
        if _differences(state, layout) == ([], [], []):
            return renamed(state, layout), name
    name = min(
        LAYOUTS, key=lambda n: sum(map(len, _differences(state, LAYOUTS[n])))
    )
    missing, unexpected, shapes = _differences(state, LAYOUTS[name])
    raise ValueError(
        f'unknown layout with {len(state)} tensors, allowed: '
        f'{list(LAYOUTS)}. Against the nearest, {name!r}: '
        f'missing {missing}, unexpected {unexpected}, other shapes {shapes}'
    )


def _with_counts(state: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Batch norm's counters, which torch 0.3 did not save yet."""
    norms = [
        key[: key.rindex('.')] for key in state if key.endswith('running_mean')
    ]
    return {**{norm + COUNTS: torch.tensor(0) for norm in norms}, **state}


def _differences(state: dict, layout: Layout) -> Tuple[list, list, list]:
    missing = sorted(layout.keys() - state.keys())
    unexpected = sorted(state.keys() - layout.keys())
    shapes = [
        f'{key}: {tuple(state[key].shape)} instead of {layout[key][1]}'
        for key in sorted(layout.keys() & state.keys())
        if tuple(state[key].shape) != layout[key][1]
    ]
    return missing, unexpected, shapes


def convert_file(source: Path, target: Path) -> str:
    """Convert one file.

    Args:
        source: Released checkpoint.
        target: MMEngine checkpoint to write; what was there stays on failure.

    Returns:
        One line: layout, and parameters of each part.

    Raises:
        ValueError: See :func:`read_tensors` and :func:`convert`; a number
            that is not finite; ``target`` is the source.
        OSError: A file cannot be read or written.
    """
    state, layout = convert(read_tensors(source))
    bad = not_finite(state)
    if bad:
        raise ValueError(f'holds numbers that are not finite: {bad}')
    if target.exists() and target.samefile(source):
        raise ValueError(f'target={target} is the source, allowed: another')
    checksum = hashlib.sha256(source.read_bytes()).hexdigest()
    meta = dict(
        source=source.name,
        source_sha256=checksum,
        layout=layout,
        ruas_mm_version=__version__,
    )
    if layout in SETTINGS:
        meta['enhancer'] = SETTINGS[layout]
    with atomic_write(target) as temporary:
        torch.save(dict(state_dict=state, meta=meta), temporary)
    parts = {}
    for key, value in state.items():
        part = key.split('.')[0]
        parts[part] = parts.get(part, 0) + value.numel()
    counts = ', '.join(f'{part} {count:,}' for part, count in parts.items())
    return f'{source} ({layout}) -> {target}: {len(state)} tensors, {counts}'

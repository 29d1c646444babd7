"""The authors' enhancement checkpoints as MMEngine checkpoints.

Both releases are known (CVPR 2021 and journal), and the noise removal network
that comes alone. The result loads by
``init_cfg=dict(type='Pretrained', checkpoint='DST.pth', prefix='scene')``.
Files are read with ``weights_only=True``: nothing in them is executed.
"""

import hashlib
import pickle
from pathlib import Path
from typing import Dict, Sequence, Tuple

import torch
from torch import Tensor

from ruas_mm import __version__
from ruas_mm.files.atomic_write import atomic_write
from ruas_mm.models.cells import OPERATIONS
from ruas_mm.models.cells.genotype import (
    NOISE_REMOVAL_CVPR21,
    NOISE_REMOVAL_JOURNAL,
    SCENE_ENHANCEMENT,
)

CELL_EDGES = ('c1_d', 'c1_r', 'c2_d', 'c2_r', 'c3_d', 'c3_r', 'c4')
NUM_STAGES = 3
Layout = Dict[str, Tuple[str, tuple]]
"""Released key -> (our key, shape)."""


def _conv(
    source: str, target: str, channels: Tuple[int, int], kernel_size: int
) -> Layout:
    shape = (channels[1], channels[0], kernel_size, kernel_size)
    return {
        f'{source}.weight': (f'{target}.weight', shape),
        f'{source}.bias': (f'{target}.bias', (channels[1],)),
    }


def _cell(
    source: str, target: str, genotype: Sequence[str], channels: int
) -> Layout:
    layout = {}
    for index, (edge, name) in enumerate(zip(CELL_EDGES, genotype)):
        if not OPERATIONS[name].is_skip:
            layout.update(
                _conv(
                    f'{source}.{edge}.op',
                    f'{target}.edges.{index}',
                    (channels, channels),
                    OPERATIONS[name].kernel_size,
                )
            )
    layout.update(
        _conv(f'{source}.c5', f'{target}.fuse', (4 * channels, channels), 1)
    )
    return layout


def _scene() -> Layout:
    layout = {}
    for k in range(NUM_STAGES):
        layout.update(
            _cell(
                f'enhance_net.iems.{k}.cell',
                f'scene.stages.{k}',
                SCENE_ENHANCEMENT,
                3,
            )
        )
    return layout


def _noise_remover(genotype: Sequence[str], prefix: str) -> Layout:
    layout = _conv(f'{prefix}stem', 'noise_remover.stem', (3, 6), 3)
    for k in range(NUM_STAGES):
        layout.update(
            _cell(f'{prefix}nrms.{k}', f'noise_remover.cells.{k}', genotype, 6)
        )
    layout.update(
        _conv(f'{prefix}activate.0', 'noise_remover.to_noise', (6, 3), 3)
    )
    return layout


def _noise_estimator() -> Layout:
    layout = {}
    widths = (3, 32, 32, 32, 32, 3)
    for layer, channels in enumerate(zip(widths, widths[1:])):
        layout.update(
            _conv(
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
}

SETTINGS: Dict[str, dict] = {
    'journal': dict(noise_remover=dict(genotype=list(NOISE_REMOVAL_JOURNAL))),
    'cvpr21': dict(
        scene=dict(illumination_range=[1e-3, 1]),
        noise_remover=dict(genotype=list(NOISE_REMOVAL_CVPR21)),
    ),
    'cvpr21 noise removal alone': {},
}
"""What :func:`ruas_mm.models.load_enhancer` builds for a layout."""


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
    for name, layout in LAYOUTS.items():
        if _differences(state, layout) == ([], [], []):
            return {
                target: state[key].clone()
                for key, (target, _) in layout.items()
            }, name
    name = min(
        LAYOUTS, key=lambda n: sum(map(len, _differences(state, LAYOUTS[n])))
    )
    missing, unexpected, shapes = _differences(state, LAYOUTS[name])
    raise ValueError(
        f'unknown layout with {len(state)} tensors, allowed: '
        f'{list(LAYOUTS)}. Against the nearest, {name!r}: '
        f'missing {missing}, unexpected {unexpected}, other shapes {shapes}'
    )


def _differences(state: dict, layout: Layout) -> Tuple[list, list, list]:
    missing = sorted(layout.keys() - state.keys())
    unexpected = sorted(state.keys() - layout.keys())
    shapes = [
        f'{key}: {tuple(state[key].shape)} instead of {layout[key][1]}'
        for key in sorted(layout.keys() & state.keys())
        if tuple(state[key].shape) != layout[key][1]
    ]
    return missing, unexpected, shapes


def load_released(path: Path) -> Dict[str, Tensor]:
    """Read tensors only.

    Raises:
        ValueError: The file is no checkpoint, or holds more than tensors.
    """
    try:
        state = torch.load(path, map_location='cpu', weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise ValueError(
            f'{path} is not a checkpoint of tensors alone: {error}'
        ) from None
    if not isinstance(state, dict) or not all(
        isinstance(value, Tensor) for value in state.values()
    ):
        raise ValueError(
            f'{path} holds a {type(state).__name__}, allowed: a '
            'dictionary of tensors'
        )
    return state


def convert_file(source: Path, target: Path) -> str:
    """Convert one file.

    Args:
        source: Released checkpoint.
        target: MMEngine checkpoint to write; what was there stays on failure.

    Returns:
        One line: layout, and parameters of each part.

    Raises:
        ValueError: See :func:`load_released` and :func:`convert`.
        OSError: A file cannot be read or written.
    """
    state, layout = convert(load_released(source))
    checksum = hashlib.sha256(source.read_bytes()).hexdigest()
    meta = dict(
        source=source.name,
        source_sha256=checksum,
        layout=layout,
        enhancer=SETTINGS[layout],
        ruas_mm_version=__version__,
    )
    with atomic_write(target) as temporary:
        torch.save(dict(state_dict=state, meta=meta), temporary)
    parts = {}
    for key, value in state.items():
        part = key.split('.')[0]
        parts[part] = parts.get(part, 0) + value.numel()
    counts = ', '.join(f'{part} {count:,}' for part, count in parts.items())
    return f'{source} ({layout}) -> {target}: {len(state)} tensors, {counts}'

"""Weights side by side on pairs of pictures, as saved with 8 bits.

    python tools/benchmarks/compare_weights.py PAIRS ours= released=lol.pth

PAIRS holds ``low/`` and ``high/``. Each NAME=FILE is a row of weights (empty
FILE: those in the package), for each variant that they have, with and without
the automatic strength. Beside PSNR and SSIM (scikit-image) the table tells
how far from flat the illumination t^K is (standard deviation within a
picture) and which share of the values is clipped at 255.
"""

import argparse
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Tuple

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import Tensor

from ruas_mm.datasets.enhancement.paired_images import list_images
from ruas_mm.files.picture_file import read_picture
from ruas_mm.models import VARIANTS, LowLightEnhancer, load_enhancer
from ruas_mm.models.automatic_strength import automatic_strength
from ruas_mm.models.tone import DivisionTone, Tone

Method = Callable[[Tensor], Tuple[Tensor, float]]
TARGET = 0.45  # of the constant gain, the mean grey of LOL's references


def weight_methods(
    name: str, weights: str, exposure: float
) -> Iterator[Tuple[str, Method]]:
    """A file of weights: every variant, in the tones that it can have."""
    for variant in VARIANTS:
        try:
            enhancer = load_enhancer(variant, weights or None)
        except ValueError:
            continue  # the file has no such part
        for tone, title in (
            (enhancer.scene.tone, 'as saved'),
            (DivisionTone(), 'division'),
            (DivisionTone(exposure), f'division, exposure {exposure}'),
        ):
            yield f'{name}, {variant}, {title}', _method(enhancer, tone)


def _method(enhancer: LowLightEnhancer, tone: Tone) -> Method:
    def run(y: Tensor) -> Tuple[Tensor, float]:
        enhancer.scene.tone = tone
        with torch.no_grad():
            x, t = enhancer.decompose(y)
        return x, t.std(dim=(2, 3)).mean().item()

    return run


def gain(y: Tensor) -> Tuple[Tensor, float]:
    """Constant gain that brings the mean of the picture to TARGET."""
    t = torch.full_like(y, 0.1)
    return (y / t ** automatic_strength(y, t, TARGET)).clamp(max=1), 0.0


def measure(method: Method, pairs: List[Tuple[Path, Path]], title: str):
    """Mean figures of a method over pairs."""
    figures: Dict[str, list] = dict(psnr=[], ssim=[], flat=[], clipped=[])
    for low, high in track(pairs, title, transient=True):
        y = torch.from_numpy(read_picture(low).rgb / np.float32(255))
        x, spread = method(y.permute(2, 0, 1)[None])
        saved = (x[0].permute(1, 2, 0) * 255).round().byte().numpy()
        truth = read_picture(high).rgb
        figures['psnr'].append(peak_signal_noise_ratio(truth, saved))
        figures['ssim'].append(
            structural_similarity(truth, saved, channel_axis=2)
        )
        figures['flat'].append(spread)
        figures['clipped'].append((saved == 255).mean())
    return {key: float(np.mean(values)) for key, values in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('pairs', type=Path, help='folder with low/ and high/')
    parser.add_argument('weights', nargs='+', metavar='NAME=FILE')
    parser.add_argument('--exposure', type=float, default=0.4)
    args = parser.parse_args()
    pairs = [
        (low, args.pairs / 'high' / low.name)
        for low in list_images(args.pairs / 'low')
    ]
    table = Table(title=f'{len(pairs)} pairs')
    for column in ('weights', 'PSNR', 'SSIM', 'std of t^K', 'clipped'):
        table.add_column(column, justify='right')
    methods = [(f'gain to mean {TARGET}', gain)]
    for entry in args.weights:
        name, _, file = entry.partition('=')
        methods += weight_methods(name, file, args.exposure)
    for title, method in methods:
        found = measure(method, pairs, title)
        table.add_row(
            title,
            f'{found["psnr"]:.3f}',
            f'{found["ssim"]:.4f}',
            f'{found["flat"]:.4f}',
            f'{found["clipped"]:.4f}',
        )
    Console(width=90).print(table)


if __name__ == '__main__':
    main()

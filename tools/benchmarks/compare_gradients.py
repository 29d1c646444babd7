"""Finite differences and the first order against the exact second order.

    python tools/benchmarks/compare_gradients.py lol_split/our485/low

Cosine between gradients of the alphas of the RUAS supernet (random weights,
seed 0): each has one training and one validation picture, the same crop of the
first two pictures of the folder.
"""

import argparse
from pathlib import Path
from typing import Dict, List

import mmcv
import torch
from rich.console import Console
from rich.table import Table
from search_steps import TASK_WEIGHTS, architecture_step
from torch import Tensor

from ruas_mm.datasets.enhancement.paired_images import list_images
from ruas_mm.search.bilevel import GRADIENTS

CROPS = (128, 16)
RATES = (1e-3, 1e-1)


def load_batches(folder: Path, side: int) -> List[dict]:
    """The middle of two pictures, as a loader delivers them."""
    batches = []
    for path in list_images(folder)[:2]:
        picture = mmcv.imread(str(path), channel_order='rgb')
        top, left = ((length - side) // 2 for length in picture.shape[:2])
        crop = picture[top : top + side, left : left + side].copy()
        batches.append(dict(inputs=[torch.from_numpy(crop).permute(2, 0, 1)]))
    return batches


def gradients(part: str, lr: float, batches: List[dict]) -> Dict[str, Tensor]:
    """Flat gradient of the part's alphas, computed in each way."""
    step = architecture_step(part, lr)
    found = {}
    for step.gradient in GRADIENTS:
        torch.manual_seed(0)  # of the noise
        (gradient,) = step.gradients(
            part, TASK_WEIGHTS[part], *batches
        ).values()
        found[step.gradient] = gradient.flatten()
    return found


def main(folder: Path) -> None:
    table = Table(title='Cosine with the exact gradient of the alphas')
    for column in (
        'crop',
        'phase',
        'rate',
        'finite difference',
        'first order',
    ):
        table.add_column(column, justify='right')
    for side in CROPS:
        batches = load_batches(folder, side)
        for part in TASK_WEIGHTS:
            for lr in RATES:
                found = gradients(part, lr, batches)
                exact = found['exact']
                cosines = [
                    torch.cosine_similarity(exact, found[kind], 0).item()
                    for kind in ('finite_difference', 'first_order')
                ]
                row = [f'{side}x{side}', part, f'{lr:g}']
                table.add_row(*row, *(f'{c:.4f}' for c in cosines))
    Console(width=100).print(table)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('folder', type=Path, help='dark pictures')
    main(parser.parse_args().folder)

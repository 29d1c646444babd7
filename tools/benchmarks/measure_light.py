"""What an enhancer gains on dark pictures, and what it does to bright ones.

    python tools/benchmarks/measure_light.py --pairs lol_split/eval15
        --bright photographs

--pairs names folders with ``low/`` and ``high/``: PSNR and SSIM of the dark
picture and of the enhanced one, also with the result scaled to the mean of the
reference ("GT mean", which leaves the exposure out), LPIPS where AlexNet's
features are named, and how much the half of the pairs gains that needs least.
--bright names folders of well-lit pictures, which should come back: PSNR to
themselves, of equal pictures 60. --pairlie adds a row of PairLIE's weights
(exponent .14, the authors' for LOL), --save a folder of what was made of the
pairs.
"""

import argparse
from pathlib import Path
from typing import Dict, List, Optional, Sequence

import cv2
import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from ruas_mm.datasets.enhancement.paired_images import list_images
from ruas_mm.datasets.transforms.pack_enhancement_inputs import in_8_bits
from ruas_mm.evaluation.lpips_alexnet import build_lpips, perceptual_distance
from ruas_mm.files.picture_file import read_picture
from ruas_mm.models import VARIANTS, load_enhancer
from ruas_mm.models.enhancers import Enhancer

EQUAL = 60.0  # dB


def enhance(
    enhancer: torch.nn.Module, rgb: np.ndarray, **settings
) -> np.ndarray:
    """From all bits there are, as saved in 8."""
    white = np.float32(np.iinfo(rgb.dtype).max)
    y = torch.from_numpy(rgb / white).permute(2, 0, 1)[None]
    x = enhancer.enhance(y, **settings)[0].permute(1, 2, 0)
    return (x * 255).round().byte().numpy()


def figures(truth: np.ndarray, found: np.ndarray) -> List[float]:
    """PSNR and SSIM of 8 bits."""
    return [
        peak_signal_noise_ratio(truth, found),
        structural_similarity(truth, found, channel_axis=2),
    ]


def pair_row(
    enhancer: Enhancer,
    folder: Path,
    title: str,
    lpips: Optional[torch.nn.Module],
    save: Optional[Path],
) -> List[str]:
    rows = []
    for low in track(list_images(folder / 'low'), title, transient=True):
        dark = read_picture(low).rgb
        truth = in_8_bits(read_picture(folder / 'high' / low.name).rgb)
        found = enhance(enhancer, dark)
        if save is not None:
            target = save / title / f'{low.stem}.png'
            target.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(target), found[..., ::-1])
        scaled = found * (truth.mean() / max(found.mean(), 1e-3))
        scaled = scaled.clip(0, 255).round().astype(np.uint8)
        rows.append(
            figures(truth, in_8_bits(dark)) + figures(truth, found)
            + figures(truth, scaled)
            + [perceptual_distance(lpips, found, truth) if lpips else np.nan]
        )  # fmt: skip
    table = np.array(rows)
    means = table.mean(0)
    best = table[np.argsort(-table[:, 0])[: (len(table) + 1) // 2]]
    gain = (best[:, 2:4] - best[:, :2]).mean(0)
    return [
        *(f'{means[i]:.2f} / {means[i + 1]:.3f}' for i in (0, 2, 4)),
        '-' if lpips is None else f'{means[6]:.3f}',
        f'{gain[0]:+.2f} / {gain[1]:+.3f}',
    ]


def bright_row(enhancer: torch.nn.Module, folder: Path, title: str) -> str:
    found = []
    for path in track(list_images(folder), title, transient=True):
        rgb = read_picture(path).rgb
        enhanced, rgb = enhance(enhancer, rgb), in_8_bits(rgb)
        same = np.array_equal(rgb, enhanced)
        psnr = EQUAL if same else peak_signal_noise_ratio(rgb, enhanced)
        found.append(min(psnr, EQUAL))
    return f'mean {np.mean(found):.1f}, lowest {np.min(found):.1f}'


def main(
    enhancers: Dict[str, Enhancer],
    pairs: Sequence[Path],
    bright: Sequence[Path],
    alexnet: Optional[Path] = None,
    save: Optional[Path] = None,
) -> None:
    console = Console(width=118)
    lpips = build_lpips(alexnet) if alexnet else None
    for folder in pairs:
        table = Table(title=f'{len(list_images(folder / "low"))} pairs')
        columns = ('variant', 'dark', 'enhanced', 'with GT mean', 'LPIPS')
        for column in (*columns, 'gain, half that needs least'):
            table.add_column(column, justify='right')
        for name, enhancer in enhancers.items():
            table.add_row(name, *pair_row(enhancer, folder, name, lpips, save))
        console.print(table)
    for folder in bright:
        table = Table(title=f'{len(list_images(folder))} bright pictures')
        for column in ('variant', 'PSNR to themselves'):
            table.add_column(column, justify='right')
        for name, enhancer in enhancers.items():
            table.add_row(name, bright_row(enhancer, folder, name))
        console.print(table)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--pairs', nargs='+', type=Path, default=[])
    parser.add_argument('--bright', nargs='+', type=Path, default=[])
    parser.add_argument('--variants', nargs='+', default=list(VARIANTS))
    parser.add_argument('--alexnet', type=Path, help='features, for LPIPS')
    parser.add_argument('--pairlie', type=Path, help='PairLIE.pth')
    parser.add_argument('--save', type=Path, help='folder of pictures')
    args = parser.parse_args()
    chosen = {name: load_enhancer(name) for name in args.variants}
    if args.pairlie:
        chosen['PairLIE'] = load_enhancer(
            'pairlie', args.pairlie, exponent=0.14
        )
    main(chosen, args.pairs, args.bright, args.alexnet, args.save)

"""Table 5 with every method: enhanced pairs, figures, and a sheet of pictures.

    python tools/reproduce.py table5 --weights weights
        --pairs lol=lol_split/eval15 fivek=fivek --alexnet alexnet.pth

Each picture's figures are written when they are known (``NAME/TITLE.json``
below the working folder), so that a stopped run goes on where it was. PSNR and
SSIM are scikit-image's, "GT mean" scales a result to the mean of the
reference, LPIPS is that on AlexNet. Seconds are processor time of one thread,
the median over the pictures of the first pairs; multiply-adds are those of a
picture of 600x400.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

import cv2
import numpy as np
import torch
from benchmarks.compared_methods import Method, available
from benchmarks.measure_light import enhance, figures
from rich.console import Console
from rich.table import Table

from ruas_mm.datasets.enhancement.paired_images import list_images
from ruas_mm.datasets.transforms.pack_enhancement_inputs import in_8_bits
from ruas_mm.evaluation.complexity import count_macs, count_parameters
from ruas_mm.evaluation.lpips_alexnet import build_lpips, perceptual_distance
from ruas_mm.files.atomic_write import atomic_write
from ruas_mm.files.folder_record import check_record, told
from ruas_mm.files.picture_file import read_picture

QUALITY = ('PSNR', 'SSIM', 'PSNR GT', 'SSIM GT', 'LPIPS')
TILE = 240  # pixels, width of a picture in the sheet
ACROSS = 7  # pictures in a row of the sheet
LABEL = 22  # pixels, height of what is written below a picture
Figures = Dict[str, float]


def picture_figures(
    truth: np.ndarray, found: np.ndarray, lpips: Optional[torch.nn.Module]
) -> Figures:
    """Of one result, 8 bits."""
    scaled = found * (truth.mean() / max(found.mean(), 1e-3))
    scaled = scaled.clip(0, 255).round().astype(np.uint8)
    values = [*figures(truth, found), *figures(truth, scaled)]
    if lpips is not None:
        values.append(float(perceptual_distance(lpips, found, truth)))
    return dict(zip(QUALITY, map(float, values)))


def measure(
    method: Method,
    weights: Optional[Path],
    pairs: Path,
    folder: Path,
    lpips: Optional[torch.nn.Module],
    shown: Sequence[str],
) -> Dict[str, Figures]:
    """Figures by picture; what was done is read.

    Args:
        method: What enhances.
        weights: Folder of all weights.
        pairs: Folder with ``low/`` and ``high/``.
        folder: Where to write.
        lpips: None: without it.
        shown: Names of pictures whose results are kept for the sheet.

    Returns:
        Those of the pictures that are in ``pairs`` now.
    """
    path = folder / f'{method.title}.json'
    done = json.loads(path.read_text()) if path.exists() else {}
    wanted = QUALITY if lpips is not None else QUALITY[:-1]
    enhancer, pictures = None, list_images(pairs / 'low')
    for low in pictures:
        target = picture_file(folder, method, low)
        if done.get(low.stem, {}).keys() >= set(wanted) and (
            low.stem not in shown or target.exists()
        ):
            continue
        if enhancer is None:
            enhancer = method.load(weights)
        dark, truth = (
            read_picture(file).rgb for file in (low, pairs / 'high' / low.name)
        )
        truth = in_8_bits(truth)
        start = time.process_time()
        found = enhance(enhancer, dark)
        seconds = time.process_time() - start
        done[low.stem] = dict(
            picture_figures(truth, found, lpips), seconds=seconds
        )
        if low.stem in shown:
            target.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(target), found[..., ::-1])
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(done))
    return {low.stem: done[low.stem] for low in pictures}


def picture_file(folder: Path, method: Method, low: Path) -> Path:
    """Where a result is kept."""
    return folder / method.title / f'{low.stem}.png'


def cost(method: Method, weights: Optional[Path]) -> Tuple[float, float]:
    """Parameters, and multiply-adds of 600x400 in G."""
    enhancer = method.load(weights)
    parameters = count_parameters(enhancer)
    if not parameters:
        return 0, 0
    return parameters, count_macs(_Costed(enhancer)) / 1e9


class _Costed(torch.nn.Module):
    """As :func:`count_macs` calls a model."""

    def __init__(self, enhancer: torch.nn.Module) -> None:
        super().__init__()
        self.enhancer = enhancer

    def forward(self, inputs: torch.Tensor, mode: str) -> torch.Tensor:
        return self.enhancer(inputs)


def mean(rows: Dict[str, Figures], name: str) -> Optional[float]:
    """Over pictures; None: not measured."""
    values = [row[name] for row in rows.values() if name in row]
    return float(np.mean(values)) if values else None


def row_of(
    method: Method, weights: Optional[Path], results: List[Dict[str, Figures]]
) -> List[str]:
    """Cells of one method: title, cost, time, then quality on each pairs."""
    parameters, macs = cost(method, weights)
    seconds = np.median([row['seconds'] for row in results[0].values()])
    cells = [method.title, f'{parameters:,}', f'{macs:.2f}', f'{seconds:.2f}']
    for rows in results:
        for name in QUALITY:
            value = mean(rows, name)
            digits = 2 if name.startswith('PSNR') else 3
            cells.append('-' if value is None else f'{value:.{digits}f}')
    return cells


def sheet(
    methods: Sequence[Method],
    pairs: Dict[str, Path],
    folder: Path,
    shown: Sequence[str],
    target: Path,
) -> None:
    """One file: of each shown picture the dark one, the reference, and all."""
    bands = []
    for name, root in pairs.items():
        for low in list_images(root / 'low'):
            if low.stem not in shown:
                continue
            files = {'dark': low, 'reference': root / 'high' / low.name}
            for method in methods:
                files[method.title] = picture_file(folder / name, method, low)
            tiles = [
                _tile(file, title)
                for title, file in files.items()
                if file.exists()
            ]
            bands.append(_grid(tiles))
    width = max(band.shape[1] for band in bands)
    bands = [
        np.pad(b, ((0, 8), (0, width - b.shape[1]), (0, 0))) for b in bands
    ]
    with atomic_write(target) as temporary:
        quality = [cv2.IMWRITE_JPEG_QUALITY, 85]
        encoded = cv2.imencode(target.suffix, np.vstack(bands), quality)[1]
        temporary.write_bytes(encoded.tobytes())


def _tile(file: Path, title: str) -> np.ndarray:
    picture = in_8_bits(read_picture(file).rgb)[..., ::-1]
    height = round(picture.shape[0] * TILE / picture.shape[1])
    small = cv2.resize(picture, (TILE, height), interpolation=cv2.INTER_AREA)
    label = np.full((LABEL, TILE, 3), 255, np.uint8)
    cv2.putText(
        label, title, (4, LABEL - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0,) * 3,
        1, cv2.LINE_AA,
    )  # fmt: skip
    return np.vstack([small, label])


def _grid(tiles: List[np.ndarray]) -> np.ndarray:
    blank = np.full_like(tiles[0], 255)
    tiles = tiles + [blank] * (-len(tiles) % ACROSS)
    rows = [
        np.hstack(tiles[i : i + ACROSS]) for i in range(0, len(tiles), ACROSS)
    ]
    return np.vstack(rows)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Of the table, besides folders of weights and for work."""
    parser.add_argument(
        '--pairs',
        nargs='+',
        metavar='NAME=FOLDER',
        help='folders with low/ and high/: all methods, not trained',
    )
    parser.add_argument('--alexnet', type=Path, help='features, for LPIPS')
    parser.add_argument(
        '--show', nargs='+', default=(), help='pictures of the sheet'
    )
    parser.add_argument('--sheet', type=Path, help='file to write')


def compare_all(args: argparse.Namespace) -> None:
    """The table by what :func:`add_options` has read."""
    pairs = {}
    for word in args.pairs:
        name, _, folder = word.partition('=')
        if not (Path(folder) / 'low').is_dir():
            raise SystemExit(
                f'{word}: allowed: NAME=FOLDER, which holds low/ and high/'
            )
        if not name or name in pairs:
            raise SystemExit(f'{word}: allowed: another NAME for each folder')
        pairs[name] = Path(folder)
    folder = args.work_dir / 'table5_pairs'
    try:
        check_shown(pairs, args.show, args.sheet)
        main(args.weights, pairs, folder, args.alexnet, args.show, args.sheet)
    except ValueError as error:
        raise SystemExit(str(error)) from None


def check_shown(
    pairs: Dict[str, Path], shown: Sequence[str], picture: Optional[Path]
) -> None:
    """Before hours are spent.

    Raises:
        ValueError: A sheet of no picture, or of one that is not there.
    """
    there = {
        low.stem
        for root in pairs.values()
        for low in list_images(root / 'low')
    }
    if set(shown) - there or (picture is not None and not shown):
        raise ValueError(
            f'--show {list(shown)} --sheet {picture}, allowed: a sheet of '
            f'some of {sorted(there)}'
        )


def main(
    weights: Optional[Path],
    pairs: Dict[str, Path],
    folder: Path,
    alexnet: Optional[Path] = None,
    shown: Sequence[str] = (),
    picture: Optional[Path] = None,
    titles: Optional[Sequence[str]] = None,
) -> List[List[str]]:
    """Measure what can be, print the table, draw the sheet.

    Args:
        weights: Folder of all weights.
        pairs: Folders with ``low/`` and ``high/`` by name.
        folder: Where to write.
        alexnet: Features for LPIPS.
        shown: Stems of pictures for the sheet.
        picture: File of the sheet.
        titles: Of methods; None: all.

    Raises:
        ValueError: The folder has figures of other pairs or weights.
    """
    torch.set_num_threads(1)
    lpips = build_lpips(alexnet) if alexnet else None
    methods, lacking = available(weights)
    if titles is not None:
        methods = [method for method in methods if method.title in titles]
    for name, root in pairs.items():
        settings = dict(pairs=told(root))
        if weights is not None:
            settings['weights'] = told(weights)
        check_record(folder / name, settings)
    rows = []
    for method in methods:
        results = [
            measure(method, weights, root, folder / name, lpips, shown)
            for name, root in pairs.items()
        ]
        rows.append(row_of(method, weights, results))
        print(' | '.join(rows[-1]), flush=True)
    table = Table(title=', '.join(pairs))
    head = ['method', 'parameters', 'MACs, G', 's']
    for name in pairs:
        head += [f'{name} {column}' for column in QUALITY]
    for column in head:
        table.add_column(column, justify='right')
    for row in rows:
        table.add_row(*row)
    console = Console(width=200)
    console.print(table)
    _print_paper(console, methods)
    for line in lacking:
        console.print(f'no weights: {line}', markup=False)
    if picture is not None:
        sheet(methods, pairs, folder, shown, picture)
    return rows


def _print_paper(console: Console, methods: Sequence[Method]) -> None:
    table = Table(title='the paper, on other splits: PSNR / SSIM / LPIPS')
    for column in ('method', 'LOL', 'MIT-Adobe FiveK'):
        table.add_column(column, justify='right')
    for method in methods:
        if method.lol is not None:
            table.add_row(
                method.title,
                ' / '.join(map(str, method.lol)),
                ' / '.join(map(str, method.fivek)),
            )
    console.print(table)

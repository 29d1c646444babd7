"""Turn the light on in pictures and videos.

    python tools/enhance.py INPUT --out OUT

INPUT is a picture (PNG, JPEG, WebP, BMP, TIFF; 8 or 16 bits), a video, a
folder with all that is in it, a quoted pattern such as 'night/**/*.png', or
the number of a camera (Ctrl-C ends the recording). Names are kept below OUT.
What cannot be read is passed over and named at the end.

Exit code: 0, all done; 1, something could not be read or written; 2, nothing
was started, because an argument does not fit.
"""

import argparse
import sys
from pathlib import Path
from typing import List, Optional, Sequence

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from ruas_mm.apis import LowLightInferencer
from ruas_mm.files.input_files import InputFile, find_inputs
from ruas_mm.models import ZOO
from ruas_mm.models.enhancers.ruas.variants import DEFAULT_VARIANT

INTERRUPTED = 130  # as shells do


def parse_args(
    arguments: Optional[Sequence[str]] = None,
) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('input', metavar='INPUT')
    parser.add_argument(
        '--out',
        type=Path,
        default='enhanced',
        help='folder, or a file name when INPUT is one file (%(default)s)',
    )
    parser.add_argument(
        '--variant',
        type=str.lower,
        choices=list(ZOO),
        default=DEFAULT_VARIANT.lower(),
        help='; '.join(f'{name}: {e.what}' for name, e in ZOO.items())
        + ' (%(default)s)',
    )
    parser.add_argument('--weights', help='file; default: of the package')
    parser.add_argument(
        '--strength', type=float, default=1.0, help='0 to 1 (%(default)s)'
    )
    parser.add_argument(
        '--device',
        help='such as cpu or cuda:1; default: a GPU if there is one',
    )
    parser.add_argument(
        '--tile', type=int, help='pixels; for pictures larger than the memory'
    )
    parser.add_argument(
        '--side-by-side', action='store_true', help='dark | enhanced'
    )
    parser.add_argument(
        '--runtime',
        choices=['torch', 'onnx'],
        default='torch',
        help='onnx: --weights is a file of tools/export_onnx.py',
    )
    return parser.parse_args(arguments)


def enhance_all(
    inputs: List[InputFile],
    inferencer: LowLightInferencer,
    side_by_side: bool,
    progress: Progress,
) -> List[str]:
    """Enhance everything; returns what went wrong, a line for each file."""
    problems = []
    files = progress.add_task('all', total=len(inputs))
    for item in inputs:
        progress.update(files, description=f'{item.source}')
        try:
            if item.is_video:
                problems += enhance_video(
                    item, inferencer, side_by_side, progress
                )
            else:
                inferencer.enhance_file(*item, side_by_side)
        except ValueError as error:
            named = str(item.source) in str(error)
            problems.append(f'{"" if named else f"{item.source}: "}{error}')
        progress.advance(files)
    return problems


def enhance_video(
    item: InputFile,
    inferencer: LowLightInferencer,
    side_by_side: bool,
    progress: Progress,
) -> List[str]:
    """Enhance one video under its own progress bar."""
    frames = progress.add_task('  frames', total=None)

    def show(done: int, total: Optional[int]) -> None:
        progress.update(frames, completed=done, total=total)

    try:
        report = inferencer.enhance_video(
            item.source, item.target, side_by_side, show
        )
    finally:
        progress.remove_task(frames)
    return [f'{item.source}: {report.describe()}'] if report.broken else []


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(args: argparse.Namespace) -> int:
    """Do what the command line says; returns the exit code."""
    try:
        inputs = find_inputs(args.input, args.out)
        inferencer = LowLightInferencer(
            args.variant,
            args.weights,
            args.strength,
            args.device,
            args.tile,
            args.runtime,
        )
    except (ValueError, FileNotFoundError) as error:
        tell(str(error))
        return 2
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn('{task.description}', markup=False),
    )
    try:
        with Progress(*columns, console=Console(stderr=True)) as progress:
            problems = enhance_all(
                inputs, inferencer, args.side_by_side, progress
            )
    except OSError as error:
        tell(f'stopped, nothing half-written is left: {error}')
        return 1
    except KeyboardInterrupt:
        tell('interrupted, nothing half-written is left')
        return INTERRUPTED
    done = len(inputs) - len(problems)
    tell(f'{done} of {len(inputs)} enhanced without a problem: {args.out}')
    for problem in problems:
        tell(f'  {problem}')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main(parse_args()))

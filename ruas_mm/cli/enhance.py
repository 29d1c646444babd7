"""``ruas-mm enhance``: see :data:`command`."""

import errno
import sys
import unicodedata
from pathlib import Path
from typing import Iterator, List, Optional, Tuple

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from ruas_mm.apis.low_light_inferencer import RUNTIMES, LowLightInferencer
from ruas_mm.cli import imported
from ruas_mm.cli.interruption import Interruption, interruptible
from ruas_mm.cli.options import (
    NamedPath,
    enhancer_option,
    is_named,
    weights_option,
)
from ruas_mm.files.input_files import InputFile, Inputs, find_inputs
from ruas_mm.files.picture_file import MAX_PIXELS

DISK_ERRORS = {
    getattr(errno, name)
    for name in ('ENOSPC', 'EDQUOT', 'EFBIG', 'EIO', 'EROFS')
    if hasattr(errno, name)
}
"""After these the next file would fail in the same way."""


UNPRINTED = ('Cc', 'Cs', 'Zl', 'Zp')
"""Unicode's control characters, halves of one, and line ends."""


class DiskError(Exception):
    """A full or failing disk."""


def enhance_all(
    inputs: List[InputFile],
    inferencer: LowLightInferencer,
    side_by_side: bool,
    progress: Progress,
    interruption: Interruption,
) -> Iterator[str]:
    """Enhance everything; yields what went wrong, a line for each file.

    Raises:
        DiskError: There is no point in going on.
        KeyboardInterrupt: There was a signal.
    """
    files = progress.add_task('all', total=len(inputs))
    for item in inputs:
        progress.update(files, description=one_line(item.source))
        try:
            if item.is_video:
                problem = enhance_video(
                    item, inferencer, side_by_side, progress
                )
            else:
                problem = inferencer.enhance_file(*item, side_by_side)
        except OSError as error:
            if error.errno in DISK_ERRORS:
                raise DiskError(f'{item.target}: {error.strerror}') from None
            problem = str(error)
            if error.filename is not None:
                problem = f'{error.filename}: {error.strerror}'
        except MemoryError:
            problem = 'does not fit into the memory, allowed: --tile'
        except RuntimeError as error:  # torch's have many lines
            problem = str(error).partition('\n')[0]
        except Exception as error:  # the other files do not suffer
            problem = str(error) or type(error).__name__
        if problem:
            named = str(item.source) in problem
            yield problem if named else f'{item.source}: {problem}'
        progress.advance(files)
        interruption.check(is_recorded=isinstance(item.source, int))


def enhance_video(
    item: InputFile,
    inferencer: LowLightInferencer,
    side_by_side: bool,
    progress: Progress,
) -> Optional[str]:
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
    if report.is_damaged:
        return report.describe()
    if report.lost:
        line = one_line(f'{item.source}: {report.describe()}')
        progress.console.print(line, markup=False)
    return None


def tell(line: str) -> None:
    """A line for the user; standard output stays free."""
    print(one_line(line), file=sys.stderr, flush=True)


def one_line(text: object) -> str:
    """Names may hold line ends, and what a terminal takes for orders."""
    return ''.join(
        repr(c)[1:-1] if unicodedata.category(c) in UNPRINTED else c
        for c in str(text)
    )


def run(
    inputs: Inputs,
    out: Path,
    inferencer: LowLightInferencer,
    side_by_side: bool,
    interruption: Interruption,
) -> int:
    """Enhance, and tell how it went; returns the exit code."""
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn('{task.description}', markup=False),
    )
    problems = list(inputs.refused)
    try:
        with Progress(*columns, console=Console(stderr=True)) as progress:
            for problem in enhance_all(
                inputs.files, inferencer, side_by_side, progress, interruption
            ):
                problems.append(problem)
    except DiskError as error:
        tell(f'stopped, nothing half-written is left: {error}')
        return 1
    total = len(inputs.files) + len(inputs.refused)
    tell(
        f'{total - len(problems)} of {total} enhanced without a problem: {out}'
    )
    for problem in problems:
        tell(f'  {problem}')
    if inputs.left_out:
        tell(f'  no pictures or videos, left out: {inputs.left_out}')
    return 1 if problems else 0


@click.command(
    epilog='Example: ruas-mm enhance photo.jpg night/ drive.mp4 --out bright'
)
@click.argument('inputs', metavar='INPUT...', nargs=-1, required=True)
@click.option(
    '--out',
    '-o',
    type=NamedPath(),
    default='enhanced',
    show_default=True,
    help='Folder, or a file name when INPUT is one file. What was there is '
    'replaced.',
)
@enhancer_option
@weights_option
@click.option(
    '--strength',
    type=float,
    default=1.0,
    show_default=True,
    help='0 (nothing) to 1.',
)
@click.option(
    '--device', help='Such as cpu or cuda:1; default: a GPU if there is one.'
)
@click.option(
    '--tile', type=int, help='Pixels; for pictures larger than the memory.'
)
@click.option(
    '--max-pixels',
    type=click.IntRange(1),
    default=MAX_PIXELS,
    show_default=True,
    help='Of a picture; more are refused, for the memory.',
)
@click.option('--side-by-side', is_flag=True, help='Dark | enhanced.')
@click.option(
    '--runtime',
    type=click.Choice(RUNTIMES),
    help='Default: onnx where --weights is a .onnx file, otherwise torch.',
)
@click.pass_context
def command(
    context: click.Context,
    inputs: Tuple[str, ...],
    out: Path,
    enhancer: str,
    weights: Optional[Path],
    strength: float,
    device: Optional[str],
    tile: Optional[int],
    max_pixels: int,
    side_by_side: bool,
    runtime: Optional[str],
) -> None:
    """Turn the light on in pictures and videos.

    Each INPUT is a picture (8 or 16 bits), a video, a folder with all that is
    in it, a quoted pattern such as 'night/**/*.png', or the number of a
    camera (Ctrl-C ends the recording). Names are kept below OUT, which is a
    file if it ends like a picture or a video. What cannot be read is passed
    over and named at the end.

    Exit code: 0, all done; 1, something could not be read or written; 2,
    nothing was started, because an argument does not fit.
    """
    if runtime is None:
        is_onnx = weights is not None and weights.suffix.lower() == '.onnx'
        runtime = RUNTIMES[is_onnx]
    with interruptible() as interruption:
        try:
            if runtime == 'onnx' and is_named(context, 'enhancer'):
                raise ValueError(
                    f'--enhancer={enhancer} with ONNX Runtime, allowed: '
                    '--weights alone, as the file holds the enhancer that it '
                    'was exported from'
                )
            found = find_inputs(inputs, out)
            if runtime == 'torch':
                imported('ruas_mm.apis.torch_runtime')
            inferencer = LowLightInferencer(
                enhancer, weights, strength, device, tile, runtime, max_pixels
            )
            code = run(found, out, inferencer, side_by_side, interruption)
        except (ValueError, FileNotFoundError) as error:
            tell(str(error))
            code = click.UsageError.exit_code
        except KeyboardInterrupt:
            tell('interrupted, nothing half-written is left')
            code = interruption.exit_code
    context.exit(code)

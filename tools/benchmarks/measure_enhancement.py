"""Speed and memory of enhancement, against the network as released.

    python tools/benchmarks/measure_enhancement.py [--weights lol.pth]
        [--write FOLDER]

One run, one machine, one set of weights: a file of
``ruas-mm convert``, or random ones with seed 0. In each round all
forms take turns, so a slow moment hits all of them; times are medians. Memory
is how far a fresh process grows while it enhances one picture. RUAS_A is
measured where it finds noise and where it finds none.
"""

import argparse
import multiprocessing
import re
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import onnxruntime
import torch
import yaml
from released_network import ReleasedNetwork
from rich import box
from rich.console import Console
from rich.table import Table
from torch import Tensor

from ruas_mm.apis import LowLightInferencer
from ruas_mm.apis.onnx_export import export_onnx
from ruas_mm.files.atomic_write import atomic_write
from ruas_mm.files.video_stream import write_video
from ruas_mm.models import LowLightEnhancer, load_enhancer
from ruas_mm.weights import save_enhancer

SIZES = ((600, 400), (1080, 720), (1920, 1080))
VIDEO = (60, 640, 360)  # frames, width, height
RELEASED = 'as released'
FORMS = (
    RELEASED,
    'SceneModule.enhance',
    'LowLightEnhancer.enhance',
    'ONNX Runtime',
)
FILES = ('speed_enhancement', 'speed_video')  # of docs/measured
MEBIBYTE = 2**20
Form = Callable[[Tensor], Tensor]


class Case(NamedTuple):
    """What is compared: a variant, with the gate open or shut."""

    name: str
    variant: str
    noise_threshold: Optional[float]

    @property
    def forms(self) -> List[str]:
        return [f for f in FORMS if f != FORMS[1] or self.variant == 'RUAS_S']

    def load(self, weights: Path) -> LowLightEnhancer:
        enhancer = load_enhancer(self.variant, weights)
        if self.noise_threshold is not None:
            enhancer.noise_threshold = self.noise_threshold
        return enhancer


CASES = (
    Case('RUAS_S', 'RUAS_S', None),
    Case('RUAS_A, noise', 'RUAS_A', 0.0),
    Case('RUAS_A, no noise', 'RUAS_A', 1e9),
)


def load_form(name: str, case: Case, weights: Path, exported: Path) -> Form:
    """One of :data:`FORMS`, ready for use: picture to enhanced picture."""
    enhancer = case.load(weights)
    if name == RELEASED:
        released = ReleasedNetwork(case.noise_threshold).eval()
        released.load_state_dict(enhancer.state_dict())
        return released
    if name == 'SceneModule.enhance':
        return enhancer.scene.enhance
    if name == 'LowLightEnhancer.enhance':
        return enhancer.enhance
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    # its threads must not keep a core busy while another form is measured
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    session = onnxruntime.InferenceSession(
        str(exported), options, providers=['CPUExecutionProvider']
    )

    def run(x: Tensor) -> Tensor:
        feed = dict(input=x.numpy(), strength=np.array(1, np.float32))
        return torch.from_numpy(session.run(None, feed)[0])

    return run


def dark_picture(width: int, height: int, seed: int = 0) -> Tensor:
    """Gradients in the dark, with noise: (1, 3, H, W), RGB in [0, 1]."""
    generator = torch.Generator().manual_seed(seed)
    across = torch.linspace(0, 1, width).expand(height, width)
    down = torch.linspace(1, 0, height)[:, None].expand(height, width)
    x = 0.2 * torch.stack([across, down, (across + down) / 2])[None]
    noise = 0.02 * torch.randn(x.shape, generator=generator)
    return (x + 0.02 + noise).clamp(0, 1)


def median_times(forms: Sequence[Form], x: Tensor, runs: int) -> List[float]:
    """Seconds of each form; the forms take turns."""
    rounds = [[_seconds(partial(f, x)) for f in forms] for _ in range(runs)]
    return [statistics.median(times) for times in zip(*rounds)]


def run_timing(
    main: Callable[[int, int, int], None],
    description: str,
    size: Tuple[int, int],
    runs: int,
) -> None:
    """Call ``main`` with width, height and runs of the command line.

    Args:
        main: What measures.
        description: Of the script.
        size: Width and height by default.
        runs: By default.
    """
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--size', type=int, nargs=2, default=size)
    parser.add_argument('--runs', type=int, default=runs)
    parser.add_argument('--threads', type=int, help='default: as torch')
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    main(*args.size, args.runs)


def _seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def grown_memory(
    load: Callable[[], Form],
    size: Tuple[int, int],
    first: Optional[Tuple[int, int]] = (48, 32),
) -> int:
    """Bytes by which a fresh process grows at its peak.

    Args:
        load: Gives the form, in the new process.
        size: Width and height of the picture.
        first: Of a picture before it, for what is loaded at the first call;
            None: that counts.
    """
    context = multiprocessing.get_context('spawn')
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_grow, args=(sender, load, size, first))
    process.start()
    sender.close()
    try:
        return receiver.recv()
    finally:
        process.join()


def _grow(
    sender: object,
    load: Callable[[], Form],
    size: Tuple[int, int],
    first: Optional[Tuple[int, int]],
) -> None:
    run, x = load(), dark_picture(*size)
    if first is not None:
        run(dark_picture(*first))
    Path('/proc/self/clear_refs').write_text('5')  # forget peaks so far
    before = _peak_memory()
    run(x)
    sender.send(_peak_memory() - before)


def _peak_memory() -> int:
    """Not ``ru_maxrss``, in which a process inherits its parent's peak."""
    status = Path('/proc/self/status').read_text()
    return int(re.search(r'VmHWM:\s+(\d+) kB', status)[1]) * 1024


def measure_forms(
    weights: Path, folder: Path, sizes: Sequence[Tuple[int, int]], runs: int
) -> Table:
    """All cases, sizes and forms."""
    table = _table(
        'Enhancement', 'variant', 'picture', 'form', 'ms', 'times as fast'
    )
    table.add_column('largest difference', justify='right')
    table.add_column('memory, MiB', justify='right')
    for index, case in enumerate(CASES):
        exported = folder / f'{index}.onnx'
        export_onnx(case.load(weights), exported)
        keys = [(name, case, weights, exported) for name in case.forms]
        forms = [load_form(*key) for key in keys]
        for size in sizes:
            x = dark_picture(*size)
            outputs = [form(x) for form in forms]
            differences = [(o - outputs[0]).abs().max() for o in outputs]
            del outputs
            times = median_times(forms, x, runs)
            for key, seconds, difference in zip(keys, times, differences):
                memory = grown_memory(partial(load_form, *key), size)
                table.add_row(
                    case.name,
                    f'{size[0]}x{size[1]}',
                    key[0],
                    f'{seconds * 1000:.1f}',
                    f'{times[0] / seconds:.2f}',
                    f'{difference:.0e}',
                    f'{memory / MEBIBYTE:.0f}',
                )
    return table


def measure_video(
    weights: Path, folder: Path, video: Tuple[int, int, int]
) -> Table:
    """``ruas-mm enhance``, the whole command and without its start."""
    number, width, height = video
    table = _table('Video', 'variant', 'video', 'frames/s', 'whole command, s')
    frames = (
        (dark_picture(width, height, seed)[0].permute(1, 2, 0) * 255)
        .byte()
        .numpy()
        for seed in range(number)
    )
    source, target = folder / 'dark.mp4', folder / 'enhanced.mp4'
    write_video(frames, source, 30)
    for variant in ('RUAS_S', 'RUAS_A'):
        options = dict(enhancer=variant, weights=weights, device='cpu')
        inferencer = LowLightInferencer(**options)
        seconds = _seconds(partial(inferencer.enhance_video, source, target))
        command = [sys.executable, '-m', 'ruas_mm', 'enhance', source]
        command += ['--out', target]
        for option, value in options.items():
            command += [f'--{option}', value]
        whole = _seconds(
            partial(subprocess.run, command, check=True, capture_output=True)
        )
        table.add_row(
            variant,
            f'{number} frames, {width}x{height}',
            f'{number / seconds:.1f}',
            f'{whole:.1f}',
        )
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, box=box.MARKDOWN)
    for column in columns:
        table.add_column(column, justify='right')
    return table


def random_weights(path: Path) -> Path:
    torch.manual_seed(0)
    save_enhancer(LowLightEnhancer('RUAS_A'), path)
    return path


def describe(args: argparse.Namespace) -> Dict[str, str]:
    """Command, machine and terms, as ``docs/measured`` says them."""
    command = 'python tools/benchmarks/measure_enhancement.py'
    weights = 'random weights, seed 0'
    if args.weights:
        command += f' --weights {args.weights.name}'
        weights = args.weights.name
    if args.runs != 7:
        command += f' --runs {args.runs}'
    machine = torch.backends.cpu.get_cpu_capability().replace('AVX', 'AVX-')
    return dict(
        data=f'a made picture or video; {weights}',
        seed='0',
        machine=(
            f'torch {torch.__version__}, ONNX Runtime '
            f'{onnxruntime.__version__}, {torch.get_num_threads()} threads, '
            f'x86_64, {machine}; medians of {args.runs} rounds in which the '
            'forms take turns; memory: by how much a fresh process grows at '
            'its peak'
        ),
        command=command,
    )


def write_measured(path: Path, table: Table, terms: Dict[str, str]) -> None:
    """One table as data, for ``tools/misc/write_tables.py``."""
    cells = [list(column.cells) for column in table.columns]
    content = dict(
        title=table.title,
        **terms,
        columns=[column.header for column in table.columns],
        rows=[list(row) for row in zip(*cells)],
    )
    text = yaml.safe_dump(
        content, sort_keys=False, default_flow_style=None, width=1000
    )
    with atomic_write(path) as temporary:
        temporary.write_text(text)


def parse_args(
    arguments: Optional[Sequence[str]] = None,
) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--weights', type=Path, help='converted checkpoint')
    parser.add_argument('--runs', type=int, default=7, help='%(default)s')
    parser.add_argument(
        '--write', type=Path, help='folder for the figures: docs/measured'
    )
    return parser.parse_args(arguments)


def main(
    args: argparse.Namespace,
    sizes: Sequence[Tuple[int, int]] = SIZES,
    video: Tuple[int, int, int] = VIDEO,
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        weights = args.weights or random_weights(folder / 'a.safetensors')
        tables = [
            measure_forms(weights, folder, sizes, args.runs),
            measure_video(weights, folder, video),
        ]
    terms = describe(args)
    console = Console(width=120)
    console.print(*terms.values(), *tables, sep='\n', soft_wrap=True)
    if args.write:
        for name, table in zip(FILES, tables):
            write_measured(args.write / f'{name}.yml', table, terms)


if __name__ == '__main__':
    try:
        main(parse_args())
    except (ValueError, OSError) as error:
        sys.exit(str(error))

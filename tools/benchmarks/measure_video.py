"""How steady an enhanced video is where nothing happens.

    python tools/benchmarks/measure_video.py [--frames FOLDER --fps 25]

Made scenes, in the dark and noisy: how much a band in the middle changes from
one frame to the next while nothing happens, a lamp is switched, somebody
passes, the light fades, or another scene comes. --frames names a folder of
real frames, whose mean over the picture is followed. Levels of 255; "alone" is
each frame enhanced as a picture, "video" as part of one. Nothing is encoded.
"""

import argparse
from functools import partial
from pathlib import Path
from typing import Callable, Dict, Iterable, Iterator, List, Sequence

import numpy as np
from measure_light import enhance
from rich.console import Console
from rich.table import Table

from ruas_mm.datasets.enhancement.paired_images import list_images
from ruas_mm.files.picture_file import read_picture
from ruas_mm.models import VARIANTS, VideoMemory, load_enhancer

HEIGHT, WIDTH = 240, 320
BAND = np.s_[90:150]  # what happens, happens above and below
Level = Callable[[np.ndarray], float]
Frames = Callable[[], Iterable[np.ndarray]]


def background(state: np.random.RandomState) -> np.ndarray:
    """A dark wall with patches, mean 12."""
    ramp = np.linspace(6, 12, WIDTH)[None, :, None]
    frame = np.tile(ramp * [1, 0.9, 0.8], (HEIGHT, 1, 1))
    for _ in range(14):
        top, left = state.randint(HEIGHT - 60), state.randint(WIDTH - 60)
        height, width = state.randint(20, 60, 2)
        frame[top : top + height, left : left + width] += state.uniform(
            0, 18, 3
        )
    return frame


def made_scenes(num_frames: int) -> Dict[str, Frames]:
    """Each with noise of its own."""
    base = background(np.random.RandomState(0))
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    lit = base.copy()
    lit[20:80, 240:300] = 250
    bright = np.clip(base * 8 + 40, 0, 255)

    def ball(part: float) -> np.ndarray:
        inside = (x - part * (WIDTH + 80) + 40) ** 2 + (y - 190) ** 2 < 28**2
        return np.where(inside[..., None], 255, base)

    scenes = {
        'nothing': lambda part: base,
        'lamp': lambda part: lit if int(part * 8) % 2 else base,
        'passing': ball,
        'fade out': lambda part: base * (1 - part),
        'fade in': lambda part: base * part,
        'cuts': lambda part: bright if int(part * 4) % 2 else base,
    }
    return {
        name: partial(_noisy, scene, num_frames)
        for name, scene in scenes.items()
    }


def _noisy(
    scene: Callable[[float], np.ndarray], num_frames: int
) -> Iterator[np.ndarray]:
    state = np.random.RandomState(1)
    for part in np.linspace(0, 1, num_frames):
        frame = scene(part)
        frame = frame + 2 * state.randn(*frame.shape)
        yield frame.round().clip(0, 255).astype(np.uint8)


def real_frames(folder: Path) -> Iterator[np.ndarray]:
    for path in list_images(folder):
        yield read_picture(path).rgb


def levels(frames: Iterable[np.ndarray], level: Level) -> List[str]:
    """Lowest and highest level, mean and largest change."""
    found = np.array([level(frame) for frame in frames])
    change = abs(np.diff(found))
    return [
        f'{found.min():.0f} to {found.max():.0f}',
        f'{change.mean():.2f} / {change.max():.2f}',
    ]


def main(
    variants: Sequence[str], folders: Sequence[Path], fps: float, count: int
) -> None:
    table = Table(title='level from .. to, change a frame: mean / largest')
    for column in ('variant', 'scene', 'in', '', 'alone', '', 'video', ''):
        table.add_column(column, justify='right')
    rows = {
        name: (frames, lambda frame: frame[BAND].mean())
        for name, frames in made_scenes(count).items()
    }
    for folder in folders:
        rows[folder.name] = partial(real_frames, folder), np.mean
    for variant in variants:
        enhancer = load_enhancer(variant)
        for name, (frames, level) in rows.items():
            alone = (enhance(enhancer, rgb) for rgb in frames())
            memory = VideoMemory(fps)
            video = (enhance(enhancer, rgb, memory=memory) for rgb in frames())
            each = (frames(), alone, video)
            cells = [cell for one in each for cell in levels(one, level)]
            table.add_row(variant, name, *cells)
    Console(width=118).print(table)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--variants', nargs='+', default=list(VARIANTS))
    parser.add_argument('--frames', nargs='+', type=Path, default=[])
    parser.add_argument('--fps', type=float, default=25.0)
    parser.add_argument('--count', type=int, default=40, help='frames made')
    args = parser.parse_args()
    main(args.variants, args.frames, args.fps, args.count)

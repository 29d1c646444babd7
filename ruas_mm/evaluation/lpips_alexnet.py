"""LPIPS with AlexNet, without ever going to the network.

Paper: The Unreasonable Effectiveness of Deep Features as a Perceptual Metric.
https://arxiv.org/abs/1801.03924
"""

import logging
import pickle
import warnings
from pathlib import Path
from typing import Optional, Union

import numpy as np
import torch
import torch.nn as nn
from mmengine.logging import print_log

from ruas_mm.compatibility import is_installed

WEIGHTS = 'alexnet-owt-7be5be79.pth'


def build_lpips(weights: Optional[str] = None) -> Optional[nn.Module]:
    """LPIPS, version 0.1, on AlexNet; takes RGB in [-1, 1].

    The linear heads come with the package ``lpips``, the ImageNet weights of
    AlexNet are torchvision's file.

    Args:
        weights: That file. If it is None or not there, it is looked for in
            ``torch.hub.get_dir()/checkpoints``.

    Returns:
        The network, or None after a warning that says what to get and where
        to put it.

    Raises:
        ValueError: The file is none of AlexNet's weights.
    """
    if not is_installed('lpips'):
        _warn('LPIPS is left out: mend it with "pip install lpips"')
        return None
    places = [Path(torch.hub.get_dir(), 'checkpoints', WEIGHTS)]
    if weights:
        places.insert(0, Path(weights))
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        _warn(
            f"LPIPS is left out: it needs torchvision's AlexNet, {WEIGHTS}, "
            'which is not in '
            + ' or '.join(str(place) for place in places)
            + f'. Get https://download.pytorch.org/models/{WEIGHTS} (233 MB) '
            f'and put it at {places[-1]}, or name it as lpips_weights'
        )
        return None
    import lpips

    with warnings.catch_warnings():  # its calls of torchvision are outdated
        warnings.simplefilter('ignore')
        network = lpips.LPIPS(net='alex', pnet_rand=True, verbose=False)
    _load_alexnet(network.net, path)
    return network.requires_grad_(False)


@torch.no_grad()
def perceptual_distance(
    lpips: nn.Module,
    output: np.ndarray,
    truth: np.ndarray,
    device: Union[str, torch.device] = 'cpu',
) -> float:
    """LPIPS of two pictures.

    Args:
        lpips: Of :func:`build_lpips`.
        output: RGB, (H, W, 3), uint8.
        truth: The same.
        device: Where it is computed.
    """
    pictures = [
        torch.from_numpy(picture.transpose(2, 0, 1).astype(np.float32))
        .div(127.5)
        .sub(1)[None]
        .to(device)
        for picture in (output, truth)
    ]
    return float(lpips.to(device)(*pictures))


def _load_alexnet(slices: nn.Module, path: Path) -> None:
    """Load AlexNet's convolutions: ``slice2.3.weight`` is ``features.3``."""
    try:
        state = torch.load(path, map_location='cpu', weights_only=True)
        slices.load_state_dict(
            {
                name: state['features.' + name.split('.', 1)[1]]
                for name in slices.state_dict()
            }
        )
    except (
        pickle.UnpicklingError,
        EOFError,
        KeyError,
        RuntimeError,
        TypeError,
    ) as error:
        raise ValueError(
            f"lpips_weights={path}: not torchvision's {WEIGHTS} ({error})"
        ) from None


def _warn(message: str) -> None:
    print_log(message, logger='current', level=logging.WARNING)

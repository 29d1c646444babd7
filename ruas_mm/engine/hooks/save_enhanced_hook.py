"""Save what the enhancer makes of the test pictures."""

import os.path as osp
from pathlib import Path
from typing import Dict, Optional, Sequence

import cv2
import mmcv
import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement
from torch import Tensor

from ruas_mm.files.atomic_write import atomic_write
from ruas_mm.registry import HOOKS
from ruas_mm.visualization import draw_scene_panels

from .picture_names import output_names, picture_files


@HOOKS.register_module()
class SaveEnhancedHook(Hook):
    """Save each test output as an 8-bit PNG under the picture's name.

    Subfolders of the data set stay; where two names differ in their extension
    alone, both keep it (``a.jpg.png``).

    Args:
        out_dir: Folder for the pictures; files in it are written over.
        side_by_side: Whether to save dark | enhanced | reference (where there
            is one) in the place of the enhanced picture alone. Where the
            pipeline has changed the size, dark is what it made of the file.

    Raises:
        ValueError: A picture would be written over itself.
        OSError: A picture cannot be written.
    """

    def __init__(self, out_dir: str, side_by_side: bool = False) -> None:
        self.out_dir = Path(out_dir)
        self.side_by_side = side_by_side
        self._names: Dict[str, Path] = {}

    def before_test(self, runner: Runner) -> None:
        """Find a name for each picture."""
        self._names = output_names(picture_files(runner.test_dataloader))
        for source, name in self._names.items():
            self._check_target(source, name)

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Optional[dict] = None,
        outputs: Optional[Sequence[BaseDataElement]] = None,
    ) -> None:
        """Save the pictures of one batch."""
        inputs = (data_batch or {}).get('inputs') or [None] * len(outputs)
        for sample, loaded in zip(outputs, inputs):
            picture = _to_picture(sample.enhanced.float().clamp(0, 1) * 255)
            if self.side_by_side:
                picture = _put_side_by_side(picture, sample, loaded)
            path = self.out_dir / self._name(sample)
            with atomic_write(path) as temporary:
                if not cv2.imwrite(str(temporary), picture[..., ::-1]):
                    raise OSError(f'{path} cannot be written')

    def _check_target(self, source: str, name: Path) -> None:
        if osp.realpath(self.out_dir / name) == osp.realpath(source):
            raise ValueError(
                f'out_dir={self.out_dir}: {source} would be written over, '
                'allowed: another folder than that of the pictures'
            )

    def _name(self, sample: BaseDataElement) -> Path:
        source = str(sample.img_path)
        if source not in self._names:  # the data set did not tell it
            (name,) = output_names([source]).values()
            if name in self._names.values():
                name = Path(f'{len(self._names)}_{name}')
            self._check_target(source, name)
            self._names[source] = name
        return self._names[source]

    def after_test(self, runner: Runner) -> None:
        """Say where the pictures are."""
        runner.logger.info(
            f'{len(self._names)} enhanced pictures are in {self.out_dir}'
        )


def _put_side_by_side(
    enhanced: np.ndarray, sample: BaseDataElement, loaded: Optional[Tensor]
) -> np.ndarray:
    dark = mmcv.imread(sample.img_path, channel_order='rgb')
    if dark.shape != enhanced.shape and loaded is not None:
        dark = _loaded_picture(loaded)  # the pipeline has changed its size
    panels = dict(dark=dark, enhanced=enhanced)
    if 'gt' in sample:
        panels['reference'] = _to_picture(sample.gt)
    return draw_scene_panels(panels)


def _loaded_picture(loaded: Tensor) -> np.ndarray:
    """What the loader gave: (3, H, W), BGR, uint8 or 16 bits in int32."""
    levels = 1 if loaded.dtype == torch.uint8 else 257
    return _to_picture(loaded.flip(0) / levels)


def _to_picture(tensor) -> np.ndarray:
    """(3, H, W) tensor, 0 to 255, to a (H, W, 3) uint8 array."""
    return tensor.round().byte().permute(1, 2, 0).cpu().numpy()

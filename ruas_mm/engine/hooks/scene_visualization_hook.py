"""See what the network saw, while testing."""

import os.path as osp
import tempfile
from pathlib import Path
from typing import Dict, Optional, Sequence

import cv2
import mmcv
import numpy as np
from mmengine.hooks import Hook
from mmengine.model import BaseTTAModel
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement
from mmengine.visualization import Visualizer

from ruas_mm.arguments import check_at_least
from ruas_mm.files.atomic_write import atomic_write
from ruas_mm.models.unwrap import unwrap_model
from ruas_mm.registry import HOOKS
from ruas_mm.visualization import (
    as_uint8,
    boxes_inside,
    colour_illumination,
    draw_scene_panels,
    scene_picture,
    shows_crop,
)

from .picture_names import flat_names, picture_files


@HOOKS.register_module()
class SceneVisualizationHook(Hook):
    """Save dark | enhanced | illumination | result of test images.

    Takes the place of the host's visualisation hook in ``default_hooks``, so
    ``--show-dir`` and ``--show`` of the hosts' test tools work. The result is
    drawn by the host's own visualiser, on the enhanced picture. Enhanced
    picture and illumination are those which the network saw, resized to the
    size of the image file, without padding and flips; with test-time
    augmentation those of the view whose data sample the host merges into.
    Crops keep their proportions, and their captions say so.

    A picture is named after its folder and file, ``Bus_2015_02154.png``, and
    after as many folders as it takes to tell all pictures of the test apart.

    Args:
        draw: Whether to draw at all.
        interval: Draw every ``interval``-th image.
        score_thr: Lowest score of a detection that is drawn.
        show: Whether to show each panel in a window.
        wait_time: Seconds that a window stays; 0 waits for a key.
        test_out_dir: Folder for the pictures, inside the run's time-stamped
            folder, as in mmdet. None: ``scene_panels`` there, or in the
            ``save_dir`` of the config's visualiser, as mmseg's tool says it.
        enable: The same as ``draw``, as mmpretrain's tool says it.
        out_dir: Folder for the pictures as it stands, as in mmpretrain.
    """

    def __init__(
        self,
        draw: bool = False,
        interval: int = 1,
        score_thr: float = 0.3,
        show: bool = False,
        wait_time: float = 0.0,
        test_out_dir: Optional[str] = None,
        enable: bool = False,
        out_dir: Optional[str] = None,
    ) -> None:
        check_at_least('interval', interval, 1)
        self.draw = draw or enable
        self.interval = interval
        self.score_thr = score_thr
        self.show = show
        self.wait_time = wait_time
        self.test_out_dir = test_out_dir
        self.out_dir = out_dir
        self._num_seen = 0
        self._names: Dict[str, str] = {}
        self._told_of_flips = False
        self._merges_views = False

    def before_test(self, runner: Runner) -> None:
        """Ask the preprocessor to hand its pictures on, and name them.

        Raises:
            ValueError: The model has another preprocessor.
        """
        if not self.draw:
            return
        model = unwrap_model(runner.model)
        if not hasattr(model.data_preprocessor, 'attach_scene'):
            raise ValueError(
                'SceneVisualizationHook needs ruas_mm.SceneDataPreprocessor '
                'as data_preprocessor, got '
                f'{type(model.data_preprocessor).__name__}'
            )
        model.data_preprocessor.attach_scene = True
        self._num_seen = 0
        self._merges_views = any(
            isinstance(module, BaseTTAModel)
            for module in runner.model.modules()
        )
        self._names = flat_names(picture_files(runner.test_dataloader))

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Optional[dict] = None,
        outputs: Optional[Sequence[BaseDataElement]] = None,
    ) -> None:
        """Draw the images of one batch."""
        if not self.draw:
            return
        folder = self._folder(runner)
        for sample in outputs:
            self._num_seen += 1
            if self._num_seen % self.interval:
                continue
            self._tell_of_flips(runner, sample)
            name = self._name(sample)
            panels = draw_scene_panels(self._panels(runner.visualizer, sample))
            if self.show:
                runner.visualizer.show(
                    panels, win_name=name, wait_time=self.wait_time
                )
            with atomic_write(folder / f'{name}.png') as temporary:
                mmcv.imwrite(mmcv.rgb2bgr(panels), str(temporary))

    def after_test(self, runner: Runner) -> None:
        """Say where the pictures are."""
        if self.draw:
            runner.logger.info(
                f'{self._num_seen // self.interval} pictures (dark | enhanced '
                f'| illumination | result) are in {self._folder(runner)}'
            )

    def _folder(self, runner: Runner) -> Path:
        if self.out_dir is not None:
            return Path(self.out_dir)
        run = Path(runner.work_dir, runner.timestamp)
        if self.test_out_dir is not None:
            return run / self.test_out_dir
        visualizer = runner.cfg.get('visualizer') or {}
        return Path(visualizer.get('save_dir') or run, 'scene_panels')

    def _name(self, sample: BaseDataElement) -> str:
        if sample.get('img_path') is None:
            raise ValueError(
                'a data sample has no img_path, whose picture is to be drawn; '
                "allowed: pictures read from files, and 'img_path' in the "
                'meta_keys of the pipeline that packs them'
            )
        path = str(sample.img_path)
        return self._names.get(path) or flat_names([path])[path]

    def _tell_of_flips(self, runner: Runner, sample: BaseDataElement) -> None:
        """mmdet leaves boxes mirrored, unless it merges views."""
        merges = self._merges_views
        mirrored = sample.get('flip') and 'pred_instances' in sample
        if mirrored and not merges and not self._told_of_flips:
            self._told_of_flips = True
            runner.logger.warning(
                f'{sample.img_path} was flipped by the test pipeline: the '
                'host leaves its boxes mirrored, and they are drawn so. '
                'Test-time augmentation turns them back'
            )

    def _panels(self, visualizer: Visualizer, sample: BaseDataElement) -> dict:
        dark = mmcv.imread(sample.img_path, channel_order='rgb')
        size = dark.shape[:2]
        note = ' (crop)' if shows_crop(sample) else ''
        enhanced = as_uint8(scene_picture(sample, 'enhanced', size))
        panels = {'dark': dark, f'enhanced{note}': enhanced}
        if 'illumination' in sample.scene:
            panels[f'illumination{note}'] = colour_illumination(
                scene_picture(sample, 'illumination', size)
            )
        result = self._draw_result(visualizer, enhanced, sample)
        return {**panels, _caption(sample): result}

    def _draw_result(
        self,
        visualizer: Visualizer,
        picture: np.ndarray,
        sample: BaseDataElement,
    ) -> np.ndarray:
        """Let the host draw; every host can write to a file."""
        with tempfile.TemporaryDirectory() as folder:
            path = osp.join(folder, 'result.png')
            arguments = dict(
                image=picture,
                data_sample=boxes_inside(sample, *picture.shape[:2]),
                draw_gt=False,
                show=False,
                out_file=path,
            )
            if hasattr(visualizer, 'visualize_cls'):  # mmpretrain
                visualizer.visualize_cls(**arguments)
            elif 'pred_sem_seg' in sample:
                visualizer.add_datasample('result', **arguments)
            else:
                visualizer.add_datasample(
                    'result', pred_score_thr=self.score_thr, **arguments
                )
            return cv2.imread(path)[..., ::-1]


def _caption(sample: BaseDataElement) -> str:
    """What the host has found: for people who compare panels."""
    if 'pred_sem_seg' in sample:
        return 'labels'
    if 'pred_label' in sample:
        return 'class'
    return 'detections'

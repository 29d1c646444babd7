"""Adverse Conditions Dataset with Correspondences (ACDC): streets at night.

Source: https://acdc.vision.ee.ethz.ch (registration; its licence is there,
for research). Paper: https://arxiv.org/abs/2104.13395
"""

import os
import os.path as osp
from typing import List, Optional, Sequence, Union

from mmseg.datasets import CityscapesDataset

from ruas_mm.arguments import check_choice, check_names
from ruas_mm.datasets.image_files import DataNotFoundError
from ruas_mm.datasets.segmentation.checked_segmentation import (
    CheckedSegmentationDataset,
    LabelledImage,
    list_files,
)
from ruas_mm.registry import DATASETS

CONDITIONS = ('fog', 'night', 'rain', 'snow')
SUBSETS = ('train', 'val', 'test', 'train_ref', 'val_ref', 'test_ref')
LABELLED = ('train', 'val')

HOW_TO_GET = """
ACDC was not found: {missing}

Get rgb_anon_trainvaltest.zip and gt_trainval.zip from
https://acdc.vision.ee.ethz.ch
  {root}/rgb_anon/<condition>/<subset>/<sequence>/<frame>_rgb_anon.png
  {root}/gt/<condition>/<subset>/<sequence>/<frame>_gt_labelTrainIds.png
or name another place: export ACDC_ROOT=/path/to/ACDC"""


@DATASETS.register_module()
class ACDCDataset(CheckedSegmentationDataset):
    """ACDC as downloaded, with the 19 classes of Cityscapes.

    ::

        data/ACDC/
            rgb_anon/<condition>/<subset>/<sequence>/
                <frame>_rgb_anon.png            1920x1080
                <frame>_rgb_ref_anon.png        in train_ref, val_ref, test_ref
            gt/<condition>/<subset>/<sequence>/
                <frame>_gt_labelTrainIds.png    in train, val; 255: ignored

    ========== ====== ==== ===== ==============================
    condition  train  val  test  used by
    ========== ====== ==== ===== ==============================
    night      400    106  500   RUAS (Table 11: train and val)
    fog        400    100  500
    rain       400    100  500
    snow       400    100  500
    ========== ====== ==== ===== ==============================

    ``*_ref`` has, frame by frame, the same places in clear daylight. Their
    labels (``<frame>_gt_ref_labelTrainIds.png``, released later) are taken
    where their folder is there. ``test`` has none: test with
    ``format_only=True, output_dir=...`` of the metric, which gives a file for
    each frame, called like the image, with train ids, as the benchmark's
    server takes it.

    Args:
        data_root: Folder of the two parts.
        data_prefix: ``img_path``: folder of the images, ``seg_map_path``:
            folder of the labels.
        conditions: One or several of :data:`CONDITIONS`, or None for all.
        subset: One of :data:`SUBSETS`.
        **kwargs: Of :class:`CheckedSegmentationDataset` (``read_images``) and
            mmseg's ``BaseSegDataset``.

    Raises:
        DataNotFoundError: A folder is missing.
        ValueError: Unknown condition or subset; a missing or broken image or
            label. The message names the file.
    """

    METAINFO = dict(dataset_name='ACDC', **CityscapesDataset.METAINFO)

    def __init__(
        self,
        data_root: str = 'data/ACDC',
        data_prefix: Optional[dict] = None,
        conditions: Union[str, Sequence[str], None] = 'night',
        subset: str = 'train',
        **kwargs,
    ) -> None:
        check_choice('subset', subset, SUBSETS)
        conditions = CONDITIONS if conditions is None else conditions
        self.conditions = check_names('conditions', conditions, CONDITIONS)
        super().__init__(
            subset=subset,
            data_root=data_root,
            data_prefix={
                'img_path': 'rgb_anon',
                'seg_map_path': 'gt',
                **(data_prefix or {}),
            },
            **kwargs,
        )

    @property
    def split_name(self) -> str:
        """For example ``'fog+night/val'``."""
        return f'{"+".join(self.conditions)}/{self.subset}'

    def find_images(self) -> List[LabelledImage]:
        """See :meth:`CheckedSegmentationDataset.find_images`."""
        ref = '_ref' if self.subset.endswith('_ref') else ''
        found = [
            LabelledImage(
                osp.join(self.data_prefix['img_path'], sequence, name),
                self._label(sequence, name, ref),
            )
            for sequence in self._sequences()
            for name in list_files(
                osp.join(self.data_prefix['img_path'], sequence),
                f'_rgb{ref}_anon.png',
            )
        ]
        if not found:
            raise ValueError(
                f'{self.data_prefix["img_path"]} has no image of '
                f'{self.split_name}, allowed: <condition>/{self.subset}/'
                f'<sequence>/<frame>_rgb{ref}_anon.png'
            )
        return found

    def _sequences(self) -> List[str]:
        """``condition/subset/sequence`` of each, sorted."""
        sequences = []
        for condition in self.conditions:
            part = osp.join(condition, self.subset)
            folder = osp.join(self.data_prefix['img_path'], part)
            self._require(folder)
            if self.subset in LABELLED:
                self._require(osp.join(self.data_prefix['seg_map_path'], part))
            sequences += [
                osp.join(part, name)
                for name in sorted(os.listdir(folder))
                if osp.isdir(osp.join(folder, name))
            ]
        return sequences

    def _label(self, sequence: str, name: str, ref: str) -> Optional[str]:
        folder = osp.join(self.data_prefix['seg_map_path'], sequence)
        subset = osp.dirname(folder)
        if self.subset not in LABELLED and not (ref and osp.isdir(subset)):
            return None
        frame = name[: -len(f'_rgb{ref}_anon.png')]
        return osp.join(folder, f'{frame}_gt{ref}_labelTrainIds.png')

    def _require(self, folder: str) -> None:
        if not osp.isdir(folder):
            raise DataNotFoundError(
                HOW_TO_GET.format(missing=folder, root=self.data_root)
            )

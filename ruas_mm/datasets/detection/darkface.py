"""DARK FACE: faces in the street at night.

Source: https://flyywh.github.io/CVPRW2019LowLight/ (its terms of use are
there). Paper: https://arxiv.org/abs/1904.04474
"""

import os
import os.path as osp
from typing import List, Optional, Set

from ruas_mm.arguments import check_choice
from ruas_mm.datasets.detection.checked_detection import (
    CheckedDetectionDataset,
)
from ruas_mm.datasets.image_files import DataNotFoundError, FileIndex
from ruas_mm.files.darkface_files import read_label
from ruas_mm.registry import DATASETS

FOLDERS = dict(img=('image', 'images'), ann=('label',))
PARENTS = ('', 'DarkFace_Train_2021')
SUBSETS = ('train', 'test', 'all')

HOW_TO_GET = """
DARK FACE was not found: {missing}

Get the 6,000 labelled images from
https://flyywh.github.io/CVPRW2019LowLight/
  {root}/image/N.png   or images/, or in DarkFace_Train_2021/
  {root}/label/N.txt   likewise
or name another place: export DARKFACE_ROOT=/path/to/DARKFACE"""


@DATASETS.register_module()
class DarkFaceDataset(CheckedDetectionDataset):
    """DARK FACE as downloaded; the hidden 4,000 images are not used.

    ::

        data/DARKFACE/              or data/DARKFACE/DarkFace_Train_2021/
            image/N.png             6,000 images, or images/N.png
            label/N.txt             50,399 faces: their number, then a row
                                    x1 y1 x2 y2 for each

    ========= ================================ =======================
    split     subsets (images)                 used by
    ========= ================================ =======================
    paper     train 5,000, test 1,000, seeded  RUAS (its own draw is
                                               not published)
    hla       train 5,500, test 500, seeded    HLA-Face (likewise)
    ========= ================================ =======================

    Figures from different splits are not comparable; data samples carry
    ``split_name`` for tables. Images are in the order of their numbers.

    With ``test_mode`` faces are as in their files, not clipped and none left
    out: so the official tool has them.

    Args:
        data_root: Folder of the two parts.
        data_prefix: ``img``: folder of the images, ``ann``: folder of the
            labels. What is not given is looked for.
        split: ``'paper'`` or ``'hla'``.
        subset: ``'train'``, ``'test'`` or ``'all'`` (of however many images).
        **kwargs: Of :class:`CheckedDetectionDataset` (``split_seed``,
            ``read_images``) and mmdet's ``BaseDetDataset``.

    Raises:
        DataNotFoundError: A folder is missing.
        ValueError: Unknown split or subset, too few images for the split; a
            missing or broken label or image. The message names the file.
    """

    METAINFO = dict(
        dataset_name='DARK FACE', classes=('face',), palette=[(220, 20, 60)]
    )
    RANDOM_SPLITS = {'paper': (5000, 1000), 'hla': (5500, 500)}

    def __init__(
        self,
        data_root: str = 'data/DARKFACE',
        data_prefix: Optional[dict] = None,
        split: str = 'paper',
        subset: str = 'train',
        **kwargs,
    ) -> None:
        check_choice('split', split, tuple(self.RANDOM_SPLITS))
        check_choice('subset', subset, SUBSETS)
        super().__init__(
            split=split,
            subset=subset,
            data_root=data_root,
            data_prefix={**find_folders(data_root), **(data_prefix or {})},
            **kwargs,
        )

    def choose_rows(self) -> List[str]:
        """Numbers of the images, as in the names of either kind of file."""
        images = self._stems('img', '.png')
        strays = sorted(name for name in images if not name.isdecimal())
        if strays:
            raise ValueError(
                f'{len(strays)} images in {self.data_prefix["img"]} are named '
                f'{strays[:10]}, allowed: numbers'
            )
        labels = {n for n in self._stems('ann', '.txt') if n.isdecimal()}
        numbers = sorted(images | labels, key=lambda n: (int(n), n))
        if not numbers:
            raise ValueError(
                f'{self.data_prefix["img"]} holds no image, allowed: N.png'
            )
        for before, name in zip(numbers, numbers[1:]):
            if int(before) == int(name):
                raise ValueError(
                    f'{before} and {name} are both of number {int(name)}, '
                    f'allowed: a number once ({self.data_root})'
                )
        if self.subset == 'all':
            return numbers
        return self.random_subset(numbers, self.data_root)

    def read_row(
        self, row: str, images: FileIndex, annotations: FileIndex
    ) -> dict:
        """See :meth:`CheckedDetectionDataset.read_row`."""
        info = self.read_image(images, '', f'{row}.png')
        path = annotations.find('', f'{row}.txt')
        boxes = [('face', *corners) for corners in read_label(path)]
        if self.test_mode:
            instances = [
                dict(bbox=[*map(float, box)], bbox_label=0, ignore_flag=0)
                for _, *box in boxes
            ]
            return dict(info, img_id=int(row), instances=instances)
        return dict(
            info,
            img_id=int(row),
            instances=self.read_instances(path, boxes, info),
        )

    def _stems(self, key: str, suffix: str) -> Set[str]:
        """Names without suffix in a folder; hidden files are left out."""
        folder = self.data_prefix[key]
        if not osp.isdir(folder):
            raise DataNotFoundError(
                HOW_TO_GET.format(missing=folder, root=self.data_root)
            )
        parts = [osp.splitext(n) for n in os.listdir(folder) if n[0] != '.']
        return {stem for stem, end in parts if end.lower() == suffix}


def find_folders(root: str) -> dict:
    """Folders ``img`` and ``ann`` in ``root``; the first names if missing."""
    found = {}
    for key, names in FOLDERS.items():
        places = [osp.join(parent, n) for parent in PARENTS for n in names]
        there = [p for p in places if osp.isdir(osp.join(root, p))]
        found[key] = (there or places)[0]
    return found

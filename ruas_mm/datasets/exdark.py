"""Exclusively Dark (ExDark): objects in twelve classes, ten kinds of light.

Source: https://github.com/cs-chan/Exclusively-Dark-Image-Dataset (BSD-3; for
commercial use ask the authors). Paper: https://arxiv.org/abs/1805.11227
"""

import logging
import os.path as osp
from typing import List, Optional, Sequence, Union

import numpy as np
from mmdet.datasets import BaseDetDataset
from mmengine.logging import print_log

from ruas_mm.datasets.exdark_files import (
    CLASSES,
    LIGHTS,
    OFFICIAL_SUBSETS,
    PLACES,
    ListedImage,
    read_annotation,
    read_image_list,
)
from ruas_mm.datasets.image_files import (
    DataNotFoundError,
    FileIndex,
    check_image_complete,
    read_image_size,
)
from ruas_mm.registry import DATASETS

RANDOM_SPLITS = {'paper': (5200, 1200), '80-20': (5896, 1467)}
"""Split name -> number of training and test images."""

HOW_TO_GET = """
ExDark was not found: {missing}

Get it from https://github.com/cs-chan/Exclusively-Dark-Image-Dataset
  ExDark.zip       (Dataset)      -> {root}/ExDark/<Class>/*.jpg
  ExDark_Anno.zip  (Groundtruth)  -> {root}/ExDark_Annno/<Class>/*.txt
  imageclasslist.txt (Groundtruth) -> {root}/imageclasslist.txt
or name another place: export EXDARK_ROOT=/path/to/ExDark

To try without it, on a small set made from a library's photographs:
  make demo"""


@DATASETS.register_module()
class ExDarkDataset(BaseDetDataset):
    """ExDark as downloaded.

    ::

        data/ExDark/
            ExDark/<Class>/<name>                  7,363 images
            ExDark_Annno/<Class>/<name>.txt        23,710 boxes
            imageclasslist.txt                     class, light, place, split

    ========= ====================================== ======================
    split     subsets (images)                       used by
    ========= ====================================== ======================
    official  train 3,000, val 1,800, test 2,563,    YOLA (train and test)
              trainval 4,800
    paper     train 5,200, test 1,200, seeded        RUAS (its own draw is
                                                     not published)
    80-20     train 5,896, test 1,467, seeded        MAET, IAT, PE-YOLO
                                                     (likewise)
    ========= ====================================== ======================

    Figures from different splits are not comparable; ``metainfo`` carries
    ``split_name`` for :class:`~ruas_mm.evaluation.ExDarkMetric` to print.

    Boxes are clipped to the image; a box with nothing inside is left out with
    a warning. Image files are found whatever the case of their extension
    (one annotation differs from the list in that).

    Args:
        data_root: Folder of the three parts.
        ann_file: The image list, relative to ``data_root``.
        data_prefix: ``img``: folder of the images, ``ann``: folder of the
            annotations.
        split: ``'official'``, ``'paper'`` or ``'80-20'``.
        subset: ``'train'``, ``'val'``, ``'test'``, ``'trainval'`` (official
            only) or ``'all'``.
        lights: Keep only these kinds of light (:data:`LIGHTS`).
        places: Keep only these places (:data:`PLACES`).
        split_seed: Seed of the random splits. 0: ours, for comparable runs.
        read_images: Whether to open each image's header now, for its size and
            to report a missing or broken file before training starts, and to
            refuse a truncated file when it is loaded. Without it boxes are
            clipped at 0 only, and OpenCV fills what is missing with grey.
        **kwargs: Of ``mmdet.datasets.BaseDetDataset``. In ``filter_cfg``,
            ``filter_empty_gt`` and ``min_size`` work as in mmdet.

    Raises:
        ValueError: Unknown split, subset, light or place; a missing or broken
            list, annotation or image; an unknown class. The message names the
            file.
    """

    METAINFO = dict(
        dataset_name='ExDark',
        classes=CLASSES,
        palette=[
            (220, 20, 60),
            (0, 130, 200),
            (60, 180, 75),
            (255, 165, 0),
            (70, 240, 240),
            (240, 50, 230),
            (210, 245, 60),
            (250, 190, 212),
            (0, 128, 128),
            (220, 190, 255),
            (255, 225, 25),
            (170, 110, 40),
        ],
    )

    def __init__(
        self,
        data_root: str = 'data/ExDark',
        ann_file: str = 'imageclasslist.txt',
        data_prefix: Optional[dict] = None,
        split: str = 'official',
        subset: str = 'train',
        lights: Union[str, Sequence[str], None] = None,
        places: Union[str, Sequence[str], None] = None,
        split_seed: int = 0,
        read_images: bool = True,
        **kwargs,
    ) -> None:
        allowed = {
            'official': (*OFFICIAL_SUBSETS, 'trainval', 'all'),
            **dict.fromkeys(RANDOM_SPLITS, ('train', 'test', 'all')),
        }
        if split not in allowed:
            raise ValueError(f'split={split!r}, allowed: {list(allowed)}')
        if subset not in allowed[split]:
            raise ValueError(
                f'subset={subset!r}, allowed for split={split!r}:'
                f' {allowed[split]}'
            )
        self.split = split
        self.subset = subset
        self.lights = _check_names('lights', lights, LIGHTS)
        self.places = _check_names('places', places, PLACES)
        self.split_seed = split_seed
        self.read_images = read_images
        super().__init__(
            data_root=data_root,
            ann_file=ann_file,
            data_prefix={
                'img': 'ExDark',
                'ann': 'ExDark_Annno',
                **(data_prefix or {}),
            },
            **kwargs,
        )

    @property
    def metainfo(self) -> dict:
        """mmdet's meta information and ``split_name``."""
        return {**super().metainfo, 'split_name': self.split_name}

    @property
    def split_name(self) -> str:
        """For example ``'official/test, light Low, 241 images'``."""
        filters = [
            f'{name} {"+".join(kept)}'
            for name, kept, everything in (
                ('light', self.lights, LIGHTS),
                ('place', self.places, PLACES),
            )
            if kept != everything
        ]
        seed = [f'seed {self.split_seed}'] if self.split != 'official' else []
        return ', '.join(
            [
                f'{self.split}/{self.subset}',
                *seed,
                *filters,
                f'{len(self)} images',
            ]
        )

    def load_data_list(self) -> List[dict]:
        """Read list, annotations and image headers of the chosen subset."""
        for place in (self.data_root, self.ann_file):
            if not osp.exists(place):
                raise DataNotFoundError(
                    HOW_TO_GET.format(missing=place, root=self.data_root)
                )
        rows = [
            row
            for row in self._choose(read_image_list(self.ann_file))
            if row.light in self.lights and row.place in self.places
        ]
        if not rows:
            raise ValueError(
                f'{self.ann_file} lists no image of subset '
                f'{self.subset!r} with lights={self.lights} and '
                f'places={self.places}'
            )
        annotations = FileIndex(self.data_prefix['ann'])
        images = FileIndex(self.data_prefix['img'])
        data_list, problems = [], []
        for row in rows:
            try:
                data_list.append(
                    self._read_image_info(
                        row, images, annotations, len(data_list)
                    )
                )
            except ValueError as error:
                problems.append(str(error))
        if problems:
            raise ValueError(
                f'{len(problems)} of {len(rows)} images of ExDark '
                f'{self.split}/{self.subset} cannot be used:\n  '
                + '\n  '.join(problems[:10])
                + ('\n  ...' if len(problems) > 10 else '')
            )
        return data_list

    def filter_data(self) -> List[dict]:
        """Apply ``filter_cfg`` while training, as mmdet's data sets do."""
        if self.test_mode or self.filter_cfg is None:
            return self.data_list
        empty_too = not self.filter_cfg.get('filter_empty_gt', False)
        min_size = self.filter_cfg.get('min_size', 0)
        kept = [
            info
            for info in self.data_list
            if (empty_too or info['instances'])
            and (
                'width' not in info
                or min(info['width'], info['height']) >= min_size
            )
        ]
        if not kept:
            raise ValueError(
                f'filter_cfg={dict(self.filter_cfg)} leaves none of the '
                f'{len(self.data_list)} images of ExDark '
                f'{self.split}/{self.subset}'
            )
        return kept

    def prepare_data(self, idx: int) -> dict:
        """Load one image; a truncated file is an error, not grey pixels."""
        if self.read_images:
            check_image_complete(self.get_data_info(idx)['img_path'])
        return super().prepare_data(idx)

    def _choose(self, rows: List[ListedImage]) -> List[ListedImage]:
        if self.subset == 'all':
            return rows
        if self.split == 'official':
            kept = (
                OFFICIAL_SUBSETS[:2]
                if self.subset == 'trainval'
                else (self.subset,)
            )
            return [row for row in rows if row.subset in kept]
        num_train, num_test = RANDOM_SPLITS[self.split]
        if len(rows) < num_train + num_test:
            raise ValueError(
                f'split={self.split!r} draws {num_train + num_test} images, '
                f'but {self.ann_file} lists {len(rows)}; allowed: the '
                'official list of 7,363'
            )
        # the legacy generator: its stream is frozen over numpy versions
        order = np.random.RandomState(self.split_seed).permutation(len(rows))
        part = (
            order[:num_train]
            if self.subset == 'train'
            else order[num_train : num_train + num_test]
        )
        return [rows[i] for i in sorted(part)]

    def _read_image_info(
        self,
        row: ListedImage,
        images: FileIndex,
        annotations: FileIndex,
        img_id: int,
    ) -> dict:
        info = dict(
            img_id=img_id, light=row.light, place=row.place, instances=[]
        )
        width = height = np.inf
        if self.read_images:
            info['img_path'] = images.find(row.folder, row.name)
            width, height = read_image_size(info['img_path'])
            info.update(width=width, height=height)
        else:
            info['img_path'] = osp.join(images.root, row.folder, row.name)
        path = annotations.find(row.folder, f'{row.name}.txt')
        for label, left, top, w, h in read_annotation(path):
            box = [
                max(left, 0),
                max(top, 0),
                min(left + w, width),
                min(top + h, height),
            ]  # yapf: skip
            if box[2] <= box[0] or box[3] <= box[1]:
                print_log(
                    f'{path}: box {left} {top} {w} {h} lies outside the '
                    'image and is left out',
                    logger='current',
                    level=logging.WARNING,
                )
                continue
            info['instances'].append(
                dict(
                    bbox=[float(side) for side in box],
                    bbox_label=label,
                    ignore_flag=0,
                )
            )
        return info


def _check_names(
    argument: str, names: Union[str, Sequence[str], None], allowed: tuple
) -> tuple:
    if names is None:
        return allowed
    names = (names,) if isinstance(names, str) else tuple(names)
    unknown = [name for name in names if name not in allowed]
    if unknown or not names:
        raise ValueError(f'{argument}={names}, allowed: {allowed}')
    return names

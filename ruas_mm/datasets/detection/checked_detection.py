"""What the detection data sets have in common: their files are checked."""

import logging
import os.path as osp
from typing import Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

import numpy as np
from mmdet.datasets import BaseDetDataset
from mmengine.logging import print_log

from ruas_mm.datasets.class_choice import choose_classes
from ruas_mm.datasets.image_files import (
    FileIndex,
    check_image_complete,
    read_image_size,
    refuse_images,
)


class CheckedDetectionDataset(BaseDetDataset):
    """A data set read from its files as published, with random splits.

    Images that cannot be used are an error naming up to ten of them, before
    training starts. Boxes are clipped to the image; a box with nothing inside
    is left out with a warning.

    ``metainfo=dict(classes=(...))`` chooses classes by name and numbers them
    in that order; as in mmdet's ``CocoDataset`` objects of other classes are
    left out, images without objects stay (unless ``filter_empty_gt``). Each
    class keeps its colour where no ``palette`` is given.

    Each data sample that the pipeline packs carries ``split_name`` as meta
    information, for tables. It is not in ``metainfo``, of which MMEngine's
    ``ConcatDataset`` asks that it be equal in all parts.

    Subclasses say which images these are (:meth:`choose_rows`) and read one
    (:meth:`read_row`); ``data_prefix`` has the folders ``img`` and ``ann``.

    Args:
        split: Name of the split.
        subset: Name of its part.
        split_seed: Seed of the random splits. 0: ours, for comparable runs.
        read_images: Whether to open each image's header now, for its size and
            to report a missing or broken file before training starts, and to
            refuse a truncated file when it is loaded. Without it boxes are
            clipped at 0 only, and OpenCV fills what is missing with grey.
        **kwargs: Of ``mmdet.datasets.BaseDetDataset``. In ``filter_cfg``,
            ``filter_empty_gt`` and ``min_size`` work as in mmdet.

    Raises:
        ValueError: ``metainfo['classes']`` names none, one that is not the
            data set's, or one twice.
    """

    RANDOM_SPLITS: Dict[str, Tuple[int, int]] = {}
    """Split name -> number of training and test images."""

    def __init__(
        self,
        split: str,
        subset: str,
        split_seed: int = 0,
        read_images: bool = True,
        **kwargs,
    ) -> None:
        self.split = split
        self.subset = subset
        self.split_seed = split_seed
        self.read_images = read_images
        super().__init__(**kwargs)

    @classmethod
    def _load_metainfo(cls, metainfo: Optional[Mapping] = None) -> dict:
        """MMEngine's, with classes that were checked and their colours."""
        loaded = super()._load_metainfo(metainfo)
        return choose_classes(loaded, metainfo, cls.METAINFO)

    @property
    def split_name(self) -> str:
        """For example ``'paper/test, seed 0'``."""
        seeded = self.split in self.RANDOM_SPLITS
        return ', '.join(
            [
                f'{self.split}/{self.subset}',
                *([f'seed {self.split_seed}'] if seeded else []),
                *self.filter_names(),
            ]
        )

    def filter_names(self) -> List[str]:
        """What else restricts the subset, for its name."""
        return []

    def choose_rows(self) -> list:
        """One entry for each image of the subset."""
        raise NotImplementedError

    def read_row(self, row, images: FileIndex, annotations: FileIndex) -> dict:
        """Read one image's header and boxes.

        Returns:
            With an ``img_id`` that no other image of any subset has, so that
            subsets can be put together and evaluated.

        Raises:
            ValueError: A missing or broken file, which is named.
        """
        raise NotImplementedError

    def load_data_list(self) -> List[dict]:
        """Read annotations and image headers of the chosen subset."""
        rows = self.choose_rows()
        images = FileIndex(self.data_prefix['img'])
        annotations = FileIndex(self.data_prefix['ann'])
        data_list, problems = [], []
        for row in rows:
            try:
                data_list.append(self.read_row(row, images, annotations))
            except ValueError as error:
                problems.append(str(error))
        refuse_images(problems, len(rows), self._title)
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
                f'{len(self.data_list)} images of {self._title}'
            )
        return kept

    def prepare_data(self, idx: int) -> dict:
        """Load one image; a truncated file is an error, not grey pixels."""
        if self.read_images:
            check_image_complete(self.get_data_info(idx)['img_path'])
        data = super().prepare_data(idx)
        samples = (data or {}).get('data_samples', [])
        for sample in samples if isinstance(samples, list) else [samples]:
            sample.set_metainfo(dict(split_name=self.split_name))
        return data

    def random_subset(self, rows: Sequence, source: str) -> list:
        """The subset of a random split, in the order of ``rows``.

        Raises:
            ValueError: There are too few; ``source`` says of what.
        """
        num_train, num_test = self.RANDOM_SPLITS[self.split]
        if len(rows) < num_train + num_test:
            raise ValueError(
                f'split={self.split!r} draws {num_train + num_test} images, '
                f'but {source} has {len(rows)}; allowed: the whole data set, '
                "or subset='all'"
            )
        # the legacy generator: its stream is frozen over numpy versions
        order = np.random.RandomState(self.split_seed).permutation(len(rows))
        part = (
            order[:num_train]
            if self.subset == 'train'
            else order[num_train : num_train + num_test]
        )
        return [rows[i] for i in sorted(part)]

    def read_image(self, images: FileIndex, folder: str, name: str) -> dict:
        """Path of an image and, if ``read_images``, its size."""
        if not self.read_images:
            return dict(img_path=osp.join(images.root, folder, name))
        path = images.find(folder, name)
        width, height = read_image_size(path)
        return dict(img_path=path, width=width, height=height)

    def read_instances(
        self, path: str, boxes: Iterable[tuple], info: dict
    ) -> List[dict]:
        """Instances of mmdet's kind: of the chosen classes, in the image.

        Args:
            path: Annotation file, for warnings.
            boxes: Class name, left, top, right and bottom of each box.
            info: May have the image's ``width`` and ``height``.
        """
        labels = {
            name: label for label, name in enumerate(self._metainfo['classes'])
        }
        chosen = [
            (labels[name], *corners)
            for name, *corners in boxes
            if name in labels
        ]
        return clip_boxes(path, chosen, info)

    @property
    def _title(self) -> str:
        return f'{self.METAINFO["dataset_name"]} {self.split}/{self.subset}'


def clip_boxes(path: str, boxes: Iterable[tuple], info: dict) -> List[dict]:
    """Instances of mmdet's kind, inside the image.

    Args:
        path: Annotation file, for the warning.
        boxes: Label, left, top, right and bottom of each box.
        info: May have the image's ``width`` and ``height``.
    """
    width, height = info.get('width', np.inf), info.get('height', np.inf)
    instances = []
    for label, *corners in boxes:
        left, top, right, bottom = corners
        box = [max(left, 0), max(top, 0)]
        box += [min(right, width), min(bottom, height)]
        if box[2] <= box[0] or box[3] <= box[1]:
            print_log(
                f'{path}: box with corners {corners} has nothing inside the '
                'image and is left out',
                logger='current',
                level=logging.WARNING,
            )
            continue
        instances.append(
            dict(
                bbox=[float(side) for side in box],
                bbox_label=label,
                ignore_flag=0,
            )
        )
    return instances

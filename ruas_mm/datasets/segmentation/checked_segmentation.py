"""What the segmentation data sets have in common: their files are checked."""

import os
import os.path as osp
from typing import List, Mapping, NamedTuple, Optional

import torch
from mmcv.transforms import LoadAnnotations
from mmseg.datasets import BaseSegDataset
from PIL import Image, UnidentifiedImageError

from ruas_mm.datasets.class_choice import choose_classes
from ruas_mm.datasets.image_files import (
    check_image_complete,
    read_image_size,
    refuse_images,
)

LABEL_MODES = ('L', 'P')  # one number a pixel, 8 bits
TRAIN_IDS, LABEL_IDS = 'labelTrainIds', 'labelIds'  # two of Cityscapes' files


class LabelledImage(NamedTuple):
    """Files of one sample.

    Attributes:
        image: Path.
        label: Path; None in a subset without labels.
    """

    image: str
    label: Optional[str]


class CheckedSegmentationDataset(BaseSegDataset):
    """A data set read from its files as published.

    Files that cannot be used are an error naming up to ten of them, before
    training starts. A label that is no class's is an error when it is loaded.

    ``metainfo=dict(classes=(...))`` chooses classes by name and numbers them
    in that order; pixels of other classes are ignored. Each class keeps its
    colour where no ``palette`` is given.

    Each data sample that the pipeline packs carries ``split_name`` as meta
    information, for tables. It is not in ``metainfo``, of which MMEngine's
    ``ConcatDataset`` asks that it be equal in all parts.

    Where a subset has no labels, the ``LoadAnnotations`` of the pipeline (not
    one inside of another transform) is left out.

    Subclasses say which files these are (:meth:`find_images`).

    Args:
        subset: Name of the part.
        read_images: Whether to open each image's and label's header now, to
            report a missing or broken file before training starts, and to
            refuse a truncated file when it is loaded.
        **kwargs: Of ``mmseg.datasets.BaseSegDataset``.

    Raises:
        ValueError: ``metainfo['classes']`` names none, one that is not the
            data set's, or one twice; files that cannot be used.
    """

    def __init__(
        self, subset: str, read_images: bool = True, **kwargs
    ) -> None:
        self.subset = subset
        self.read_images = read_images
        super().__init__(**kwargs)

    @classmethod
    def _load_metainfo(cls, metainfo: Optional[Mapping] = None) -> dict:
        """MMEngine's, with classes that were checked and their colours."""
        loaded = super()._load_metainfo(metainfo)
        return choose_classes(loaded, metainfo, cls.METAINFO)

    @property
    def split_name(self) -> str:
        """For example ``'night/val'``."""
        raise NotImplementedError

    def find_images(self) -> List[LabelledImage]:
        """Files of the subset, in the order of their names.

        Raises:
            DataNotFoundError: A folder is missing.
            ValueError: There is none.
        """
        raise NotImplementedError

    def load_data_list(self) -> List[dict]:
        """Find the files of the chosen subset and read their headers."""
        found = self.find_images()
        if self.read_images:
            self._check_headers(found)
        if any(each.label is None for each in found):
            self.pipeline.transforms = [
                transform
                for transform in self.pipeline.transforms
                if not isinstance(transform, LoadAnnotations)
            ]
        return [self._info(each) for each in found]

    def prepare_data(self, idx: int) -> dict:
        """Load one image; broken files and unknown labels are errors."""
        info = self.get_data_info(idx)
        if self.read_images:
            check_image_complete(info['img_path'])
            if 'seg_map_path' in info:
                check_image_complete(info['seg_map_path'])
        data = super().prepare_data(idx)
        samples = (data or {}).get('data_samples', [])
        for sample in samples if isinstance(samples, list) else [samples]:
            sample.set_metainfo(dict(split_name=self.split_name))
            if 'gt_sem_seg' in sample:
                self._check_labels(sample.gt_sem_seg.data, info)
        return data

    def _info(self, found: LabelledImage) -> dict:
        info = dict(
            img_path=found.image,
            label_map=self.label_map,
            reduce_zero_label=self.reduce_zero_label,
            seg_fields=[],
        )
        if found.label is not None:
            info['seg_map_path'] = found.label
        return info

    def _check_headers(self, found: List[LabelledImage]) -> None:
        problems = []
        for each in found:
            try:
                size = read_image_size(each.image)
                if each.label is not None:
                    check_label_header(each.label, size)
            except ValueError as error:
                problems.append(str(error))
        title = f'{self.METAINFO["dataset_name"]} {self.split_name}'
        refuse_images(problems, len(found), title)

    def _check_labels(self, labels: torch.Tensor, info: dict) -> None:
        number = len(self._metainfo['classes'])
        known = (labels < number) & (labels >= 0)
        unknown = labels[~known & (labels != self.ignore_index)]
        if unknown.numel():
            raise ValueError(
                f'{info["seg_map_path"]} has the label '
                f'{int(unknown.flatten()[0])}, allowed: 0 to {number - 1} and '
                f'{self.ignore_index} (ignored)'
                + (
                    f'; are these {LABEL_IDS} in the place of {TRAIN_IDS}?'
                    if TRAIN_IDS in info['seg_map_path']
                    else ''
                )
            )


def check_label_header(path: str, size: tuple) -> None:
    """Check that a label map is there and has a number for each pixel.

    Args:
        path: Its file.
        size: Width and height of the image.

    Raises:
        ValueError: Missing or broken file, colours in place of numbers, or
            another size.
    """
    if not osp.isfile(path):
        raise ValueError(f'{path}: missing file{_other_numbering(path)}')
    try:
        with Image.open(path) as image:
            mode, label_size = image.mode, image.size
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError(f'{path}: not a readable image ({error})') from None
    if mode not in LABEL_MODES:
        raise ValueError(
            f'{path}: an image of mode {mode}, allowed: one 8-bit label a '
            f'pixel (modes {LABEL_MODES})'
        )
    if label_size != tuple(size):
        raise ValueError(
            f'{path}: {label_size[0]}x{label_size[1]} pixels, allowed: those '
            f'of its image, {size[0]}x{size[1]}'
        )


def _other_numbering(path: str) -> str:
    """What to say where Cityscapes' own numbers lie in place of train ids."""
    other = osp.basename(path).replace(TRAIN_IDS, LABEL_IDS)
    if other == osp.basename(path) or not osp.isfile(
        osp.join(osp.dirname(path), other)
    ):
        return ''
    return (
        f' (beside it is {other}, whose numbers are others: sky is 23 there '
        'and 10 here)'
    )


def list_files(folder: str, suffix: str) -> List[str]:
    """Names with this ending in a folder, sorted; hidden ones are left out."""
    return sorted(
        name
        for name in os.listdir(folder)
        if name.lower().endswith(suffix) and name[0] != '.'
    )

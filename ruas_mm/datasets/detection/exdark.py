"""Exclusively Dark (ExDark): objects in twelve classes, ten kinds of light.

Source: https://github.com/cs-chan/Exclusively-Dark-Image-Dataset (BSD-3; for
commercial use ask the authors). Paper: https://arxiv.org/abs/1805.11227
"""

from typing import List, Optional, Sequence, Union

from ruas_mm.arguments import check_choice, check_names
from ruas_mm.datasets.detection.checked_detection import (
    CheckedDetectionDataset,
)
from ruas_mm.datasets.exdark_files import (
    CLASSES,
    LIGHTS,
    OFFICIAL_SUBSETS,
    PLACES,
    ListedImage,
    check_exdark_is_there,
    read_annotation,
    read_image_list,
)
from ruas_mm.datasets.image_files import FileIndex
from ruas_mm.registry import DATASETS


@DATASETS.register_module()
class ExDarkDataset(CheckedDetectionDataset):
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

    Figures from different splits are not comparable; data samples carry
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
        **kwargs: Of :class:`CheckedDetectionDataset` (``split_seed``,
            ``read_images``) and mmdet's ``BaseDetDataset``.

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
    RANDOM_SPLITS = {'paper': (5200, 1200), '80-20': (5896, 1467)}

    def __init__(
        self,
        data_root: str = 'data/ExDark',
        ann_file: str = 'imageclasslist.txt',
        data_prefix: Optional[dict] = None,
        split: str = 'official',
        subset: str = 'train',
        lights: Union[str, Sequence[str], None] = None,
        places: Union[str, Sequence[str], None] = None,
        **kwargs,
    ) -> None:
        allowed = {
            'official': (*OFFICIAL_SUBSETS, 'trainval', 'all'),
            **dict.fromkeys(self.RANDOM_SPLITS, ('train', 'test', 'all')),
        }
        check_choice('split', split, tuple(allowed))
        if subset not in allowed[split]:
            raise ValueError(
                f'subset={subset!r}, allowed for split={split!r}:'
                f' {allowed[split]}'
            )
        lights = LIGHTS if lights is None else lights
        places = PLACES if places is None else places
        self.lights = check_names('lights', lights, LIGHTS)
        self.places = check_names('places', places, PLACES)
        super().__init__(
            split=split,
            subset=subset,
            data_root=data_root,
            ann_file=ann_file,
            data_prefix={
                'img': 'ExDark',
                'ann': 'ExDark_Annno',
                **(data_prefix or {}),
            },
            **kwargs,
        )

    def filter_names(self) -> List[str]:
        """For example ``['light Low']``."""
        return [
            f'{name} {"+".join(kept)}'
            for name, kept, everything in (
                ('light', self.lights, LIGHTS),
                ('place', self.places, PLACES),
            )
            if kept != everything
        ]

    def choose_rows(self) -> List[ListedImage]:
        """Rows of the image list.

        Raises:
            DataNotFoundError: The folder or the list is missing.
            ValueError: No image is left.
        """
        check_exdark_is_there(self.data_root, self.ann_file)
        rows = [
            row
            for row in self._choose_subset(read_image_list(self.ann_file))
            if row.light in self.lights and row.place in self.places
        ]
        if not rows:
            raise ValueError(
                f'{self.ann_file} lists no image of subset '
                f'{self.subset!r} with lights={self.lights} and '
                f'places={self.places}'
            )
        return rows

    def read_row(
        self, row: ListedImage, images: FileIndex, annotations: FileIndex
    ) -> dict:
        """See :meth:`CheckedDetectionDataset.read_row`."""
        info = self.read_image(images, row.folder, row.name)
        path = annotations.find(row.folder, f'{row.name}.txt')
        boxes = [
            (CLASSES[label], left, top, left + width, top + height)
            for label, left, top, width, height in read_annotation(path)
        ]
        return dict(
            info,
            img_id=row.number,
            light=row.light,
            place=row.place,
            instances=self.read_instances(path, boxes, info),
        )

    def _choose_subset(self, rows: List[ListedImage]) -> List[ListedImage]:
        if self.subset == 'all':
            return rows
        if self.split == 'official':
            kept = (
                OFFICIAL_SUBSETS[:2]
                if self.subset == 'trainval'
                else (self.subset,)
            )
            return [row for row in rows if row.subset in kept]
        return self.random_subset(rows, self.ann_file)

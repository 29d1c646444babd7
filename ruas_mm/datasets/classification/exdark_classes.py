"""ExDark's image-level classes, for mmpretrain.

Source: https://github.com/cs-chan/Exclusively-Dark-Image-Dataset (BSD-3; for
commercial use ask the authors). Paper: https://arxiv.org/abs/1805.11227
"""

import os.path as osp
from typing import List, Mapping, Optional, Sequence, Union

from mmpretrain.datasets import BaseDataset

from ruas_mm.arguments import check_choice, check_names
from ruas_mm.datasets.class_choice import check_classes
from ruas_mm.datasets.exdark_files import (
    CLASSES,
    LIGHTS,
    OFFICIAL_SUBSETS,
    ListedImage,
    check_exdark_is_there,
    read_image_list,
)
from ruas_mm.datasets.image_files import (
    FileIndex,
    check_image_complete,
    read_image_size,
    refuse_images,
)
from ruas_mm.registry import DATASETS


@DATASETS.register_module()
class ExDarkClassDataset(BaseDataset):
    """ExDark as downloaded: one class an image, that of its folder.

    ::

        data/ExDark/
            ExDark/<Class>/<name>      7,363 images of twelve classes
            imageclasslist.txt         class, light, place, split

    Of the official split: train 3,000, val 1,800, test 2,563 images.

    Args:
        data_root: Folder of the two.
        ann_file: The image list, relative to ``data_root``.
        data_prefix: Folder of the images, relative to ``data_root``.
        subset: ``'train'``, ``'val'``, ``'test'`` or ``'all'``.
        lights: Keep only these kinds of light (``exdark_files.LIGHTS``).
        read_images: Whether to open each image's header now, to report a
            missing or broken file before training starts, and to refuse a
            truncated file when it is loaded.
        **kwargs: Of mmpretrain's ``BaseDataset``. ``classes`` chooses some
            by name and numbers them in that order; images of others are left
            out.

    Raises:
        DataNotFoundError: The folder or the list is missing.
        ValueError: Unknown subset, light or class; no image left; broken
            list or images, up to ten of which are named.
    """

    METAINFO = dict(dataset_name='ExDark', classes=CLASSES)

    def __init__(
        self,
        data_root: str = 'data/ExDark',
        ann_file: str = 'imageclasslist.txt',
        data_prefix: Union[str, dict] = 'ExDark',
        subset: str = 'train',
        lights: Union[str, Sequence[str], None] = None,
        read_images: bool = True,
        **kwargs,
    ) -> None:
        check_choice('subset', subset, (*OFFICIAL_SUBSETS, 'all'))
        lights = LIGHTS if lights is None else lights
        self.lights = check_names('lights', lights, LIGHTS)
        self.subset = subset
        self.read_images = read_images
        super().__init__(
            ann_file=ann_file,
            data_root=data_root,
            data_prefix=data_prefix,
            **kwargs,
        )

    @classmethod
    def _load_metainfo(cls, metainfo: Optional[Mapping] = None) -> dict:
        """MMEngine's, with classes that were checked."""
        loaded = super()._load_metainfo(metainfo)
        loaded['classes'] = check_classes(loaded['classes'], CLASSES)
        return loaded

    def load_data_list(self) -> List[dict]:
        """Read the list and the headers of the chosen images."""
        images = FileIndex(self.img_prefix)
        data_list, problems = [], []
        rows = self._choose_rows()
        for row in rows:
            try:
                path = osp.join(images.root, row.folder, row.name)
                if self.read_images:
                    path = images.find(row.folder, row.name)
                    read_image_size(path)
            except ValueError as error:
                problems.append(str(error))
                continue
            label = self.class_to_idx[row.folder]
            data_list.append(
                dict(img_path=path, gt_label=label, light=row.light)
            )
        refuse_images(problems, len(rows), f'ExDark {self.subset}')
        return data_list

    def prepare_data(self, idx: int) -> dict:
        """Load one image; a truncated file is an error, not grey pixels."""
        if self.read_images:
            check_image_complete(self.get_data_info(idx)['img_path'])
        return super().prepare_data(idx)

    def _choose_rows(self) -> List[ListedImage]:
        check_exdark_is_there(self.data_root, self.ann_file)
        rows = [
            row
            for row in read_image_list(self.ann_file)
            if self.subset in (row.subset, 'all')
            and row.light in self.lights
            and row.folder in self.CLASSES
        ]
        if not rows:
            raise ValueError(
                f'{self.ann_file} lists no image of subset {self.subset!r} '
                f'with lights={self.lights} and classes={self.CLASSES}'
            )
        return rows

"""LOL: real and synthetic pairs of low and normal light.

Source: https://daooshee.github.io/BMVC2018website (v1) and
https://github.com/flyywh/CVPR-2020-Semi-Low-Light (v2); for research. Papers:
https://arxiv.org/abs/1808.04560 (v1), https://doi.org/10.1109/TIP.2021.3050850
(v2).
"""

import re
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

from ruas_mm.arguments import check_choice
from ruas_mm.datasets.enhancement.paired_images import (
    PairedImageDataset,
    read_split,
)
from ruas_mm.registry import DATASETS

V1_FOLDERS = {'train': 'our485', 'test': 'eval15'}
V2_FOLDERS = {'v2-real': 'Real_captured', 'v2-synthetic': 'Synthetic'}
VERSIONS = ('v1', *V2_FOLDERS)

HOW_TO_GET = """
LOL was not found: {missing}

Get it from
  https://daooshee.github.io/BMVC2018website (v1)
    -> {root}/our485/{{low,high}}/*.png
       {root}/eval15/{{low,high}}/*.png
  https://github.com/flyywh/CVPR-2020-Semi-Low-Light (v2, LOL-v2.zip)
    -> {root}/LOL-v2/Real_captured/{{Train,Test}}/{{Low,Normal}}/*.png
       {root}/LOL-v2/Synthetic/{{Train,Test}}/{{Low,Normal}}/*.png
or name another place: export LOL_ROOT=/path/to/LOL"""


@DATASETS.register_module()
class LOLDataset(PairedImageDataset):
    """LOL as downloaded.

    ::

        data/LOL/
            our485/{low,high}/<number>.png            v1, 485 pairs
            eval15/{low,high}/<number>.png            v1, 15 pairs
            LOL-v2/                                   or its content
                Real_captured/{Train,Test}/
                    Low/low<number>.png               v2-real, 689 + 100
                    Normal/normal<number>.png
                Synthetic/{Train,Test}/{Low,Normal}/<name>.png
                                                      v2-synthetic, 900 + 100

    ============ ======== =====================================================
    version      split    train and test
    ============ ======== =====================================================
    any          official the folders
    v2-real      paper    689 and 100 of both folders together (RUAS); seeded,
                          for the paper's own draw is not published
    ============ ======== =====================================================

    The test part of v2-real holds scenes that v1 trains on.

    Args:
        data_root: Folder of it all; for v2, ``LOL-v2`` itself will do.
        version: ``'v1'``, ``'v2-real'`` or ``'v2-synthetic'``.
        subset: ``'train'``, ``'test'`` or ``'all'``.
        split: ``'official'`` or ``'paper'`` (v2-real only).
        paired: Whether the references are needed; the paper trains without.
        **kwargs: Of ``mmengine.dataset.BaseDataset``.

    Raises:
        ValueError: An unknown version, subset or split; see
            :class:`~ruas_mm.datasets.enhancement.paired_images.PairedImageDataset`.

    Example:
        >>> len(LOLDataset('data/LOL', version='v2-real', split='paper'))
        689
    """

    HOW_TO_GET = HOW_TO_GET

    def __init__(
        self,
        data_root: str = 'data/LOL',
        version: str = 'v1',
        subset: str = 'train',
        split: str = 'official',
        paired: bool = True,
        **kwargs,
    ) -> None:
        check_choice('version', version, VERSIONS)
        paper = ('paper',) if version == 'v2-real' else ()
        check_choice('split', split, ('official', *paper))
        self.version = version
        self.split = split
        super().__init__(data_root, subset, paired, **kwargs)

    @property
    def split_name(self) -> str:
        """For example ``'LOL v2-real, paper/test'``."""
        return f'LOL {self.version}, {self.split}/{self.subset}'

    def folders(self) -> List[Tuple[Path, Path]]:
        """One pair of folders for each official part that is needed."""
        whole = self.subset == 'all' or self.split == 'paper'
        parts = ('train', 'test') if whole else (self.subset,)
        if self.version == 'v1':
            roots = [Path(self.data_root, V1_FOLDERS[part]) for part in parts]
            return [(root / 'low', root / 'high') for root in roots]
        name = V2_FOLDERS[self.version]
        root = self.first_folder(f'LOL-v2/{name}', name)
        roots = [root / part.capitalize() for part in parts]
        return [(root / 'Low', root / 'Normal') for root in roots]

    def key(self, path: Path) -> str:
        """``'00001'`` of ``low00001.png`` and ``normal00001.png``."""
        return re.sub(r'^(low|normal)(?=\d)', '', path.stem)

    def chosen_keys(self) -> Optional[Sequence[str]]:
        """The numbers of the paper's split."""
        if self.split == 'official' or self.subset == 'all':
            return None
        return read_split(f'lol_v2_real_paper_{self.subset}')

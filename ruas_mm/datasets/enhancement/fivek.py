"""MIT-Adobe FiveK: photographs and what five experts made of them.

Source: https://data.csail.mit.edu/graphics/fivek (for research; its two
licence files say which picture is whose). Paper: Learning Photographic Global
Tonal Adjustment with a Database of Input / Output Image Pairs, CVPR 2011.
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

EXPERTS = ('a', 'b', 'c', 'd', 'e')

HOW_TO_GET = """
MIT-Adobe FiveK was not found: {missing}

Get it from https://data.csail.mit.edu/graphics/fivek and export the raw
pictures with the same size and orientation as the experts'
  -> {root}/input/a0001-<name>.jpg     (or .png, .tif)
     {root}/expertC/a0001-<name>.jpg   (or c/, or tiff16_c/)
or name another place: export FIVEK_ROOT=/path/to/FiveK"""


@DATASETS.register_module()
class FiveKDataset(PairedImageDataset):
    """MIT-Adobe FiveK as commonly exported.

    ::

        data/FiveK/
            input/a0001-<name>.{jpg,png,tif}       5,000 inputs
            expertC/a0001-<name>.{jpg,png,tif}     also c/ or tiff16_c/

    The two files of a pair share the ``aNNNN`` that their names begin with.
    Split ``'paper'`` has 500 inputs for training and 100 pairs for testing
    (RUAS); seeded, for the paper's own draw is not published.

    Args:
        data_root: Folder of inputs and experts.
        subset: ``'train'``, ``'test'`` or ``'all'`` (whatever is there).
        expert: Whose pictures are the reference, ``'a'`` to ``'e'``. c:
            usual, and the paper's.
        split: ``'paper'``.
        paired: Whether the references are needed; the paper trains without.
        **kwargs: Of ``mmengine.dataset.BaseDataset``.

    Raises:
        ValueError: An unknown subset, expert or split, a file name without
            ``aNNNN``; see
            :class:`~ruas_mm.datasets.enhancement.paired_images.PairedImageDataset`.

    Example:
        >>> len(FiveKDataset('data/FiveK', subset='test'))
        100
    """

    HOW_TO_GET = HOW_TO_GET

    def __init__(
        self,
        data_root: str = 'data/FiveK',
        subset: str = 'train',
        expert: str = 'c',
        split: str = 'paper',
        paired: bool = True,
        **kwargs,
    ) -> None:
        check_choice('expert', expert, EXPERTS)
        check_choice('split', split, ('paper',))
        self.expert = expert
        self.split = split
        super().__init__(data_root, subset, paired, **kwargs)

    @property
    def split_name(self) -> str:
        """For example ``'MIT-Adobe FiveK, paper/test, expert c'``."""
        return (
            f'MIT-Adobe FiveK, {self.split}/{self.subset}, '
            f'expert {self.expert}'
        )

    def folders(self) -> List[Tuple[Path, Path]]:
        """Inputs, and the expert's pictures."""
        expert = self.first_folder(
            f'expert{self.expert.upper()}',
            self.expert,
            f'tiff16_{self.expert}',
        )
        return [(Path(self.data_root, 'input'), expert)]

    def key(self, path: Path) -> str:
        """``'a0001'`` of ``a0001-jmac_DSC1459.tif``."""
        found = re.match(r'[aA]\d{4}(?!\d)', path.stem)
        if found is None:
            raise ValueError(
                f'{path}: no number of FiveK, allowed: names that begin with '
                'a0001 to a5000'
            )
        return found[0].lower()

    def chosen_keys(self) -> Optional[Sequence[str]]:
        """The numbers of the paper's split."""
        if self.subset == 'all':
            return None
        return read_split(f'fivek_paper_{self.subset}')

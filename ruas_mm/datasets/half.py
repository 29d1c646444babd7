"""Half of any data set: training and validation part of a search.

Paper: Algorithm 1 takes disjoint D_tr and D_val; their split is not stated
(https://arxiv.org/abs/2112.04719). Halves: DARTS,
https://arxiv.org/abs/1806.09055, Sec. 3.1.
"""

from typing import Union

from mmengine.dataset import BaseDataset, force_full_init

from ruas_mm.arguments import check_choice
from ruas_mm.registry import DATASETS

HALVES = ('even', 'odd')


@DATASETS.register_module()
class HalfDataset:
    """Every other sample, by its number after filtering.

    Args:
        dataset: A data set of MMEngine's kind, or its config.
        half: ``'even'`` (samples 0, 2, ...) or ``'odd'`` (1, 3, ...).

    Raises:
        ValueError: Unknown half.
    """

    def __init__(
        self, dataset: Union[BaseDataset, dict], half: str, lazy_init=False
    ) -> None:
        check_choice('half', half, HALVES)
        self.start = HALVES.index(half)
        if isinstance(dataset, dict):
            dataset = DATASETS.build(dataset)
        self.dataset = dataset
        self._fully_initialized = False  # as force_full_init looks for
        if not lazy_init:
            self.full_init()

    @property
    def metainfo(self) -> dict:
        """That of the whole data set."""
        return self.dataset.metainfo

    def full_init(self) -> None:
        """Read the data set's files."""
        self.dataset.full_init()
        self._fully_initialized = True

    @force_full_init
    def get_data_info(self, idx: int) -> dict:
        """See ``BaseDataset.get_data_info``."""
        return self.dataset.get_data_info(2 * idx + self.start)

    @force_full_init
    def __len__(self) -> int:
        return (len(self.dataset) - self.start + 1) // 2

    def __getitem__(self, idx: int) -> dict:
        if not 0 <= idx < len(self):  # ends a plain iteration
            raise IndexError(f'sample {idx} of {len(self)}')
        return self.dataset[2 * idx + self.start]

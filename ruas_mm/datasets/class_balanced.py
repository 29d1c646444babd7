"""Class balance over whatever MMEngine's wrappers hold."""

from typing import List

from mmengine.dataset import ClassBalancedDataset as HostClassBalancedDataset

from ruas_mm.registry import DATASETS


@DATASETS.register_module()
class ClassBalancedDataset(HostClassBalancedDataset):
    """MMEngine's, also around its ``ConcatDataset`` and ``RepeatDataset``.

    Those do not tell the classes of a sample (``get_cat_ids``), so that
    MMEngine's cannot hold them; here they are read from the sample's
    ``instances``, and frequencies are those in all parts together.

    Args:
        dataset, oversample_thr, lazy_init: Of MMEngine's.
    """

    def full_init(self) -> None:
        """See MMEngine's."""
        if not hasattr(self.dataset, 'get_cat_ids'):
            self.dataset = _WithCatIds(self.dataset)
        super().full_init()


class _WithCatIds:
    """A wrapper of data sets that tells the classes of its samples."""

    def __init__(self, dataset) -> None:
        self.wrapped = dataset
        self.full_init = dataset.full_init
        self.get_data_info = dataset.get_data_info
        self.metainfo = dataset.metainfo

    def __len__(self) -> int:
        return len(self.wrapped)

    def __getitem__(self, index: int) -> dict:
        return self.wrapped[index]

    def get_cat_ids(self, index: int) -> List[int]:
        instances = self.wrapped.get_data_info(index)['instances']
        return [instance['bbox_label'] for instance in instances]

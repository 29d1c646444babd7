"""Batches of the validation part of a search, endless and resumable."""

import copy
import logging
from pathlib import Path
from typing import Iterator, Optional, Set

from mmengine.logging import print_log
from torch.utils.data import DataLoader, Dataset

from ruas_mm.datasets.half import HALVES


class ValidationBatches:
    """An endless iterator with a position.

    Which pictures batch number n holds depends on n alone, as the sampler is
    seeded by epoch; a resumed search therefore goes on where it was.

    Args:
        dataloader: As ``Runner.build_dataloader`` gives it.

    Raises:
        ValueError: It gives no batch.
    """

    def __init__(self, dataloader: DataLoader) -> None:
        if not len(dataloader.dataset) or not len(dataloader):
            raise ValueError(
                f'the validation set of the search has '
                f'{len(dataloader.dataset)} samples, which give no batch; '
                'allowed: at least one batch'
            )
        self.dataloader = dataloader
        self.position = 0
        self._iterator: Iterator = iter(())

    def seek(self, position: int) -> None:
        """Go to batch number ``position`` (from 0)."""
        start = position % len(self.dataloader)
        self.position = position
        if start:
            self.position -= start
            for _ in range(start):  # loaded, so that workers stay in step
                next(self)

    def __next__(self) -> dict:
        epoch, index = divmod(self.position, len(self.dataloader))
        if index == 0:
            sampler = getattr(self.dataloader.batch_sampler, 'sampler', None)
            for seeded in (sampler, self.dataloader.sampler):
                if hasattr(seeded, 'set_epoch'):
                    seeded.set_epoch(epoch)
            self._iterator = iter(self.dataloader)
        self.position += 1
        try:
            return next(self._iterator)
        except StopIteration:  # batch samplers may promise one too many
            if index == 0:
                raise ValueError(
                    'the validation loader of the search gives no batch; '
                    'allowed: at least one'
                ) from None
            self.position = (epoch + 1) * len(self.dataloader)
            return next(self)


def other_half(train_dataloader: dict) -> dict:
    """Config of a loader like the training loader, on the other half.

    Args:
        train_dataloader: Config; its data set, or what all of its wrappers
            hold, is a ``HalfDataset``.

    Raises:
        ValueError: It is another data set.
    """
    loader = copy.deepcopy(dict(train_dataloader))
    dataset = loader.get('dataset', {})
    loader['dataset'] = _with_other_half(dataset)
    if loader['dataset'] is None:
        raise ValueError(
            'val_dataloader=None takes the other half of the training set, '
            f'but that is {dataset.get("type")!r}; allowed: '
            "dict(type='ruas_mm.HalfDataset', half='even', dataset=...), or "
            'a val_dataloader'
        )
    loader['sampler'] = dict(type='DefaultSampler', shuffle=True)
    # workers that go on from epoch to epoch cannot be resumed
    loader['persistent_workers'] = False
    if not loader.get('batch_sampler'):  # which decides by itself
        loader['drop_last'] = True
    loader.pop('num_batch_per_epoch', None)  # it would be the same few
    return loader


def _with_other_half(dataset: dict) -> Optional[dict]:
    """The same config on the other half; None if some of it is no half."""
    if dataset.get('half') in HALVES:
        other = HALVES[1 - HALVES.index(dataset['half'])]
        return dict(dataset, half=other)
    if isinstance(dataset.get('dataset'), dict):
        inner = _with_other_half(dataset['dataset'])
        return inner and dict(dataset, dataset=inner)
    inner = [_with_other_half(d) for d in dataset.get('datasets', [])]
    return dict(dataset, datasets=inner) if inner and all(inner) else None


def warn_of_shared_files(train: Dataset, val: Dataset) -> None:
    """Warn if pictures of the training part are in the validation part."""
    shared = image_files(train) & image_files(val)
    if shared:
        example = sorted(shared)[0]
        print_log(
            f'{len(shared)} pictures are in both the training and the '
            f'validation set of the search, such as {example}: alphas are '
            'then chosen by what the weights have learnt by heart. Name '
            'disjoint parts, for example with ruas_mm.HalfDataset',
            logger='current',
            level=logging.WARNING,
        )


def image_files(dataset: Dataset) -> Set[str]:
    """Files of a data set of MMEngine's kind; of others none is known."""
    inner = getattr(dataset, 'dataset', dataset)
    if not all(hasattr(d, 'get_data_info') for d in (dataset, inner)):
        return set()
    infos = (dataset.get_data_info(i) for i in range(len(dataset)))
    paths = (info.get('img_path') for info in infos)
    return {str(Path(path).resolve()) for path in paths if path}

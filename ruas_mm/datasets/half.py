"""Half of any data set: training and validation part of a search.

Paper: Algorithm 1 takes disjoint D_tr and D_val; their split is not stated
(https://arxiv.org/abs/2112.04719). Halves: DARTS,
https://arxiv.org/abs/1806.09055, Sec. 3.1.
"""

from typing import List

from mmengine.dataset import BaseDataset

from ruas_mm.arguments import check_choice
from ruas_mm.registry import DATASETS

HALVES = ('even', 'odd')


@DATASETS.register_module(name='HalfDataset')
def half_dataset(dataset: dict, half: str) -> BaseDataset:
    """Build a data set that keeps every other sample.

    Wrappers stay outside and what they hold is halved: what is repeated,
    balanced or mixed into a mosaic comes from this half alone. Half of a half
    is a quarter.

    Args:
        dataset: Config of a data set of MMEngine's kind, or of a wrapper with
            ``dataset`` or ``datasets``.
        half: ``'even'`` (samples 0, 2, ... after filtering) or ``'odd'``
            (1, 3, ...).

    Returns:
        An object of the data set's own class.

    Raises:
        ValueError: Unknown half, or a data set of another kind.
    """
    check_choice('half', half, HALVES)
    cfg, halves = dict(dataset), [half]
    while 'half' in cfg:  # of a half: down to what holds all samples
        check_choice('half', cfg['half'], HALVES)
        halves.insert(0, cfg['half'])
        cfg = dict(cfg['dataset'])
    if isinstance(cfg.get('dataset'), dict):
        cfg['dataset'] = _halved(cfg['dataset'], halves)
        return DATASETS.build(cfg)
    if 'datasets' in cfg:
        cfg['datasets'] = [_halved(d, halves) for d in cfg['datasets']]
        return DATASETS.build(cfg)
    whole = DATASETS.build(cfg)
    if not isinstance(whole, BaseDataset):
        raise ValueError(
            f'dataset is a {type(whole).__name__}, allowed: a config of an '
            'mmengine.dataset.BaseDataset, or of a wrapper around such'
        )
    whole.full_init()
    for each in halves:
        whole.get_subset_(range(HALVES.index(each), len(whole), 2))
    return whole


def _halved(dataset: dict, halves: List[str]) -> dict:
    """Halves of halves, the first of them innermost."""
    for half in halves:
        dataset = dict(type='ruas_mm.HalfDataset', half=half, dataset=dataset)
    return dataset

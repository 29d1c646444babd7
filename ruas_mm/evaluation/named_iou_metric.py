"""IoU of segmentation: means over named sets of classes, split in the title.

Paper: Table 11 averages 17 of ACDC's 19 classes.
https://arxiv.org/abs/2112.04719
"""

from typing import Dict, Sequence, Tuple

import numpy as np
from mmengine.logging import MMLogger
from mmseg.evaluation import IoUMetric
from prettytable import PrettyTable

from ruas_mm.evaluation.split_title import split_title
from ruas_mm.registry import METRICS


@METRICS.register_module()
class NamedIoUMetric(IoUMetric):
    """mmseg's metric; each mean names its number of classes.

    Means over different sets of classes do not compare, nor do different
    splits: the table below the host's own names both (``split_name`` of the
    data samples).

    Results: the host's (``aAcc``, ``mIoU``, ``mAcc``), ``mIoU_19`` (all of
    them, equal to ``mIoU``), ``mIoU_17`` and so on for each set of
    ``without``, and ``IoU_<class>``; per cent. As in the host, a mean passes
    over classes that neither labels nor predictions have; the table says how
    many it is of.

    Args:
        without: Sets of classes to leave out, a mean for each. For Table 11
            ``[('truck', 'bus')]``.
        **kwargs: Of ``mmseg.evaluation.IoUMetric``; with ``format_only`` and
            ``output_dir`` predictions are written and nothing is measured.

    Raises:
        ValueError: Two sets of one size; later, a class that the data set
            has not, or samples without labels.
    """

    def __init__(
        self, without: Sequence[Sequence[str]] = (), **kwargs
    ) -> None:
        super().__init__(**kwargs)
        self.without = [tuple(dict.fromkeys(names)) for names in without]
        sizes = [len(names) for names in self.without]
        if 0 in sizes or len(set(sizes)) < len(sizes):
            raise ValueError(
                f'without={self.without}, allowed: sets of one or more '
                'classes, each of another size, which names its mean'
            )

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """See mmseg's; areas are kept with the name of the split."""
        if not self.format_only:
            for sample in data_samples:
                if 'gt_sem_seg' not in sample:
                    raise ValueError(
                        f'{sample.get("img_path")} has no labels, allowed: '
                        'format_only=True and an output_dir'
                    )
        start = len(self.results)
        super().process(data_batch, data_samples)
        self.results[start:] = [
            (areas, sample.get('split_name'))
            for areas, sample in zip(self.results[start:], data_samples)
        ]

    def compute_metrics(self, results: list) -> Dict[str, float]:
        """The host's figures and table, then each named mean."""
        if self.format_only:
            return super().compute_metrics(results)
        sets = self._sets()
        areas, splits = zip(*results)
        metrics = dict(super().compute_metrics(list(areas)))
        intersection, union = (
            sum(a[i] for a in areas).numpy() for i in (0, 1)
        )
        with np.errstate(invalid='ignore'):
            iou = 100 * intersection / union  # nan: neither side has it
        classes = self.dataset_meta['classes']
        table = PrettyTable(['mean IoU over', 'of them seen', 'value'])
        table.align = 'l'
        for title, name, kept in sets:
            values = iou[[classes.index(each) for each in kept]]
            seen = values[~np.isnan(values)]
            mean = float(seen.mean()) if seen.size else float('nan')
            metrics[name] = round(mean, 2)
            table.add_row([title, seen.size, f'{mean:.2f}'])
        for label, value in zip(classes, iou):
            metrics[f'IoU_{label}'] = round(float(value), 2)
        dataset = self.dataset_meta.get('dataset_name', 'data set')
        MMLogger.get_current_instance().info(
            f'{dataset}, split {split_title(splits)}\n{table.get_string()}'
        )
        return metrics

    def _sets(self) -> Sequence[Tuple[str, str, Sequence[str]]]:
        """Title, name in the results, and classes of each mean."""
        if isinstance(self.dataset_meta, list):
            raise ValueError(
                'the parts of the data set have different metainfo: '
                f'{[meta["classes"] for meta in self.dataset_meta]}, allowed: '
                'the same classes in the same order'
            )
        classes = self.dataset_meta['classes']
        sets = []
        for names in ((), *self.without):
            unknown = [name for name in names if name not in classes]
            kept = [name for name in classes if name not in names]
            if unknown or not kept:
                raise ValueError(
                    f'without={names}, unknown: {unknown}, allowed: some but '
                    f'not all of {tuple(classes)}'
                )
            title = f'{len(kept)} classes'
            if names:
                title += f', without {", ".join(names)}'
            sets.append((title, f'mIoU_{len(kept)}', kept))
        return sets

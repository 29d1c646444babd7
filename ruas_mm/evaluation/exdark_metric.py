"""ExDark's figures: VOC AP at IoU .5 for each class, and COCO mAP."""

from typing import Dict, Mapping, Sequence

import numpy as np
from mmdet.evaluation import CocoMetric, eval_map
from mmengine.logging import MMLogger
from rich.console import Console
from rich.table import Table

from ruas_mm.evaluation.detections import check_finite, to_numpy
from ruas_mm.evaluation.split_title import split_title
from ruas_mm.registry import METRICS


@METRICS.register_module()
class ExDarkMetric(CocoMetric):
    """VOC AP50 per class (area under the curve) beside COCO's figures.

    Ground truth comes from the data samples: no annotation file is needed.
    The split's name (``split_name`` of the data samples) stands in the
    table's title, since figures from different splits do not compare; of data
    sets put together it is all of them.

    Results: ``exdark/AP50`` (mean over the classes that have a box),
    ``exdark/<Class>_AP50``, and COCO's as ``exdark/bbox_mAP`` etc.

    Args:
        iou_thr: IoU at which a detection counts. .5: the paper's Table 10.
        **kwargs: Of ``mmdet.evaluation.CocoMetric``.
    """

    default_prefix = 'exdark'

    def __init__(self, iou_thr: float = 0.5, **kwargs) -> None:
        if not 0 < iou_thr <= 1:
            raise ValueError(f'iou_thr={iou_thr}, allowed: above 0 to 1')
        super().__init__(**kwargs)
        self.iou_thr = iou_thr

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Keep predictions and ground truth, in pixels of the image file.

        Raises:
            ValueError: A box or score that is not finite, or a picture
                without boxes in its data sample.
        """
        self._coco_api = None  # else CocoMetric drops the ground truth
        samples = []
        for sample in data_samples:
            if 'gt_instances' not in sample:
                raise ValueError(
                    "data sample without 'gt_instances', allowed: those of a "
                    'test pipeline with LoadAnnotations'
                )
            truth = sample['gt_instances']
            instances = [
                dict(bbox=box, bbox_label=label, ignore_flag=0)
                for box, label in zip(
                    to_numpy(truth['bboxes']).tolist(),
                    to_numpy(truth['labels']).tolist(),
                )
            ]
            samples.append({**sample, 'instances': instances})
        start = len(self.results)
        super().process(data_batch, samples)
        for (truth, found), sample in zip(self.results[start:], samples):
            path = sample.get('img_path', sample['img_id'])
            check_finite(path, found['bboxes'], found['scores'])
            truth['split_name'] = sample.get('split_name')

    def compute_metrics(self, results: list) -> Dict[str, float]:
        """COCO's figures, then VOC's per class; logs one table of both.

        Raises:
            ValueError: Parts of a concatenated data set have other classes.
        """
        if not isinstance(self.dataset_meta, Mapping):
            raise ValueError(
                'the parts of the data set have different metainfo: '
                f'{[meta["classes"] for meta in self.dataset_meta]}, allowed: '
                'the same classes in the same order, or '
                "ignore_keys of mmdet's ConcatDataset for other keys"
            )
        results = _with_own_ids(results)
        self._coco_api = self.cat_ids = self.img_ids = None
        has_boxes = any(truth['anns'] for truth, _ in results)
        metrics = dict(super().compute_metrics(results)) if has_boxes else {}
        metrics.setdefault('bbox_mAP', 0.0 if has_boxes else float('nan'))

        classes = self.dataset_meta['classes']
        truths, detections = zip(
            *(_by_class(*result, len(classes)) for result in results)
        )
        mean_ap, per_class = eval_map(
            detections,
            truths,
            iou_thr=self.iou_thr,
            logger='silent',
            eval_mode='area',
            use_legacy_coordinate=True,
        )
        name = f'AP{self.iou_thr * 100:.0f}'
        metrics[name] = round(mean_ap, 4) if has_boxes else float('nan')
        for label, result in zip(classes, per_class):
            if result['num_gts']:
                metrics[f'{label}_{name}'] = round(float(result['ap']), 4)
        split = split_title(truth.get('split_name') for truth, _ in results)
        self._log_table(name, metrics, per_class, split)
        return metrics

    def _log_table(
        self, name: str, metrics: dict, per_class: list, split: str
    ) -> None:
        dataset = self.dataset_meta.get('dataset_name', 'data set')
        table = Table(
            title=f'{dataset}, split {split}',
            caption=f'COCO mAP {metrics["bbox_mAP"]:.3f}',
        )
        for column in ('class', 'boxes', 'detections', 'recall', name):
            table.add_column(column, justify='right')
        for label, result in zip(self.dataset_meta['classes'], per_class):
            if not result['num_gts']:
                table.add_row(label, '0', str(result['num_dets']), '-', '-')
                continue
            recall = result['recall'][-1] if len(result['recall']) else 0
            table.add_row(
                label,
                str(result['num_gts']),
                str(result['num_dets']),
                f'{recall:.3f}',
                f'{float(result["ap"]):.3f}',
            )
        table.add_section()
        table.add_row('mean', '', '', '', f'{metrics[name]:.3f}')
        console = Console(width=79)
        with console.capture() as capture:
            console.print(table)
        MMLogger.get_current_instance().info('\n' + capture.get())


def _with_own_ids(results: list) -> list:
    """Images of data sets put together may share ids, which COCO merges."""
    ids = {truth['img_id'] for truth, _ in results}
    if len(ids) == len(results):
        return results
    return [
        tuple(dict(part, img_id=number) for part in result)
        for number, result in enumerate(results)
    ]


def _by_class(truth: dict, prediction: dict, num_classes: int) -> tuple:
    """One image in the layout of ``mmdet.evaluation.eval_map``."""
    boxes = np.array([a['bbox'] for a in truth['anns']], np.float32)
    labels = np.array([a['bbox_label'] for a in truth['anns']], int)
    annotation = dict(bboxes=boxes.reshape(-1, 4), labels=labels)
    scored = np.hstack([prediction['bboxes'], prediction['scores'][:, None]])
    detections = [
        scored[prediction['labels'] == label] for label in range(num_classes)
    ]
    return annotation, detections

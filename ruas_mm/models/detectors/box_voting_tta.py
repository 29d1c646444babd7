"""Multi-scale test of the face detectors, whose boxes vote.

Source: the test of the public S3FD, PyramidBox and DSFD ports.
"""

from typing import List

import numpy as np
import torch
from mmdet.models.test_time_augs import DetTTAModel
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

from ruas_mm.arguments import check_whole_number
from ruas_mm.registry import MODELS


@MODELS.register_module()
class BoxVotingTTA(DetTTAModel):
    """mmdet's ``DetTTAModel`` that merges by voting instead of NMS.

    The best box and all that overlap with it form a group, which becomes one
    box: the mean of the corners weighted by the scores, with the highest
    score; then the best of the rest. Goes with :class:`FaceViews`, whose
    ``face_sizes`` say which boxes of a view count.

    Args:
        iou_threshold: IoU (sides counted with one pixel more) from which on
            two boxes overlap. .3: ports.
        max_per_img: How many boxes are kept. 750: ports.
        keep_singletons: Whether a box that no other view confirms is kept.
            False: ports.
        **kwargs: Of ``DetTTAModel`` (``module``, ``data_preprocessor``).

    Raises:
        ValueError: A threshold outside (0, 1], or a number below 1.
    """

    def __init__(
        self,
        iou_threshold: float = 0.3,
        max_per_img: int = 750,
        keep_singletons: bool = False,
        **kwargs,
    ) -> None:
        if not 0 < iou_threshold <= 1:
            raise ValueError(
                f'iou_threshold={iou_threshold}, allowed: above 0, up to 1'
            )
        check_whole_number('max_per_img', max_per_img, 1)
        super().__init__(**kwargs)
        self.iou_threshold = iou_threshold
        self.max_per_img = max_per_img
        self.keep_singletons = keep_singletons

    def _merge_single_sample(
        self, data_samples: List[DetDataSample]
    ) -> DetDataSample:
        views = [wanted_of(sample) for sample in data_samples]
        boxes, scores = self.merge_aug_bboxes(
            [view.bboxes for view in views],
            [view.scores for view in views],
            [sample.metainfo for sample in data_samples],
        )
        labels = torch.cat([view.labels for view in views])
        merged = vote(
            InstanceData(bboxes=boxes, scores=scores, labels=labels),
            self.iou_threshold,
            self.keep_singletons,
        )
        result = data_samples[0]
        result.pred_instances = merged[: self.max_per_img]
        return result


def wanted_of(sample: DetDataSample) -> InstanceData:
    """Boxes of a view whose size it is asked for.

    Args:
        sample: ``face_sizes``, if there, is (longer side from, shorter side
            below), sides counted with one pixel more; see
            :class:`FaceViews`.
    """
    found = sample.pred_instances
    longest_from, shortest_below = sample.get('face_sizes', (0, None))
    sides = found.bboxes[:, 2:] - found.bboxes[:, :2] + 1
    wanted = sides.amax(1) > longest_from
    if shortest_below is not None:
        wanted &= sides.amin(1) < shortest_below
    return found[wanted]


def vote(
    found: InstanceData, iou_threshold: float, keep_singletons: bool
) -> InstanceData:
    """Merge the boxes of all views, the best first.

    Args:
        found: ``bboxes`` (K, 4), ``scores`` (K,), ``labels`` (K,).
        iou_threshold: See :class:`BoxVotingTTA`.
        keep_singletons: The same.
    """
    # thousands of small steps, for which NumPy is the faster
    boxes, scores, labels = (
        found[key].cpu().numpy() for key in ('bboxes', 'scores', 'labels')
    )
    rest = np.argsort(-scores, kind='stable')
    best, voted = [], []
    while len(rest):
        same = labels[rest] == labels[rest[0]]
        same &= iou_with_first(boxes[rest]) >= iou_threshold
        same[0] = True  # also if it has no area
        group, rest = rest[same], rest[~same]
        if len(group) > 1 or keep_singletons:
            best.append(group[0])
            weights = scores[group] / scores[group].sum()
            voted.append(weights @ boxes[group])
    merged = found[torch.as_tensor(best, dtype=torch.long)]
    merged.bboxes = found.bboxes.new_tensor(np.array(voted)).reshape(-1, 4)
    return merged


def iou_with_first(boxes: np.ndarray) -> np.ndarray:
    """IoU of each box with the first, sides with one pixel more, (K,)."""
    low = np.maximum(boxes[:, :2], boxes[0, :2])
    high = np.minimum(boxes[:, 2:], boxes[0, 2:])
    common = (high - low + 1).clip(0).prod(1)
    areas = (boxes[:, 2:] - boxes[:, :2] + 1).prod(1)
    return common / (areas + areas[0] - common)

"""Boxes that end where the picture ends, to be drawn."""

from mmengine.structures import BaseDataElement
from torch import Tensor


def boxes_inside(
    sample: BaseDataElement, height: int, width: int
) -> BaseDataElement:
    """The data sample with its boxes clipped to the picture.

    Hosts draw by matplotlib, which shrinks the picture to make room for a box
    that reaches out; not every detector clips its boxes (YOLOX, RTMDet).

    Args:
        sample: Of any host; not changed.
        height: Of the picture, pixels.
        width: The same.

    Returns:
        A copy, not of what it holds; without boxes ``sample`` itself.
    """
    for name in ('pred_instances', 'gt_instances'):
        instances = sample.get(name)
        boxes = instances.get('bboxes') if instances is not None else None
        if not isinstance(boxes, Tensor) or boxes.shape[-1] != 4:
            continue
        limits = boxes.new_tensor([width, height, width, height])
        sample, inside = sample.new(), instances.new()
        inside.bboxes = boxes.clamp(min=0).minimum(limits)
        setattr(sample, name, inside)
    return sample

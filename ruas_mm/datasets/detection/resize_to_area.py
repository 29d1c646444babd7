"""Bring pictures to one area, whatever their shape."""

from mmcv.transforms import BaseTransform
from mmdet.datasets.transforms import Resize

from ruas_mm.arguments import check_whole_number
from ruas_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class ResizeToArea(BaseTransform):
    """mmdet's ``Resize`` to height x width = ``area``, ratio kept.

    Keys are those of mmdet's ``Resize``.

    Args:
        area: Pixels of the result, up to rounding of its sides. 1500 * 1000:
            the released face detector.
        interpolation: Of mmdet's ``Resize``.

    Raises:
        ValueError: An area below one pixel.
    """

    def __init__(self, area: int, interpolation: str = 'bilinear') -> None:
        check_whole_number('area', area, 1)
        self.area = area
        self.interpolation = interpolation

    def transform(self, results: dict) -> dict:
        """Resize picture and boxes."""
        height, width = results['img'].shape[:2]
        factor = (self.area / (height * width)) ** 0.5
        size = [max(round(side * factor), 1) for side in (width, height)]
        resize = Resize(scale=tuple(size), interpolation=self.interpolation)
        return resize(results)

    def __repr__(self) -> str:
        return f'{type(self).__name__}(area={self.area})'

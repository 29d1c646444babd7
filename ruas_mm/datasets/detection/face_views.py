"""Views of a picture for the multi-scale test of the face detectors."""

from typing import List, Optional, Sequence, Tuple

from mmcv.transforms import BaseTransform
from mmdet.datasets.transforms import PackDetInputs, RandomFlip, Resize

from ruas_mm.arguments import check_at_least
from ruas_mm.registry import TRANSFORMS

META_KEYS = (
    'img_id',
    'img_path',
    'ori_shape',
    'img_shape',
    'scale_factor',
    'flip',
    'flip_direction',
    'face_sizes',
)
FaceSizes = Tuple[float, Optional[float]]
"""Longer side from, shorter side below, in pixels of the file; + 1 each."""
SHRUNK_FROM = 30
ENLARGED_UP_TO = 100


@TRANSFORMS.register_module()
class FaceViews(BaseTransform):
    """The picture, mirrored, shrunk and enlarged, packed for a TTA model.

    With m the largest scale that ``area`` allows, at 1: the picture at
    min(1, m), the same mirrored, a shrunk one (.5) and an enlarged one
    (min(2, m)), then 4, 8, ... below m and m itself. A shrunk view is asked
    for large faces alone, an enlarged one for small ones:
    :class:`BoxVotingTTA` reads ``face_sizes`` of its data sample.

    It packs what it makes (``PackDetInputs``), so nothing comes after it;
    ``LoadAnnotations`` comes before.

    Args:
        area: Largest number of pixels of a view. 1700 * 1200: port of S3FD;
            1700 * 1000: of PyramidBox; 1500 * 1000: of DSFD.
        largest: Largest scale. 3: HLA-Face; None: no bound but ``area``.
        scales: Further scales, of which those up to m are taken. (.25, .75,
            1.25, 1.5, 1.75, 2.25): HLA-Face; (): ports.

    Raises:
        ValueError: An area or a scale that is not positive.
    """

    def __init__(
        self,
        area: float,
        largest: Optional[float] = None,
        scales: Sequence[float] = (),
    ) -> None:
        check_at_least('area', area, 1)
        bounds = (*scales, *([] if largest is None else [largest]))
        if not all(bound > 0 for bound in bounds):
            raise ValueError(
                f'scales={tuple(scales)}, largest={largest}, allowed: '
                'positive numbers'
            )
        self.area = area
        self.largest = float('inf') if largest is None else largest
        self.scales = tuple(scales)

    def scales_of(self, height: int, width: int) -> List[float]:
        """Scales of the views of a picture of that size; the plain first."""
        most = min((self.area / (height * width)) ** 0.5, self.largest)
        shrunk = 0.5 if most >= 0.75 else 0.5 * most
        others = {shrunk, *(s for s in self.scales if s <= most)}
        if most > 1:
            enlarged = 2
            while enlarged < most:
                others.add(enlarged)
                enlarged *= 2
            others.add(most)
        else:
            others.add((shrunk + most) / 2)
        plain = min(1, most)
        return [plain, *sorted(others - {plain})]

    def transform(self, results: dict) -> dict:
        """Make the views.

        Returns:
            ``inputs`` and ``data_samples``, lists with one entry a view.
        """
        plain, *others = self.scales_of(*results['img'].shape[:2])
        views = [self._view(results, plain, flip) for flip in (0.0, 1.0)]
        for scale in others:
            sizes = (0, ENLARGED_UP_TO) if scale > 1 else (SHRUNK_FROM, None)
            views.append(self._view(results, scale, 0.0, sizes))
        return {key: [view[key] for view in views] for key in views[0]}

    def _view(
        self,
        results: dict,
        scale: float,
        flip: float,
        sizes: FaceSizes = (0, None),
    ) -> dict:
        # faces to be found stay where they are in the file, as in mmdet
        view = {k: v for k, v in results.items() if not k.startswith('gt_')}
        view = Resize(scale_factor=float(scale), keep_ratio=True)(view)
        view = RandomFlip(prob=flip)(view)
        view = {**results, **view, 'face_sizes': sizes}
        return PackDetInputs(meta_keys=META_KEYS)(view)

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(area={self.area}, '
            f'largest={self.largest}, scales={self.scales})'
        )

"""Training crops of the face detectors.

Paper: PyramidBox, Sec. 3.4 (data-anchor-sampling).
https://arxiv.org/abs/1803.07737

Differs from the public ports: faces are clipped to the window, what lies
beyond any border is filled, with the mean in the picture's channel order, and
only the window itself is resampled, so no 12000x12000 pictures are made.
"""

from typing import Optional, Sequence, Tuple

import cv2
import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from ruas_mm.arguments import check_whole_number
from ruas_mm.registry import TRANSFORMS

INTERPOLATIONS = (
    cv2.INTER_LINEAR,
    cv2.INTER_CUBIC,
    cv2.INTER_AREA,
    cv2.INTER_NEAREST,
    cv2.INTER_LANCZOS4,
)
MEAN = (104, 117, 123)  # of ImageNet, BGR as mmcv reads
PER_BOX = ('gt_bboxes', 'gt_bboxes_labels', 'gt_ignore_flags')


@TRANSFORMS.register_module()
class DataAnchorSampling(BaseTransform):
    """Resize so that some face fits a random anchor, and cut around it.

    A face is picked; the anchor that its side is to have is one of those up
    to one above the nearest, at most the last but none; the side then lies
    between half and twice that.

    Required keys: ``img`` (H, W, 3), ``gt_bboxes``. Modified keys: these,
    ``gt_bboxes_labels``, ``gt_ignore_flags``, ``img_shape``. Faces whose
    centre is outside are dropped, the others clipped; a picture whose faces
    are all dropped gives None, so that the data set draws another. A picture
    without faces is left alone.

    Args:
        size: Side of the window, in pixels. 640: all ports.
        anchors: Sides of the priors. 16 to 512: S3FD, PyramidBox, DSFD.
        tries: How many windows are drawn. 50: ports.
        fill: Beyond the picture, in its channel order.
    """

    def __init__(
        self,
        size: int = 640,
        anchors: Sequence[int] = (16, 32, 64, 128, 256, 512),
        tries: int = 50,
        fill: Sequence[float] = MEAN,
    ) -> None:
        check_whole_number('size', size, 1)
        check_whole_number('tries', tries, 1)
        self.size = size
        self.anchors = np.asarray(sorted(anchors))
        self.tries = tries
        self.fill = tuple(fill)

    @cache_randomness
    def choose_face(self, count: int) -> int:
        """Index of a face."""
        return int(np.random.randint(count))

    @cache_randomness
    def choose_side(self, side: float) -> float:
        """Side that a face of that side is to have, in pixels."""
        nearest = int(np.abs(self.anchors - side).argmin())
        last = min(nearest + 1, len(self.anchors) - 1)
        anchor = self.anchors[np.random.randint(last + 1)]
        return float(anchor * 2 ** np.random.uniform(-1, 1))

    @cache_randomness
    def choose_window(
        self, boxes: np.ndarray, face: int
    ) -> Tuple[float, float]:
        """Left and top of a window that holds the face, or lies in it."""
        first, last = boxes[face, :2], boxes[face, 2:] - self.size
        low, high = np.minimum(first, last), np.maximum(first, last)
        drawn = np.random.uniform(low, high, (self.tries, 2)).round()
        for left, top in drawn:
            window = np.array([left, top, left + self.size, top + self.size])
            if (
                wholly_inside(boxes, window).any()
                or iou(boxes, window).max() > 0.7
            ):
                return left, top
        return tuple(drawn[0])

    @cache_randomness
    def choose_interpolation(self) -> int:
        """One of OpenCV's."""
        return INTERPOLATIONS[np.random.randint(len(INTERPOLATIONS))]

    def transform(self, results: dict) -> Optional[dict]:
        """Resize and cut."""
        boxes = corners_of(results)
        if not len(boxes):
            return results
        face = self.choose_face(len(boxes))
        side = np.prod(boxes[face, 2:] - boxes[face, :2]) ** 0.5
        factor = self.choose_side(side) / max(side, 1e-3)
        boxes = boxes * factor
        left, top = self.choose_window(boxes, face)
        results['img'] = resampled_window(
            results['img'],
            factor,
            (left, top),
            self.size,
            self.choose_interpolation(),
            self.fill,
        )
        return keep_inside(
            results, boxes - [left, top, left, top], (self.size, self.size)
        )

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(size={self.size}, '
            f'anchors={self.anchors.tolist()}, tries={self.tries})'
        )


@TRANSFORMS.register_module()
class SquareCrop(BaseTransform):
    """Cut a random square with a whole face in it.

    Of five candidates, the first as large as fits and four of a random part
    of the shorter side, one with a face in it is taken; if none has, the
    picture stays whole.

    Keys, faces and empty pictures: see :class:`DataAnchorSampling`.

    Args:
        smallest: Smallest part of the shorter side. .3: ports.
        tries: How many places are tried for a candidate. 50: ports.
    """

    def __init__(self, smallest: float = 0.3, tries: int = 50) -> None:
        if not 0 < smallest <= 1:
            raise ValueError(f'smallest={smallest}, allowed: (0, 1]')
        check_whole_number('tries', tries, 1)
        self.smallest = smallest
        self.tries = tries

    @cache_randomness
    def choose_square(
        self, height: int, width: int, boxes: np.ndarray
    ) -> Tuple[int, int, int, int]:
        """Left, top, right, bottom; of the whole picture if none fits."""
        short, found = min(height, width), []
        parts = [1, *np.random.uniform(self.smallest, 1, 4)]
        for side in [max(int(part * short), 1) for part in parts]:
            room = (width - side + 1, height - side + 1)
            corners = np.random.randint(room, size=(self.tries, 2))
            squares = np.concatenate([corners, corners + side], 1)
            fitting = (s for s in squares if wholly_inside(boxes, s).any())
            square = next(fitting, None)
            if square is not None:
                found.append(square)
        if not found:
            return 0, 0, width, height
        return tuple(found[np.random.randint(len(found))].tolist())

    def transform(self, results: dict) -> Optional[dict]:
        """Cut."""
        boxes = corners_of(results)
        if not len(boxes):
            return results
        left, top, right, bottom = self.choose_square(
            *results['img'].shape[:2], boxes
        )
        results['img'] = np.ascontiguousarray(
            results['img'][top:bottom, left:right]
        )
        return keep_inside(
            results, boxes - [left, top, left, top], results['img'].shape[:2]
        )

    def __repr__(self) -> str:
        return f'{type(self).__name__}(smallest={self.smallest})'


def corners_of(results: dict) -> np.ndarray:
    """Boxes as (K, 4), left, top, right, bottom."""
    boxes = results['gt_bboxes']
    boxes = getattr(boxes, 'tensor', boxes)
    return np.asarray(boxes, np.float64).reshape(-1, 4)


def wholly_inside(boxes: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Which boxes the window holds, (K,)."""
    return (boxes[:, :2] >= window[:2]).all(1) & (
        boxes[:, 2:] <= window[2:]
    ).all(1)


def iou(boxes: np.ndarray, window: np.ndarray) -> np.ndarray:
    """IoU of boxes with one window, (K,)."""
    common = np.minimum(boxes[:, 2:], window[2:]) - np.maximum(
        boxes[:, :2], window[:2]
    )
    common = common.clip(0).prod(1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    area = (window[2:] - window[:2]).prod()
    return common / (areas + area - common).clip(1e-9)


def resampled_window(
    picture: np.ndarray,
    factor: float,
    corner: Tuple[float, float],
    size: int,
    interpolation: int,
    fill: Sequence[float],
) -> np.ndarray:
    """A window of the resized picture, (size, size, 3).

    Args:
        picture: (H, W, 3).
        factor: By which it is resized.
        corner: Left and top of the window, in the resized picture.
        size: Side of the window.
        interpolation: OpenCV's.
        fill: What is beyond the picture.
    """
    scale = np.array([factor, factor])
    if interpolation == cv2.INTER_AREA:  # which a warp does not know
        if factor < 1:
            old = np.array(picture.shape[1::-1])
            new = np.maximum((old * factor).round(), 1).astype(int)
            picture = cv2.resize(
                picture, tuple(new.tolist()), interpolation=interpolation
            )
            scale = scale * old / new
        interpolation = cv2.INTER_LINEAR
    matrix = np.zeros((2, 3))
    matrix[[0, 1], [0, 1]] = scale
    matrix[:, 2] = 0.5 * scale - 0.5 - np.asarray(corner)
    return cv2.warpAffine(
        picture,
        matrix,
        (size, size),
        flags=interpolation,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=tuple(fill),
    )


def keep_inside(
    results: dict, boxes: np.ndarray, shape: Tuple[int, int]
) -> Optional[dict]:
    """Drop faces whose centre is outside, clip the others.

    Args:
        results: What is changed, and returned if a face is left.
        boxes: In the coordinates of the new picture.
        shape: Its height and width.
    """
    size = np.array(shape[::-1])
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    kept = ((centres > 0) & (centres < size)).all(1)
    if not kept.any():
        return None
    boxes = boxes.clip(0, np.tile(size, 2)).astype(np.float32)
    for key in PER_BOX:
        if key in results:
            results[key] = results[key][kept]
    old = results['gt_bboxes']
    if hasattr(old, 'tensor'):
        old.tensor = torch.from_numpy(boxes[kept])
    else:
        results['gt_bboxes'] = boxes[kept]
    results['img_shape'] = tuple(shape)
    return results

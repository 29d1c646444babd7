"""Write a detector and all that comes before and after it as ONNX."""

import copy
import json
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Tuple, Union

import numpy as np
import torch
import torch.nn as nn
from mmcv.image import imread
from mmdet.apis import inference_detector
from mmdet.models import SingleStageDetector, YOLOXHead
from mmdet.models.dense_heads.base_dense_head import BaseDenseHead
from mmdet.structures import DetDataSample
from mmdet.utils import get_test_pipeline_cfg
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch import Tensor
from torchvision.ops import nms

from ruas_mm.apis.letterbox import Letterbox, read_letterbox
from ruas_mm.apis.onnx_export import (
    check_difference,
    check_export,
    dark_pictures,
    describe,
    exporting,
    run_file,
    set_numbers,
    trace,
)
from ruas_mm.apis.whole_model import preprocess
from ruas_mm.files.atomic_write import atomic_write

INPUT, OUTPUTS = 'picture', ('boxes', 'scores', 'labels')
BOX_TOLERANCE, SCORE_TOLERANCE = 0.5, 1e-3  # pixels of the picture; of 1
COMPARED = 20  # best detections of a picture
MADE_UP = (240, 320)
NMS = {'type', 'iou_threshold', 'class_agnostic', 'max_num', 'split_thr'}
ALLOWED = (
    'a single-stage detector of mmdet whose head predicts boxes for each '
    "cell and ends with mmdet's common steps and nms type='nms' (SSD, "
    'RetinaNet, FCOS, ATSS, GFL, YOLOF, YOLOX, RTMDet, ...); '
    'ruas_mm.apis.WholeModel holds the raw output of others'
)

Detections = Tuple[np.ndarray, np.ndarray, np.ndarray]
"""Boxes (n, 4), scores (n, ) and labels (n, )."""


class Differences(NamedTuple):
    """Largest ones to mmdet: of boxes in pixels, and of scores."""

    boxes: float
    scores: float


def export_detector(
    model: nn.Module,
    path: Union[str, Path],
    picture: Union[str, Path, np.ndarray, None] = None,
    opset: int = 17,
) -> Differences:
    """Write a detector, its front, pre- and post-processing as one file.

    The file's input is ``picture``, uint8 (H, W, 3), BGR: what
    ``cv2.imread`` gives. Its outputs are ``boxes``, float32 (n, 4), left,
    top, right, bottom in pixels of that picture, ``scores``, float32 (n, )
    and ``labels``, int64 (n, ), best first: what mmdet's
    ``inference_detector`` finds. H and W are free where the test pipeline
    brings all pictures to one size, else those of ``picture``. Metadata name
    the classes and the version of this package.

    Args:
        model: As mmdet's ``init_detector`` gives it, on any device; it is not
            changed.
        path: File to write. What was there stays unless ONNX Runtime finds
            what mmdet finds, of the best 20 without a threshold.
        picture: File or pixels to compare on. None: made up.
        opset: 13 to 17.

    Returns:
        The largest differences.

    Raises:
        ValueError: A detector or pipeline that cannot be exported, a picture
            that is missing or is none, or what :func:`check_export` and
            :func:`check_difference` say.
    """
    check_export(opset)
    model = copy.deepcopy(model).cpu().float().eval()
    check_kind(model)
    box = read_letterbox(_pipeline(model))
    pixels = _read(picture, box)
    whole = DetectorFile(copy.deepcopy(model), box, pixels.shape[:2]).eval()
    axes = {name: {0: 'n'} for name in OUTPUTS}
    if box.is_fixed:
        axes[INPUT] = {0: 'H', 1: 'W'}
    with atomic_write(path) as temporary, torch.no_grad():
        kind = f'{type(model).__name__} with {type(model.bbox_head).__name__}'
        with exporting(path, kind, opset):
            trace(
                whole,
                (torch.from_numpy(pixels),),
                temporary,
                opset,
                ignored='',  # what is fixed is so by number
                input_names=[INPUT],
                output_names=list(OUTPUTS),
                dynamic_axes=axes,
            )
            differences = compare_detections(
                _without_thresholds(model, pixels, whole.open_thresholds()),
                run_file(temporary, {INPUT: pixels}, OUTPUTS),
            )
        check_difference(path, differences.boxes, BOX_TOLERANCE)
        check_difference(path, differences.scores, SCORE_TOLERANCE)
        set_numbers(temporary, whole.thresholds)
        describe(temporary, classes=json.dumps(_classes(model)))
    return differences


class DetectorFile(nn.Module):
    """From one picture to its detections, as exporters want it.

    The head's own ``predict`` is traced up to its candidates. Its thresholds
    are numbers of their own, so low while tracing that no branch is taken
    for the picture's sake.

    Args:
        detector: See :func:`check_kind`; it is changed.
        box: How pictures get to the network's size.
        size: Height and width of the picture that is traced with.

    Attributes:
        thresholds: Names of buffers -> numbers to put there after tracing.
    """

    def __init__(
        self, detector: nn.Module, box: Letterbox, size: Tuple[int, int]
    ) -> None:
        super().__init__()
        self.detector, self.box = detector, box
        self.canvas = box.canvas(*size)
        head = detector.bbox_head
        self.cfg = cfg = head.test_cfg
        self.thresholds = {
            name: float(cfg[name])
            for name in ('score_thr', 'conf_thr')
            if cfg.get(name, 0) > 0
        }
        for name, number in self.open_thresholds().items():
            self.register_buffer(name, torch.tensor(number))
        head.test_cfg = _Traced(cfg, **dict(self.named_buffers(recurse=False)))
        head._bbox_post_process = self._keep

    def open_thresholds(self) -> Dict[str, float]:
        """Different ones, for exporters put equal numbers together."""
        return {name: 1e-30 * i for i, name in enumerate(self.thresholds, 1)}

    def forward(self, picture: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
        """Detect.

        Args:
            picture: BGR, uint8, (H, W, 3).

        Returns:
            Boxes (n, 4), left, top, right and bottom in pixels of the
            picture, scores (n, ) and labels (n, ), best first.
        """
        x, factors = self.box.apply(picture, self.canvas)
        inputs = preprocess(self.detector, x)['inputs']
        # numbers, which the exporter has lost on the way
        inputs = inputs.reshape([int(side) for side in inputs.shape])
        # without img_shape: clipping would import what mmdet 3 has not
        sample = DetDataSample(metainfo=dict(img_shape=None))
        features = self.detector.extract_feat(inputs)
        self.found = None
        self.detector.bbox_head.predict(features, [sample])
        if self.found is None:  # masks of instances, for example
            raise RuntimeError('its head ends with steps of its own')
        boxes = self._clipped(self.found.bboxes)
        boxes = boxes / factors.flip(0).repeat(2).float()
        scores, labels = self.found.scores, self.found.labels
        if 'score_factors' in self.found:
            scores = scores * self.found.score_factors
        return self._best(boxes, scores, labels)

    def _keep(self, results: InstanceData, *_, **__) -> InstanceData:
        """In the place of the head's last steps."""
        self.found = results
        return results

    def _clipped(self, boxes: Tensor) -> Tensor:
        coder = getattr(self.detector.bbox_head, 'bbox_coder', None)
        if not getattr(coder, 'clip_border', False):
            return boxes
        ends = boxes.new_tensor(self.canvas[::-1]).repeat(2)
        return torch.minimum(boxes.clamp(min=0), ends)

    def _best(self, boxes: Tensor, scores: Tensor, labels: Tensor) -> tuple:
        """As ``_bbox_post_process``, and mmcv's ``batched_nms`` in it."""
        cfg, limit = self.cfg, self.cfg.nms.get('max_num', -1)
        if not isinstance(self.detector.bbox_head, YOLOXHead):
            limit = cfg.max_per_img
            if cfg.get('min_bbox_size', -1) >= 0:
                wide, high = (boxes[:, 2:] - boxes[:, :2]).unbind(1)
                keep = (wide > cfg.min_bbox_size) & (high > cfg.min_bbox_size)
                boxes, scores, labels = boxes[keep], scores[keep], labels[keep]
        apart = torch.cat([boxes.flatten(), boxes.new_zeros(1)]).max() + 1
        if cfg.nms.get('class_agnostic'):
            apart = apart * 0
        shifted = boxes + labels.to(boxes)[:, None] * apart
        kept = nms(shifted, scores, cfg.nms.iou_threshold)
        if limit >= 0:
            kept = kept[:limit]
        return boxes[kept], scores[kept], labels[kept]


class _Traced(ConfigDict):
    """Settings with tensors in them that stay part of the trace."""

    def __deepcopy__(self, memo: dict) -> '_Traced':
        return self


def check_kind(model: nn.Module) -> None:
    """Make sure that a detector can be exported.

    Raises:
        ValueError: One of another kind; the message names its head.
    """
    heads = (
        getattr(model, name, None)
        for name in ('bbox_head', 'roi_head', 'mask_head')
    )
    head = next(filter(None, heads), None)
    last = getattr(type(head), '_bbox_post_process', None)
    name = f'{type(model).__name__} with {type(head).__name__}'
    steps = (BaseDenseHead._bbox_post_process, YOLOXHead._bbox_post_process)
    if not isinstance(model, SingleStageDetector) or last not in steps:
        raise ValueError(f'{name} cannot be exported, allowed: {ALLOWED}')
    settings = dict((head.test_cfg or {}).get('nms') or {})
    if settings.get('type') != 'nms' or not set(settings) <= NMS:
        raise ValueError(
            f'{name} ends with nms={settings} and cannot be exported, '
            f'allowed: {ALLOWED}'
        )


def _classes(model: nn.Module) -> List[str]:
    """None where the checkpoint does not tell: mmdet then takes COCO's."""
    meta = getattr(model, 'dataset_meta', None) or {}
    classes = list(meta.get('classes') or ())
    fits = len(classes) == model.bbox_head.num_classes
    return classes if fits else []


def _pipeline(model: nn.Module) -> Any:
    if 'test_dataloader' not in (getattr(model, 'cfg', None) or {}):
        raise ValueError(
            f'{type(model).__name__} has no cfg with a test_dataloader, '
            "allowed: what mmdet's init_detector gives"
        )
    return get_test_pipeline_cfg(model.cfg)


def _read(
    picture: Union[str, Path, np.ndarray, None], box: Letterbox
) -> np.ndarray:
    """Pixels to trace with and to compare on, uint8 (H, W, 3)."""
    if picture is not None:
        pixels = picture
        if not isinstance(picture, np.ndarray):
            pixels = imread(str(picture)) if Path(picture).is_file() else None
        if pixels is None or pixels.ndim != 3 or pixels.dtype != np.uint8:
            told = picture
            if isinstance(picture, np.ndarray):
                told = f'{picture.dtype} {picture.shape}'
            raise ValueError(
                f'picture={told}, allowed: an image file, or uint8 '
                '(H, W, 3), BGR'
            )
        return pixels
    if not box.is_fixed:
        raise ValueError(
            f'picture=None, but the test pipeline ({box}) brings pictures of '
            'different sizes to different sizes, allowed: a picture of the '
            'size that the file is for'
        )
    noisy = dark_pictures(2, *MADE_UP)[1]
    return (255 * noisy).byte().permute(1, 2, 0).contiguous().numpy()


def _without_thresholds(
    model: nn.Module, pixels: np.ndarray, thresholds: Dict[str, float]
) -> Detections:
    """What mmdet finds, however low its score."""
    model.bbox_head.test_cfg.update(thresholds)
    found = inference_detector(model, pixels).pred_instances
    return tuple(
        found[name].numpy() for name in ('bboxes', 'scores', 'labels')
    )


def compare_detections(
    expected: Detections, found: Detections, best: int = COMPARED
) -> Differences:
    """Each of the best of either, against the nearest of the other.

    One that has none of its class within the tolerance makes both infinite.
    """
    worst = Differences(0.0, 0.0)
    for these, (boxes, scores, labels) in (
        (expected, found),
        (found, expected),
    ):
        for box, score, label in zip(*(part[:best] for part in these)):
            apart = np.abs(boxes - box).max(1)
            apart = np.where(labels == label, apart, np.inf)
            if not (apart <= BOX_TOLERANCE).any():
                return Differences(float('inf'), float('inf'))
            nearest = apart.argmin()
            worst = Differences(
                float(np.maximum(worst.boxes, apart[nearest])),
                float(np.maximum(worst.scores, abs(scores[nearest] - score))),
            )
    return worst

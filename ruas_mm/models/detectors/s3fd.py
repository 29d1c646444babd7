"""S3FD, and the released face detector of RUAS that is built like it.

Papers: https://arxiv.org/abs/1708.05237 (S3FD, Sec. 3.1 to 3.3) and
https://arxiv.org/abs/2112.04719 (RUAS, Sec. 7.1).

Differs from the papers: :class:`ScaleCompensationAssigner` has both the form
that is printed and that of the PyTorch port whose weights are public.
"""

from typing import List, Optional, Sequence, Tuple

import torch
from mmcv.cnn import ConvModule
from mmdet.models.necks.ssd_neck import SSDNeck
from mmdet.models.task_modules import AssignResult, MaxIoUAssigner
from torch import Tensor

from ruas_mm.arguments import check_choice
from ruas_mm.models.detectors.face_parts import (
    EXTRA_CHANNELS,
    EXTRA_LAYERS,
    NORM_SCALES,
    TRUNK_CHANNELS,
    level_norms,
    normed,
)
from ruas_mm.models.searched_convolutions import Place, SearchedConvolutions
from ruas_mm.registry import MODELS, TASK_UTILS

MODES = ('picture', 'face')


@MODELS.register_module()
class S3FDNeck(SSDNeck):
    """mmdet's ``SSDNeck`` of six levels, the first ones L2-normed.

    Args:
        in_channels: Of the backbone's four maps, strides 4 to 32; as
            default those of :class:`FaceVGG`.
        norm_scales: Where the norms of the first levels start; as default of
            three. Empty: none, for a backbone with norms of its own.
        init_cfg: As in ``SSDNeck``; None: its Xavier.
    """

    def __init__(
        self,
        in_channels: Sequence[int] = TRUNK_CHANNELS,
        norm_scales: Sequence[float] = NORM_SCALES,
        init_cfg: Optional[dict] = None,
    ) -> None:
        given = {} if init_cfg is None else dict(init_cfg=init_cfg)
        layers = dict(
            EXTRA_LAYERS,
            in_channels=tuple(in_channels),  # compared with the next
            out_channels=(*in_channels, *EXTRA_CHANNELS),
        )
        super().__init__(**layers, **given)
        self.norms = level_norms(in_channels, norm_scales)

    def forward(self, inputs: Tuple[Tensor, ...]) -> Tuple[Tensor, ...]:
        """Six maps of strides 4 to 128.

        Args:
            inputs: Maps of the backbone, strides 4 to 32.
        """
        return tuple(normed(super().forward(inputs), self.norms))


@MODELS.register_module()
class SearchableS3FDNeck(SearchedConvolutions, S3FDNeck):
    """:class:`S3FDNeck` whose four extra convolutions are searched.

    Unlike in :class:`SearchableSSDNeck`, the ones that halve the channels are
    searched too (release).

    Args:
        genotype: One high-level operation of Table 1 for each extra
            convolution. None: the supernet, with all of them at once.
        **kwargs: Of :class:`S3FDNeck`.

    Raises:
        ValueError: Wrong length or unknown operation.
    """

    def __init__(self, *, genotype: Optional[Sequence[str]], **kwargs) -> None:
        super().__init__(**kwargs)
        for layer in self.extra_layers:
            narrowing = layer[0].conv
            # a task cell takes the place of a 3x3
            layer[0] = ConvModule(
                narrowing.in_channels, narrowing.out_channels, 3, padding=1
            )
        self.put_cells(genotype)

    def searched_places(self) -> List[Place]:
        """Both convolutions of each extra layer."""
        return [(m, 'conv') for layer in self.extra_layers for m in layer]


@TASK_UTILS.register_module()
class ScaleCompensationAssigner(MaxIoUAssigner):
    """mmdet's ``MaxIoUAssigner`` with a second stage for left-out faces.

    After the first stage, N free priors whose IoU with a face lies between
    ``low_iou`` and ``pos_iou_thr`` become positive, best first:

    - ``mode='picture'`` (port): N = (faces whose best IoU reaches
      ``pos_iou_thr`` + faces whose best IoU reaches ``high_iou``) // 2, over
      all faces of the picture; each prior goes to its best face.
    - ``mode='face'`` (paper, Sec. 3.2): N = the mean number of priors that a
      face has, rounded down; each face with fewer is filled up to N.

    Args:
        pos_iou_thr: IoU that makes a prior positive. .35: S3FD.
        low_iou: IoU above which a prior can be taken in the second stage. .1:
            S3FD.
        high_iou: See above. .5: port.
        mode: ``'picture'`` or ``'face'``.

    Raises:
        ValueError: Unknown mode, or IoUs out of order.
    """

    def __init__(
        self,
        pos_iou_thr: float = 0.35,
        low_iou: float = 0.1,
        high_iou: float = 0.5,
        mode: str = 'picture',
    ) -> None:
        check_choice('mode', mode, MODES)
        if not 0 <= low_iou < pos_iou_thr <= high_iou <= 1:
            raise ValueError(
                f'low_iou={low_iou}, pos_iou_thr={pos_iou_thr}, '
                f'high_iou={high_iou}, allowed: ascending, in [0, 1]'
            )
        super().__init__(
            pos_iou_thr,
            neg_iou_thr=pos_iou_thr,
            min_pos_iou=0.0,
            gt_max_assign_all=False,
        )
        self.low_iou = low_iou
        self.high_iou = high_iou
        self.mode = mode

    def assign_wrt_overlaps(
        self, overlaps: Tensor, gt_labels: Tensor
    ) -> AssignResult:
        """See ``MaxIoUAssigner.assign_wrt_overlaps``.

        Args:
            overlaps: IoU of each face with each prior, (K, P).
            gt_labels: (K,).
        """
        result = super().assign_wrt_overlaps(overlaps, gt_labels)
        if overlaps.numel() == 0:
            return result
        compensate = dict(picture=self._of_picture, face=self._of_faces)
        compensate[self.mode](overlaps, result.gt_inds)
        positive = result.gt_inds > 0
        result.labels[positive] = gt_labels[result.gt_inds[positive] - 1]
        return result

    def _of_picture(self, overlaps: Tensor, owners: Tensor) -> None:
        best = overlaps.amax(1)
        wanted = (best >= self.pos_iou_thr).sum()
        wanted = int(wanted + (best >= self.high_iou).sum()) // 2
        iou, face = overlaps.max(0)
        iou = iou.masked_fill(owners > 0, 0)
        taken = self._best(iou, wanted)
        owners[taken] = face[taken] + 1

    def _of_faces(self, overlaps: Tensor, owners: Tensor) -> None:
        counts = torch.bincount(owners, minlength=len(overlaps) + 1)[1:]
        wanted = int(counts.sum()) // len(counts)
        for face in (counts < wanted).nonzero()[:, 0].tolist():
            iou = overlaps[face].masked_fill(owners > 0, 0)
            taken = self._best(iou, wanted - int(counts[face]))
            owners[taken] = face + 1

    def _best(self, iou: Tensor, wanted: int) -> Tensor:
        """The ``wanted`` priors of highest IoU inside the range."""
        inside = (iou > self.low_iou) & (iou < self.pos_iou_thr)
        iou = iou.masked_fill(~inside, 0)
        return iou.topk(min(wanted, int(inside.sum())))[1]

"""What the face detectors have in common: trunk, norms and heads.

S3FD, PyramidBox and DSFD are SSDs with one square prior a cell on six levels
of stride 4 to 128. Papers: https://arxiv.org/abs/1708.05237 (S3FD, max-out
background), https://arxiv.org/abs/1803.07737 (PyramidBox, pyramid anchors),
https://arxiv.org/abs/1810.10220 (DSFD, progressive anchors).

Differs from the papers: what the authors' public weights and ports need is
the default; each class says where that is not what is printed.
"""

from typing import Dict, List, Optional, Sequence, Tuple

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmdet.models.backbones import SSDVGG
from mmdet.models.dense_heads import SSDHead
from mmdet.models.utils import unpack_gt_instances
from mmengine.model import BaseModule
from mmengine.structures import InstanceData
from torch import Tensor

from ruas_mm.models.detectors.searchable_ssd import StableL2Norm
from ruas_mm.registry import MODELS

TRUNK_CHANNELS = (256, 512, 512, 1024)
"""Of conv3_3, conv4_3, conv5_3 and fc7; strides 4, 8, 16, 32."""
EXTRA_CHANNELS = (512, 256)
"""Of the two levels that the neck adds; strides 64 and 128."""
LEVEL_CHANNELS = (*TRUNK_CHANNELS, *EXTRA_CHANNELS)
"""Of the six levels; strides 4 to 128."""
NORM_SCALES = (10, 8, 5)
"""Where the L2 norms of the first three levels start."""
EXTRA_LAYERS = dict(
    in_channels=TRUNK_CHANNELS,
    out_channels=LEVEL_CHANNELS,
    level_strides=(2, 2),
    level_paddings=(1, 1),
    l2_norm_scale=None,
)
"""Of mmdet's ``SSDNeck``: what makes levels 5 and 6 out of fc7."""


@MODELS.register_module()
class FaceVGG(SSDVGG):
    """mmdet's SSD trunk (VGG-16) as the face detectors have it.

    Gives conv3_3, conv4_3, conv5_3 and fc7. Layers, and so the keys of a
    checkpoint, are those of ``SSDVGG``; fc7 has stride 32, since layer 30
    is an ordinary pool.

    Args:
        dilation: Of fc6, layer 31. 6: S3FD, PyramidBox; 3: DSFD and the
            released face detector.
        ceil_pool3: Whether pool3, layer 16, rounds up (S3FD, DSFD) or down
            (PyramidBox); all other pools round down.
        init_cfg: As in ``SSDVGG``.
    """

    def __init__(
        self,
        dilation: int = 6,
        ceil_pool3: bool = True,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(
            depth=16,
            ceil_mode=False,
            out_feature_indices=(15, 22, 29, 34),
            init_cfg=init_cfg,
        )
        self.features[16].ceil_mode = ceil_pool3
        self.features[30] = nn.MaxPool2d(2, 2)
        self.features[31] = nn.Conv2d(
            512, 1024, 3, padding=dilation, dilation=dilation
        )


def level_norms(
    channels: Sequence[int] = TRUNK_CHANNELS,
    scales: Sequence[float] = NORM_SCALES,
) -> nn.ModuleList:
    """L2 norms of the first levels, as many as there are ``scales``."""
    return nn.ModuleList(map(StableL2Norm, channels, scales))


def normed(maps: Sequence[Tensor], norms: nn.ModuleList) -> List[Tensor]:
    """The maps, the first ones normed as far as there are norms."""
    first = [norm(x) for norm, x in zip(norms, maps)]
    return [*first, *maps[len(first) :]]


def merged_down(upper: Tensor, lateral: Tensor, align_corners: bool) -> Tensor:
    """Product of an upper level, enlarged, with a lower one.

    Args:
        upper: (N, C, h, w), before its ReLU.
        lateral: (N, C, H, W).
        align_corners: Of the bilinear enlargement.

    Returns:
        (N, C, H, W), not negative.
    """
    upper = F.interpolate(
        F.relu(upper),
        size=lateral.shape[2:],
        mode='bilinear',
        align_corners=align_corners,
    )
    return F.relu(upper * lateral)


@MODELS.register_module()
class MaxOutSSDHead(SSDHead):
    """mmdet's ``SSDHead`` for one class, with several scores for one.

    A level may have several scores for the face or for the background, of
    which the highest counts (S3FD, Sec. 3.3; PyramidBox, Sec. 3.4).

    Args:
        num_scores: (face, background) of each level. None: one of each, which
            is mmdet's head, parameter for parameter.
        **kwargs: Of ``mmdet.models.dense_heads.SSDHead``.

    Raises:
        ValueError: Another number of classes than one, of priors a cell than
            one, or of levels than there are; a level without a score.
    """

    # mmdet 3.3.0 reads it in predict, but its SSDHead has none
    # (mmdetection issue 11780)
    loss_cls = None

    def __init__(
        self,
        *,
        num_scores: Optional[Sequence[Tuple[int, int]]] = None,
        num_classes: int = 1,
        **kwargs,
    ) -> None:
        if num_classes != 1:
            raise ValueError(f'num_classes={num_classes}, allowed: 1, faces')
        self.num_scores = num_scores
        super().__init__(num_classes=num_classes, **kwargs)

    def _init_layers(self) -> None:
        super()._init_layers()
        levels = len(self.in_channels)
        if list(self.num_base_priors) != [1] * levels:
            raise ValueError(
                f'anchor_generator has {list(self.num_base_priors)} priors a '
                f'cell, allowed: one on each of {levels} levels'
            )
        scores = self.num_scores or [(1, 1)] * levels
        if len(scores) != levels or any(min(each) < 1 for each in scores):
            raise ValueError(
                f'num_scores={scores}, allowed: (face, background), each at '
                f'least 1, for each of {levels} levels'
            )
        self.num_scores = [tuple(each) for each in scores]
        for level, each in zip(self.cls_convs, self.num_scores):
            if sum(each) != self.cls_out_channels:
                level[-1] = nn.Conv2d(
                    level[-1].in_channels, sum(each), 3, padding=1
                )

    def forward(
        self, x: Tuple[Tensor, ...]
    ) -> Tuple[List[Tensor], List[Tensor]]:
        """See ``SSDHead.forward``.

        Args:
            x: A map of each level, (N, C, H, W).

        Returns:
            Scores (face, background), (N, 2, H, W) each, and boxes,
            (N, 4, H, W) each.
        """
        scores, boxes = super().forward(x)
        scores = [
            highest(score, each)
            for score, each in zip(scores, self.num_scores)
        ]
        return scores, boxes


def highest(scores: Tensor, num_scores: Tuple[int, int]) -> Tensor:
    """Reduce (N, F + B, H, W) scores to those of face and background.

    Args:
        scores: F of the face, then B of the background.
        num_scores: F and B.
    """
    if num_scores == (1, 1):
        return scores
    parts = scores.split(num_scores, 1)
    return torch.cat([part.max(1, keepdim=True)[0] for part in parts], 1)


@MODELS.register_module()
class MultiBranchHead(BaseModule):
    """Several heads that learn together, one of which predicts.

    Args:
        branches: One dictionary for each :class:`MaxOutSSDHead`: its
            arguments, and

            - ``name``: its place in the checkpoint and in the log, for
              example ``'face'``;
            - ``maps``: which of the neck's maps it sees, None: all;
            - ``growth``: side of its targets over that of the face, about
              the same centre and cut off at the picture's border. 2: the
              head, 4: the body (PyramidBox, Sec. 3.3);
            - ``weight``: of its losses.
        predictor: Name of the branch whose boxes are the result.
        train_cfg: Of every branch.
        test_cfg: Of every branch.

    Raises:
        ValueError: No branch, two of one name, or an unknown predictor.
    """

    def __init__(
        self,
        branches: Sequence[dict],
        predictor: str,
        train_cfg: Optional[dict] = None,
        test_cfg: Optional[dict] = None,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg)
        names = [branch['name'] for branch in branches]
        if len(set(names)) != len(names) or predictor not in names:
            raise ValueError(
                f'predictor={predictor!r} and branches of the names {names}, '
                'allowed: different names, one of them the predictor'
            )
        self.predictor = predictor
        self.places = {}
        self.branches = nn.ModuleDict()
        for branch in branches:
            head = dict(branch, train_cfg=train_cfg, test_cfg=test_cfg)
            self.places[head.pop('name')] = (
                head.pop('maps', None),
                head.pop('growth', 1),
                head.pop('weight', 1),
            )
            self.branches[branch['name']] = MaxOutSSDHead(**head)

    @property
    def num_classes(self) -> int:
        """Of the branch that predicts; mmdet's hooks ask for it."""
        return self.branches[self.predictor].num_classes

    def forward(self, x: Tuple[Tensor, ...]) -> tuple:
        """Scores and boxes of the branch that predicts."""
        return self._run(self.predictor, x)

    def loss(self, x: Tuple[Tensor, ...], batch_data_samples: list) -> dict:
        """Losses of all branches, ``'face.loss_cls'`` and so on.

        Of a single branch they are named as mmdet names them.
        """
        faces, ignored, metas = unpack_gt_instances(batch_data_samples)
        losses: Dict[str, list] = {}
        for name, (_, growth, weight) in self.places.items():
            targets = [
                grown(each, growth, meta['img_shape'])
                for each, meta in zip(faces, metas)
            ]
            found = self.branches[name].loss_by_feat(
                *self._run(name, x), targets, metas, ignored
            )
            prefix = f'{name}.' if len(self.branches) > 1 else ''
            for key, values in found.items():
                losses[prefix + key] = [weight * value for value in values]
        return losses

    def predict(
        self,
        x: Tuple[Tensor, ...],
        batch_data_samples: list,
        rescale: bool = False,
    ) -> list:
        """Boxes of the branch that predicts."""
        head = self.branches[self.predictor]
        return head.predict(
            self._maps(self.predictor, x), batch_data_samples, rescale=rescale
        )

    def _maps(self, name: str, x: Tuple[Tensor, ...]) -> Tuple[Tensor, ...]:
        places = self.places[name][0]
        return tuple(x) if places is None else tuple(x[i] for i in places)

    def _run(self, name: str, x: Tuple[Tensor, ...]) -> tuple:
        return self.branches[name](self._maps(name, x))


def grown(
    faces: InstanceData, growth: float, shape: Tuple[int, int]
) -> InstanceData:
    """Boxes that are larger by a factor about their centres.

    Args:
        faces: With ``bboxes``, (K, 4), left, top, right and bottom.
        growth: Side over that of the face.
        shape: Height and width of the picture, where they are cut off.
    """
    if growth == 1:
        return faces
    height, width = shape[:2]
    corner, end = faces.bboxes[:, :2], faces.bboxes[:, 2:]
    margin = (end - corner) * (growth - 1) / 2
    border = corner.new_tensor([width, height])
    larger = faces.new()
    larger.bboxes = torch.cat(
        [(corner - margin).clamp(min=0), (end + margin).minimum(border)], 1
    )
    return larger

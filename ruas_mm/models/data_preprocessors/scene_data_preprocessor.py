"""The scene module in front of any host model: Psi = Psi_t o Psi_s.

Paper: Eq. (4)-(5) and Fig. 2 (a). https://arxiv.org/abs/2112.04719
"""

from typing import List, Optional, Tuple, Union

import torch
import torch.nn as nn
from mmengine.model import BaseDataPreprocessor
from mmengine.structures import PixelData
from torch import Tensor

from ruas_mm.models.same_size import map_by_size
from ruas_mm.registry import MODELS

CHANNEL_ORDERS = ('bgr', 'rgb')


@MODELS.register_module()
class SceneDataPreprocessor(BaseDataPreprocessor):
    """Enhance each picture, then hand over to the host's own preprocessor.

    The host's preprocessor still normalises, converts the channel order, pads
    and stacks; here pictures are enhanced before, at their own size, so that
    a picture's result does not depend on what else is in its batch.
    Parameters of the scene module appear in the checkpoint as
    ``data_preprocessor.scene.*``; the keys of the host stay as they are.

    Args:
        scene: Config of the scene module (:class:`SceneModule`).
        data_preprocessor: Config of the host's preprocessor, in a config
            ``{{_base_.model.data_preprocessor}}``. A dictionary without a
            type is mmpretrain's ``ClsDataPreprocessor``, as in its configs.
        frozen: Whether the scene module is kept as it is: no gradient, no
            update. It then needs weights (``init_cfg`` or a checkpoint).
        channel_order: Order in which the data loader delivers, ``'bgr'``
            (mmcv's) or ``'rgb'``.
        attach_scene: Whether each data sample gets a field ``scene`` with
            ``low_light`` (y), ``enhanced`` (u^K) and ``illumination`` (t^K),
            RGB, (3, H, W), at the size the network sees.
        batch_augments: Given by mmpretrain's classifiers; handed on.
        non_blocking: As in the host's preprocessor.

    Raises:
        ValueError: Unknown channel order.
    """

    def __init__(
        self,
        scene: Union[dict, nn.Module],
        data_preprocessor: Union[dict, nn.Module],
        frozen: bool = False,
        channel_order: str = 'bgr',
        attach_scene: bool = False,
        batch_augments: Optional[dict] = None,
        non_blocking: bool = False,
    ) -> None:
        super().__init__(non_blocking)
        if channel_order not in CHANNEL_ORDERS:
            raise ValueError(
                f'channel_order={channel_order!r}, allowed: {CHANNEL_ORDERS}'
            )
        if isinstance(data_preprocessor, dict):
            data_preprocessor = dict(data_preprocessor)
            data_preprocessor.setdefault(
                'type', 'mmpretrain.ClsDataPreprocessor'
            )
            if batch_augments is not None:
                data_preprocessor.setdefault('batch_augments', batch_augments)
            data_preprocessor = MODELS.build(data_preprocessor)
        self.scene = MODELS.build(scene) if isinstance(scene, dict) else scene
        self.data_preprocessor = data_preprocessor
        self.frozen = frozen
        self.channel_order = channel_order
        self.attach_scene = attach_scene
        if frozen:
            self.scene.requires_grad_(False)
            self.scene.eval()

    def init_weights(self) -> None:
        """Initialise the scene module; MMEngine stops at preprocessors."""
        self.scene.init_weights()

    def train(self, mode: bool = True) -> 'SceneDataPreprocessor':
        super().train(mode)
        if self.frozen:
            self.scene.eval()
        return self

    def forward(self, data: dict, training: bool = False) -> dict:
        """Enhance ``data['inputs']`` and run the host's preprocessor.

        Args:
            data: What the data loader delivers; ``inputs`` is a tensor
                (N, 3, H, W) or a list of (3, H, W), in [0, 255].
            training: Handed on to the host.

        Returns:
            What the host's preprocessor returns.

        Raises:
            ValueError: Inputs of another kind; a frozen scene module without
                weights; ``attach_scene`` without data samples.
        """
        data = self.cast_data(data)
        inputs = data['inputs']
        if isinstance(inputs, Tensor):
            images = list(inputs)
        elif isinstance(inputs, (list, tuple)):
            images = inputs
        else:
            raise ValueError(
                f'inputs is a {type(inputs).__name__}, allowed: '
                'a tensor (N, 3, H, W) or a list of (3, H, W)'
            )
        enhanced, illuminations = self.enhance(images)
        if self.attach_scene:
            self._attach(
                data.get('data_samples'), images, enhanced, illuminations
            )
        enhanced = [self._reorder(u, 0) * 255 for u in enhanced]
        if isinstance(inputs, Tensor):
            enhanced = torch.stack(enhanced)
        # BaseModel sets the device of both, .to() of this module only its own
        self.data_preprocessor._device = self.device
        return self.data_preprocessor({**data, 'inputs': enhanced}, training)

    def enhance(
        self, images: List[Tensor]
    ) -> Tuple[List[Tensor], List[Tensor]]:
        """Run the scene module on pictures of any sizes.

        Args:
            images: (3, H, W) each, in [0, 255], in ``channel_order``.

        Returns:
            Reflectances and illuminations of the last stage, RGB in [0, 1],
            (3, H, W) each.
        """
        if self.frozen:
            self.scene.weights.check_given(self.scene)
        with torch.set_grad_enabled(
            torch.is_grad_enabled() and not self.frozen
        ):
            results = map_by_size(self._enhance_batch, images)
        reflectances, illuminations = zip(*results)
        return list(reflectances), list(illuminations)

    def _enhance_batch(self, images: Tensor) -> Tuple[Tensor, Tensor]:
        y = self._low_light(images, channel_dim=1)
        if not torch.is_grad_enabled() and hasattr(self.scene, 'enhance'):
            return self.scene.enhance(y)
        scene = self.scene(y)
        return scene.reflectances[-1], scene.illuminations[-1]

    def _low_light(self, images: Tensor, channel_dim: int) -> Tensor:
        """RGB in [0, 1]; photometric augmentation can leave [0, 255]."""
        y = self._reorder(images, channel_dim)
        return y.float().div(255).clamp(0, 1)

    def _reorder(self, image: Tensor, channel_dim: int) -> Tensor:
        """Between the loader's channel order and RGB, either way."""
        if self.channel_order == 'bgr':
            return image.flip(channel_dim)
        return image

    def _attach(
        self,
        data_samples: Optional[list],
        images: List[Tensor],
        enhanced: List[Tensor],
        illuminations: List[Tensor],
    ) -> None:
        if data_samples is None:
            raise ValueError(
                'attach_scene=True needs data_samples, but the '
                'pipeline packs none'
            )
        for sample, image, u, t in zip(
            data_samples, images, enhanced, illuminations
        ):
            y = self._low_light(image, channel_dim=0)
            scene = PixelData(low_light=y, enhanced=u, illumination=t)
            sample.set_field(scene, 'scene', dtype=PixelData)

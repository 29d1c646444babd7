"""The scene module in front of any host model: Psi = Psi_t o Psi_s.

Paper: Eq. (4)-(5) and Fig. 2 (a). https://arxiv.org/abs/2112.04719
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Iterator, List, Optional, Tuple, Union

import torch
import torch.nn as nn
from mmengine.model import BaseDataPreprocessor
from mmengine.structures import PixelData
from torch import Tensor

from ruas_mm.arguments import check_choice
from ruas_mm.models.enhancers.loading import build_enhancer
from ruas_mm.models.pretrained import PretrainedModule
from ruas_mm.models.same_size import map_by_size
from ruas_mm.registry import MODELS
from ruas_mm.zoo import DEFAULT_SCENE

from .host_defaults import delivered_order, with_type
from .pictures import (
    flatten_pictures,
    flatten_samples,
    iterate_samples,
    unflatten_pictures,
)

CHANNEL_ORDERS = ('bgr', 'rgb')
FIELD = 'scene'  # of a data sample
PARTS = ('scene', 'data_preprocessor')
WIDE = (torch.int16, torch.int32, torch.int64)  # may hold 16 bits


@MODELS.register_module()
class SceneDataPreprocessor(BaseDataPreprocessor):
    """Enhance each picture, then hand over to the host's own preprocessor.

    The host's preprocessor still normalises, converts the channel order, pads
    and stacks; here pictures are enhanced before, at their own size, so that
    a picture's result does not depend on what else is in its batch. Views,
    branches and frames of videos are enhanced picture by picture.

    Parameters of the enhancer appear in the checkpoint as
    ``data_preprocessor.scene.*``; the keys of the host stay as they are.
    Whatever else is read from or set on this module (``mean``, ``std``,
    ``pad_size_divisor``, ...) is the host's preprocessor's.

    Args:
        scene: What turns the light on: a name of the zoo, with its packaged
            weights (``'ruas_s'``), or the config of any enhancer
            (:class:`SceneModule`, :class:`LowLightEnhancer`, your own); see
            :func:`build_enhancer`. By default what detectors see more
            behind (docs/results.md).
        data_preprocessor: Config of the host's preprocessor, in a config
            ``{{_base_.model.data_preprocessor}}``.
        host: Type of the host's model, ``{{_base_.model.type}}``; needed
            where ``data_preprocessor`` names no type (mmpretrain), which then
            is that model's default.
        frozen: Whether the enhancer is kept as it is: no gradient, no
            update. It then needs weights (zoo, ``init_cfg`` or a checkpoint).
        channel_order: Order in which the data loader delivers, ``'bgr'``
            (mmcv's) or ``'rgb'`` (for example CIFAR). None: what the host's
            preprocessor converts from or, if it converts nothing, BGR for
            pictures that were read from files.
        attach_scene: Whether each data sample gets a field ``scene`` with
            ``low_light`` (y), ``enhanced`` (u) and, of enhancers that know
            one, ``illumination`` (t), RGB in [0, 1], (3, H, W), at the size
            the network sees; a list of those where a sample has several
            pictures.
        batch_augments: Given by mmpretrain's classifiers; handed on.
        non_blocking: As in the host's preprocessor.

    Raises:
        ValueError: Unknown channel order or enhancer, or no type of the
            host's preprocessor.
    """

    attach_in_training = False  # set by a model whose loss looks at scenes

    def __init__(
        self,
        scene: Union[str, dict, nn.Module] = DEFAULT_SCENE,
        data_preprocessor: Union[dict, nn.Module, None] = None,
        host: Optional[str] = None,
        frozen: bool = False,
        channel_order: Optional[str] = None,
        attach_scene: bool = False,
        batch_augments: Optional[dict] = None,
        non_blocking: bool = False,
    ) -> None:
        super().__init__(non_blocking)
        check_choice('channel_order', channel_order, (None, *CHANNEL_ORDERS))
        if isinstance(data_preprocessor, dict):
            cfg = with_type(data_preprocessor, host)
            channel_order = channel_order or delivered_order(cfg) or None
            if batch_augments is not None:
                cfg.setdefault('batch_augments', batch_augments)
            data_preprocessor = MODELS.build(cfg)
        elif not isinstance(data_preprocessor, nn.Module):
            raise ValueError(
                f'data_preprocessor={data_preprocessor!r}, allowed: the '
                "config of the host's, or the module"
            )
        self.channel_order = channel_order
        self.frozen = frozen
        self.attach_scene = attach_scene
        self.scene = build_enhancer(scene)
        self.data_preprocessor = data_preprocessor
        if frozen:
            self.scene.requires_grad_(False)
            self.scene.eval()

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__('data_preprocessor'), name)

    def __setattr__(self, name: str, value: Any) -> None:
        inner = self.__dict__.get('_modules', {}).get('data_preprocessor')
        is_ours = name in self.__dict__ or hasattr(type(self), name)
        if is_ours or name in PARTS or not hasattr(inner, name):
            super().__setattr__(name, value)
        else:
            setattr(inner, name, value)

    def init_weights(self) -> None:
        """Initialise the enhancer; MMEngine stops at preprocessors."""
        if hasattr(self.scene, 'init_weights'):
            self.scene.init_weights()

    def train(self, mode: bool = True) -> 'SceneDataPreprocessor':
        super().train(mode)
        if self.frozen:
            self.scene.eval()
        return self

    def forward(self, data: dict, training: bool = False) -> dict:
        """Enhance ``data['inputs']`` and run the host's preprocessor.

        Args:
            data: What the data loader delivers; ``inputs`` holds pictures in
                [0, 255], (..., 3, H, W), in any nesting of lists and
                dictionaries. Data without ``inputs`` is handed on.
            training: Handed on to the host.

        Returns:
            What the host's preprocessor returns.

        Raises:
            ValueError: Inputs of another kind; whole numbers above 255;
                pictures of unknown channel order; a frozen enhancer without
                weights; scenes to be attached without data samples.
        """
        if not isinstance(data, Mapping):
            raise ValueError(
                f'data is a {type(data).__name__}, allowed: a dictionary with '
                "the key 'inputs', as MMEngine's pseudo_collate makes it"
            )
        if self.data_preprocessor.device != self.device:
            self.data_preprocessor.to(self.device)
        inputs = self.cast_data(data.get('inputs'))
        if inputs is None:
            return self.data_preprocessor(data, training)
        samples = self.cast_data(data.get('data_samples'))
        channel_dim = self._channel_dim()
        pictures = flatten_pictures(inputs, channel_dim)
        order = self._order_of(samples)
        scenes = self._enhance(pictures, order)
        if self.attach_scene or (training and self.attach_in_training):
            if samples is None:
                raise ValueError(
                    'scenes are to be attached to data_samples, but the '
                    'pipeline packs none'
                )
            _attach(scenes, flatten_samples(inputs, samples, channel_dim))
        enhanced = iter([_ordered(u, order) * 255 for _, u, *_ in scenes])
        data = {
            **data,
            'inputs': unflatten_pictures(inputs, enhanced, channel_dim),
        }
        if samples is not None:
            data['data_samples'] = samples
        return self.data_preprocessor(data, training)

    def _channel_dim(self) -> int:
        """Of mmpretrain's videos it is the fourth from the end."""
        shape = getattr(self.data_preprocessor, 'format_shape', 'NCHW')
        return -4 if shape == 'NCTHW' else -3

    def _order_of(self, samples: Any) -> str:
        """``channel_order``, or what the data samples tell of it."""
        if self.channel_order is not None:
            return self.channel_order
        sample = next(iterate_samples(samples), None)
        if sample is None or 'img_path' in sample:
            return 'bgr'  # as mmcv reads files
        raise ValueError(
            'channel_order=None, but these pictures were not read from files '
            'and the host converts no channels, so that their order is not '
            "known; allowed: channel_order='rgb' (as CIFAR) or 'bgr'"
        )

    def _enhance(
        self, pictures: List[Tensor], order: str
    ) -> List[Tuple[Tensor, ...]]:
        """y, u and, if it is known, t of each picture: RGB in [0, 1]."""
        for module in self.scene.modules():
            if isinstance(module, PretrainedModule):
                module.check_given() if self.frozen else module.check_ready()
        # photometric augmentation can leave [0, 255]
        low_light = [
            _ordered(_checked(p), order).float().div(255).clamp(0, 1)
            for p in pictures
        ]
        with torch.set_grad_enabled(
            torch.is_grad_enabled() and not self.frozen
        ):
            return map_by_size(self._enhance_batch, low_light)

    def _enhance_batch(self, y: Tensor) -> Tuple[Tensor, ...]:
        attaches = self.attach_scene or self.attach_in_training
        if attaches and hasattr(self.scene, 'decompose'):
            return (y, *self.scene.decompose(y))
        # traced as one piece: tiles would freeze the size
        plainly = torch.is_grad_enabled() or torch.jit.is_tracing()
        return y, self.scene(y) if plainly else self.scene.enhance(y)


def _ordered(picture: Tensor, order: str) -> Tensor:
    """Between the loader's channel order and RGB, either way."""
    return picture.flip(-3) if order == 'bgr' else picture


def _checked(picture: Tensor) -> Tensor:
    """Not of 16 bits, which all would be white."""
    if picture.dtype in WIDE and picture.numel() and picture.max() > 255:
        raise ValueError(
            f'inputs of {picture.dtype} up to {int(picture.max())}, allowed: '
            '0 to 255; 16-bit pictures need a pipeline that divides by 257'
        )
    return picture


class _Scene(PixelData):
    """What a data sample gets; hosts copy samples, a graph cannot be."""

    def __deepcopy__(self, memo: dict) -> '_Scene':
        return self


def _attach(scenes: List[Tuple[Tensor, ...]], samples: list) -> None:
    of_sample = defaultdict(list)
    for scene, sample in zip(scenes, samples):
        names = ('low_light', 'enhanced', 'illumination')
        of_sample[id(sample)].append(_Scene(**dict(zip(names, scene))))
    for sample in samples:
        found = of_sample[id(sample)]
        if len(found) == 1:
            sample.set_field(found[0], FIELD, dtype=PixelData)
        else:
            sample.set_field(found, FIELD, dtype=list)


def attached_scenes(
    data_samples: Any,
) -> Iterator[Tuple[Tensor, Tensor, Optional[Tensor]]]:
    """y, u and, if it is known, t of all pictures.

    Args:
        data_samples: Of a batch, in any structure, as ``attach_scene`` left
            them.
    """
    for sample in iterate_samples(data_samples):
        scenes = sample.get(FIELD)
        for scene in scenes if isinstance(scenes, list) else [scenes]:
            t = scene.get('illumination')
            yield scene.low_light, scene.enhanced, t

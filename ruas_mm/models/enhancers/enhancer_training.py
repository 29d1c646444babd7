"""Any enhancer with any loss, as a model of MMEngine."""

from typing import Dict, List, Optional, Union

import torch
from mmengine.model import BaseModel
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from ruas_mm.models.enhancers.loading import build_enhancer, load_compared
from ruas_mm.models.enhancers.prediction import predict_enhanced
from ruas_mm.registry import MODELS
from ruas_mm.zoo import COMPARED

PREPROCESSOR = dict(type='ruas_mm.EnhancementDataPreprocessor')


@MODELS.register_module()
class EnhancerTraining(BaseModel):
    """Trains an enhancer alone, and enhances with it.

    What was trained is written by ``ruas-mm export OUT.safetensors --config
    ... --checkpoint ...``, and is then the enhancer's ``weights``.

    Args:
        enhancer: As in :func:`build_enhancer`; a name of :data:`COMPARED`
            without ``weights`` starts from nothing.
        loss: Config of a module that is called with the enhancer, pictures
            and data samples, and returns losses by name.
        data_preprocessor: Config; default
            :class:`EnhancementDataPreprocessor`.
        init_cfg: As in MMEngine.

    Raises:
        ValueError: See :func:`build_enhancer`.
    """

    def __init__(
        self,
        enhancer: Union[str, dict],
        loss: dict,
        data_preprocessor: Optional[dict] = None,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(data_preprocessor or PREPROCESSOR, init_cfg)
        self.enhancer = _build(enhancer)
        self.loss = MODELS.build(loss)

    def enhance(self, y: Tensor, **settings) -> Tensor:
        """See :meth:`Enhancer.enhance`."""
        return self.enhancer.enhance(y, **settings)

    def forward(
        self,
        inputs: Union[Tensor, List[Tensor]],
        data_samples: Optional[List[BaseDataElement]] = None,
        mode: str = 'tensor',
    ) -> Union[Tensor, Dict[str, Tensor], List[BaseDataElement]]:
        """MMEngine's three modes, as of :class:`LowLightEnhancer`.

        Raises:
            ValueError: Unknown mode.
        """
        if mode == 'predict':
            return predict_enhanced(self.enhance, inputs, data_samples)
        if mode not in ('loss', 'tensor'):
            raise ValueError(
                f"mode={mode!r}, allowed: 'tensor', 'loss', 'predict'"
            )
        y = inputs if isinstance(inputs, Tensor) else torch.stack(inputs)
        if mode == 'loss':
            return self.loss(self.enhancer, y, data_samples)
        return self.enhancer(y)


def _build(enhancer: Union[str, dict]) -> nn.Module:
    if isinstance(enhancer, str):
        enhancer = dict(type=enhancer)
    name = enhancer.get('type')
    if name in COMPARED and enhancer.get('weights') is None:
        settings = {
            k: v for k, v in enhancer.items() if k not in ('type', 'weights')
        }
        return load_compared(name, from_nothing=True, **settings)
    return build_enhancer(enhancer, 'enhancer')

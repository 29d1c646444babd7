"""From what the data loader delivers to what an enhancer takes."""

from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from ruas_mm.registry import MODELS

FULL_SCALE = {'torch.uint8': 255, 'torch.uint16': 65535, 'torch.int32': 65535}


@MODELS.register_module()
class EnhancementDataPreprocessor(BaseDataPreprocessor):
    """BGR of 8 or 16 bits to RGB in [0, 1].

    Nothing is padded or stacked: pictures keep their sizes.
    """

    def forward(self, data: dict, training: bool = False) -> dict:
        """Convert ``data['inputs']``.

        Args:
            data: ``inputs``, (N, 3, H, W) or a list of (3, H, W), BGR, uint8
                or 16 bits (as uint16, or int32 where torch has none); other
                entries are moved to the device.
            training: Not used.

        Returns:
            The same, ``inputs`` as a list of float32 (3, H, W), RGB, [0, 1].

        Raises:
            ValueError: Inputs of another shape or type.
        """
        data = self.cast_data(data)
        return {**data, 'inputs': [self._convert(x) for x in data['inputs']]}

    @staticmethod
    def _convert(image: Tensor) -> Tensor:
        scale = FULL_SCALE.get(str(image.dtype))
        if image.dim() != 3 or image.shape[0] != 3 or scale is None:
            raise ValueError(
                f'an input has shape {tuple(image.shape)} and {image.dtype}, '
                f'allowed: (3, H, W), one of {list(FULL_SCALE)}'
            )
        return image.float().div(scale).flip(0)

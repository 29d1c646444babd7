"""Arrays of the pipeline to what model and metric take."""

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import BaseDataElement
from torch import Tensor

from ruas_mm.registry import TRANSFORMS

META_KEYS = ('img_path', 'ori_shape', 'img_shape')


@TRANSFORMS.register_module()
class PackEnhancementInputs(BaseTransform):
    """Give ``dict(inputs, data_samples)``.

    ``inputs`` is (3, H, W), BGR: uint8, or for 16 bits int32 up to 65,535
    (torch before 2.3 has no uint16). ``data_samples`` is a
    ``BaseDataElement`` with ``img_path``, ``ori_shape`` and ``img_shape`` as
    meta information and, for a pair, the field ``gt``: (3, H, W), **RGB**,
    uint8; 16 bits are scaled to 8. ``clean`` likewise, of 16 bits.

    Required keys: ``img``, optional ``gt``, both (H, W, 3), BGR, uint8 or
    uint16; optional ``clean``, of :class:`CameraDarkening`.
    """

    def transform(self, results: dict) -> dict:
        """Pack."""
        sample = BaseDataElement(
            metainfo={k: results[k] for k in META_KEYS if k in results}
        )
        if 'gt' in results:
            sample.gt = _to_tensor(in_8_bits(results['gt'])[..., ::-1])
        if 'clean' in results:
            sample.clean = _to_tensor(results['clean'][..., ::-1])
        return dict(inputs=_to_tensor(results['img']), data_samples=sample)


def in_8_bits(picture: np.ndarray) -> np.ndarray:
    """Pixels of 8 or 16 bits as a picture of 8 bits has them."""
    if picture.dtype == np.uint8:
        return picture
    return (picture / 257.0).round().astype(np.uint8)


def _to_tensor(picture: np.ndarray) -> Tensor:
    """(H, W, 3) to (3, H, W)."""
    if picture.dtype == np.uint16:
        picture = picture.astype(np.int32)
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))

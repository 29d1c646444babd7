"""The ``predict`` mode of models that enhance pictures alone."""

from typing import Callable, List, Optional, Sequence

from mmengine.structures import BaseDataElement
from torch import Tensor

from ruas_mm.models.same_size import map_by_size


def predict_enhanced(
    enhance: Callable[[Tensor], Tensor],
    inputs: Sequence[Tensor],
    data_samples: Optional[List[BaseDataElement]] = None,
) -> List[BaseDataElement]:
    """Enhance pictures of any sizes, each as if it were alone.

    Args:
        enhance: Takes and gives RGB in [0, 1], (N, 3, H, W).
        inputs: RGB in [0, 1], (3, H, W) each.
        data_samples: One for each picture, which ``enhanced`` is added to;
            None: new ones.

    Raises:
        ValueError: Not as many samples as pictures.
    """
    if data_samples is None:
        data_samples = [BaseDataElement() for _ in inputs]
    if len(data_samples) != len(inputs):
        raise ValueError(
            f'{len(data_samples)} data_samples, allowed: one for each '
            f'of the {len(inputs)} inputs'
        )
    results = map_by_size(lambda x: (enhance(x),), inputs)
    for sample, (enhanced,) in zip(data_samples, results):
        sample.enhanced = enhanced
    return data_samples

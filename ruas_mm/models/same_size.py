"""Run a network on pictures of any sizes, those of one size together."""

from collections import defaultdict
from typing import Callable, List, Sequence, Tuple

import torch
from torch import Tensor


def map_by_size(
    network: Callable[[Tensor], Tuple[Tensor, ...]], images: Sequence[Tensor]
) -> List[Tuple[Tensor, ...]]:
    """Apply ``network`` to batches of equally large pictures.

    Nothing is padded, so that a picture's result does not depend on what
    else is in its batch.

    Args:
        network: Takes (N, C, H, W), returns tensors with N entries each.
        images: (C, H, W) each.

    Returns:
        For each picture, in order, its entry of every returned tensor.
    """
    same_size = defaultdict(list)
    for index, image in enumerate(images):
        # whole numbers also while tracing, when sizes are tensors
        same_size[tuple(map(int, image.shape))].append(index)
    results = [None] * len(images)
    for indices in same_size.values():
        batch = torch.stack([images[i] for i in indices])
        for index, *entries in zip(indices, *network(batch)):
            results[index] = tuple(entries)
    return results

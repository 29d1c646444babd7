"""Boxes of data samples, as metrics of detectors take them."""

import numpy as np


def to_numpy(values) -> np.ndarray:
    """Boxes or labels of a data sample, which may be tensors or arrays."""
    return values.cpu().numpy() if hasattr(values, 'cpu') else values


def check_finite(path: str, *values: np.ndarray) -> None:
    """Make sure that a model gives numbers: others sort anywhere.

    Args:
        path: Of the picture.
        *values: Boxes and scores that were found in it.

    Raises:
        ValueError: One that is infinite or not a number.
    """
    if not all(np.isfinite(each).all() for each in values):
        raise ValueError(
            f'{path}: the model gives boxes or scores that are not finite, '
            'allowed: finite numbers'
        )

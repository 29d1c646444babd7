"""Mean of several runs and how far apart they are."""

from typing import Sequence

import numpy as np


def mean_and_spread(values: Sequence[float]) -> str:
    """Three digits; with the standard deviation where there are several."""
    text = f'{np.mean(values):.3f}'
    if len(values) > 1:
        text += f' ± {np.std(values, ddof=1):.3f}'
    return text

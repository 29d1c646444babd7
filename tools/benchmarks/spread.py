"""Mean of several runs and how far apart they are."""

import statistics
from typing import Sequence


def mean_and_spread(values: Sequence[float]) -> str:
    """Three digits; with the standard deviation where there are several."""
    text = f'{statistics.fmean(values):.3f}'
    if len(values) > 1:
        text += f' ± {statistics.stdev(values):.3f}'
    return text

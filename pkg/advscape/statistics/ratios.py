"""Ratios between epsilons, one for each seed: what the rules of claims look at."""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def last_to_first(values: Values) -> Values:
    """Value at the last epsilon over the one at the first: (seeds,) of (seeds, epsilons)."""
    ratios: Values = values[:, -1] / values[:, 0]
    return ratios

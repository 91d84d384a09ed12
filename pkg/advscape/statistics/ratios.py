"""Ratios between epsilons, one for each seed: what the rules of claims look at."""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def last_to_first(values: Values) -> Values:
    """Value at the last epsilon over the one at the first: (seeds,) of (seeds, epsilons)."""
    ratios: Values = values[:, -1] / values[:, 0]
    return ratios


def largest_to_smallest(values: Values) -> Values:
    """Largest value over the grid over the smallest: (seeds,) of (seeds, epsilons)."""
    ratios: Values = values.max(axis=1) / values.min(axis=1)
    return ratios


def largest_to_first(values: Values) -> Values:
    """Largest value over the grid over the one at the first epsilon: (seeds,)."""
    ratios: Values = values.max(axis=1) / values[:, 0]
    return ratios

"""The points of a scan."""

import numpy as np


def alphas(radius: float, points: int) -> np.ndarray:
    """``points`` values from -radius to radius, (points,) float64; the middle one is exactly 0."""
    half = points // 2
    return radius * np.arange(-half, half + 1) / half

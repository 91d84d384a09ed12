"""The points of lines and planes."""

from itertools import product

import numpy as np


def alphas(radius: float, points: int) -> np.ndarray:
    """``points`` values from -radius to radius, (points,) float64; the middle one is exactly 0."""
    half = points // 2
    return radius * np.arange(-half, half + 1) / half


def line(radius: float, points: int, step: float) -> np.ndarray:
    """:func:`alphas` and two more, -step and step, for a second difference at 0; ascending."""
    return np.unique([*alphas(radius, points), -step, step])


def plane(radius: float, points: int) -> list[tuple[float, float]]:
    """All pairs (alpha, beta) of :func:`alphas`, row by row."""
    return list(product(alphas(radius, points).tolist(), repeat=2))


def share(count: int, part: int, parts: int) -> range:
    """The contiguous share of ``count`` points that one of several jobs takes."""
    return range(count * part // parts, count * (part + 1) // parts)

"""Courses of the learning rate, as shares of its peak."""

import math
from collections.abc import Callable, Sequence

import numpy as np

#: of a step, counted from 0, and the number of all steps
Course = Callable[[int, int], float]


def cosine() -> Course:
    """Half a cosine from 1 to 0 (Loshchilov and Hutter 2017, arXiv 1608.03983)."""
    return lambda step, steps: 0.5 * (1 + math.cos(math.pi * step / steps))


def piecewise(milestones: Sequence[float], factor: float) -> Course:
    """Constant, and multiplied by a factor after each milestone, a share of all steps."""
    # a milestone lies between two steps: rounding must not move it by one
    return lambda step, steps: factor ** sum(step >= m * steps - 1e-6 for m in milestones)


def cyclic(peak: float) -> Course:
    """Linear from 0 to 1, at a share of all steps, and back (Wong et al. 2020, 2001.03994)."""
    # neither end is reached: a step of length 0 would be wasted
    points = [0.0, peak, 1.0]
    return lambda step, steps: float(np.interp((step + 1) / (steps + 1), points, [0.0, 1.0, 0.0]))

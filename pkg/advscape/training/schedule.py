"""The course of the learning rate."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np


def rate_course(settings: dict[str, Any]) -> Callable[[int, int], float]:
    """Course of the learning rate as a share of its peak.

    Args:
        settings: the config's training.schedule: cyclic, cosine or piecewise.

    Returns:
        a function of a step, counted from 0, and the number of all steps.
    """
    if settings["name"] == "cosine":
        return lambda step, steps: 0.5 * (1 + math.cos(math.pi * step / steps))
    if settings["name"] == "piecewise":
        milestones, factor = settings["milestones"], settings["factor"]
        # a milestone lies between two steps: rounding must not move it by one
        return lambda step, steps: factor ** sum(step >= m * steps - 1e-6 for m in milestones)
    peak = [0.0, settings["peak"], 1.0]
    # neither end is reached: a step of length 0 would be wasted
    return lambda step, steps: float(np.interp((step + 1) / (steps + 1), peak, [0.0, 1.0, 0.0]))

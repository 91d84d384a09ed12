"""What a measure of sharpness says, and how sure it is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sharpness:
    """A rise of the mean loss.

    Attributes:
        value: the measure.
        stderr: its standard error over draws; nan where the value is a maximum, which has none.
        spread: standard deviation over draws or restarts; nan where there are fewer than two.
        draws: random draws of the weights, or restarts of an ascent; 0 of what is exact.
        n: samples in the mean loss.
    """

    value: float
    stderr: float
    spread: float
    draws: int
    n: int


def exact(rise: float, n: int) -> Sharpness:
    """A rise for which nothing is drawn, and which has no error; nan where it is not finite."""
    value = rise if math.isfinite(rise) else math.nan
    return Sharpness(value, math.nan, math.nan, 1, n)


def averaged(rises: Sequence[float], n: int) -> Sharpness:
    """The mean of at least two independent rises; nan where one of them is not finite."""
    if not np.isfinite(rises).all():
        return Sharpness(math.nan, math.nan, math.nan, len(rises), n)
    spread = float(np.std(rises, ddof=1))
    return Sharpness(float(np.mean(rises)), spread / len(rises) ** 0.5, spread, len(rises), n)


def largest(rises: Sequence[float], n: int) -> Sharpness:
    """The largest of the restarts' rises, and not below 0: staying put is allowed too.

    Nan where one of them is not finite: at the worst weights the loss has no bound in floats.
    """
    if not np.isfinite(rises).all():
        return Sharpness(math.nan, math.nan, math.nan, len(rises), n)
    spread = float(np.std(rises, ddof=1)) if len(rises) > 1 else float("nan")
    return Sharpness(max(0.0, *rises), float("nan"), spread, len(rises), n)

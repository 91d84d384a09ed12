"""What effect so many seeds, which differ so much, would find."""

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from scipy import optimize, stats

from advscape.statistics.effects import Values
from advscape.statistics.rules import side_of

#: share of the studies in which the effect would be found
POWER = 0.8
#: level, one-sided, of a 95 % interval
_OF_INTERVAL = 0.025


def detectable(claim: Mapping[str, Any], values: Values, bound: float) -> float:
    """The effect that is found in 80 of 100 studies of as many seeds with the same spread.

    Args:
        claim: ``rule``, ``sign`` and ``level``.
        values: (seeds,) effects.
        bound: of the claim, on the scale of the effects.

    Returns:
        On that scale the smallest effect that is found above the bound, or the largest below; of an
        equivalence the narrowest bound that is shown where there is no effect.
    """
    side, level = side_of(claim), claim["level"]
    if claim["rule"] in ("grows", "falls"):
        level = _OF_INTERVAL
    elif claim["rule"] in ("differs", "associated"):
        level /= 2  # both sides are tested
    # an equivalence has to be shown on both sides
    wanted = (1 + POWER) / 2 if side == "within" else POWER
    shift = _shift(len(values), level, wanted) * float(values.std(ddof=1)) / math.sqrt(len(values))
    if side == "within":
        return shift
    if side == "below":
        return bound - shift
    return -(bound + shift) if side == "opposite" else bound + shift


@cache
def _shift(seeds: int, level: float, power: float) -> float:
    """Noncentrality at which a one-sided t test has this power."""
    limit = float(stats.t.ppf(1 - level, seeds - 1))

    def lacking(shift: float) -> float:
        return float(stats.nct.sf(limit, seeds - 1, shift)) - power

    return float(optimize.brentq(lacking, 0, 10 * limit + 10))

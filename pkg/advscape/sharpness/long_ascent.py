"""How much of a long ascent a worst case reached, which restarts of a short one do not show.

Restarts that stop too early all stop at much the same height: their spread says nothing about how
far it still goes up.
"""

import math
from collections.abc import Iterable

from advscape.evaluation.checks import Check
from advscape.sharpness.network import Found

#: steps of the long ascent, as a multiple of the study's, and at least so many
LONGER, LEAST = 10, 60
#: its restarts, beside those of the study's ascents, which count too: in the default study four
#: more found 1 % more at most (robust_worst), and 0.01 % in the other measures
RESTARTS = 1
#: how much of the long ascent may be missing. Where one epsilon's worst case lacks a tenth and
#: another's nothing, their ratio is wrong by a factor of 1.1
BOUND = 0.1


def long_steps(steps: int) -> int:
    """Steps of the ascent that one of ``steps`` is held against."""
    return max(LONGER * steps, LEAST)


def near_long_ascent(found: Iterable[Found], long: Iterable[Found]) -> list[Check]:
    """The share of a long ascent's rise that a worst case lacks, largest over losses and radii.

    The long ascent counts the worst case itself too, so no share is below 0. Where both are 0, at a
    maximum of the loss, nothing is missing. A rise that is not finite makes the value NaN.

    Args:
        found: worst cases, as the study measures them.
        long: the same ones with :func:`long_steps` and :data:`RESTARTS`, in the same order.

    Returns:
        One for each measure and ball.
    """
    lacking: dict[str, list[float]] = {}
    n = {}
    for short, further in zip(found, long, strict=True):
        name = " ".join(part for part in (short.measure, short.ball) if part is not None)
        check = f"{name} near long ascent"
        lacking.setdefault(check, []).append(
            _lacking(short.sharpness.value, further.sharpness.value)
        )
        n[check] = short.sharpness.n
    return [
        Check(check, math.nan if any(map(math.isnan, values)) else max(values), BOUND, n[check])
        for check, values in lacking.items()
    ]


def _lacking(rise: float, further: float) -> float:
    if math.isnan(rise) or math.isnan(further):
        return math.nan
    most = max(rise, further)
    return 0.0 if most == 0 else 1 - rise / most

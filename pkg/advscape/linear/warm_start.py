"""Where to start at a radius, given the lines at smaller ones."""

from collections.abc import Mapping

from advscape.linear.robust_loss import Line


def warm_start(solved: Mapping[float, Line], radius: float) -> Line | None:
    """The straight continuation of a path: through its last two lines, or the last alone.

    Args:
        solved: radius -> its line. Larger radii and lines with w = 0 are not used.
        radius: where the path is to go on.

    Returns:
        the start; None where no line is of use.
    """
    below = sorted(other for other, line in solved.items() if other < radius and line.norm > 0)
    if not below:
        return None
    last = solved[below[-1]]
    if len(below) == 1:
        return last
    before = solved[below[-2]]
    ahead = (radius - below[-1]) / (below[-1] - below[-2])
    w = last.w + ahead * (last.w - before.w)
    # a long step towards the cone at w = 0 may end behind it
    return Line(w, last.b + ahead * (last.b - before.b)) if float(w @ last.w) > 0 else last

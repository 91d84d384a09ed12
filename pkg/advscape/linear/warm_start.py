"""Where to start at a radius, given the solutions at smaller ones."""

from collections.abc import Mapping

from advscape.linear.robust_loss import LinearModel


def warm_start(solved: Mapping[float, LinearModel], radius: float) -> LinearModel | None:
    """The straight continuation of a path: through its last two models, or the last alone.

    Args:
        solved: radius -> its model. Larger radii and models with w = 0 are not used.
        radius: where the path is to go on.

    Returns:
        the start; None where no model is of use.
    """
    below = sorted(other for other, model in solved.items() if other < radius and model.norm > 0)
    if not below:
        return None
    last = solved[below[-1]]
    if len(below) == 1:
        return last
    before = solved[below[-2]]
    ahead = (radius - below[-1]) / (below[-1] - below[-2])
    w = last.w + ahead * (last.w - before.w)
    # a long step towards the cone at w = 0 may end behind it
    return LinearModel(w, last.b + ahead * (last.b - before.b)) if float(w @ last.w) > 0 else last

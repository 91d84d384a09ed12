"""What is drawn of several seeds. Every figure takes it from here."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from scipy import stats

#: with so many seeds a mean has an interval worth drawing
ENOUGH = 5
#: an interval of fewer runs than this would say nothing
_FEWEST = 3
#: share of such intervals that hold the mean
LEVEL = 0.95


def enough(counts: Iterable[int]) -> bool:
    """Whether lines are means with intervals, from the number of seeds of a figure's points.

    They are where any has :data:`ENOUGH`: some runs of a grid may lack what is drawn (a collapsed
    model has no Hessian), which must not change what the figure's lines are.
    """
    return max(counts, default=0) >= ENOUGH


def summary(
    rows: pd.DataFrame, by: Sequence[str], *, means: bool, logarithmic: bool
) -> pd.DataFrame:
    """One row for each point of a curve: its line, and from where to where its band reaches.

    With ``means`` the line is the mean over seeds, on a logarithmic axis the geometric one, and the
    band is its 95 % interval by Student's t, there on logarithms; it is empty where fewer than 3
    seeds have a value. The rows are those of :func:`single` then, one for each seed. Otherwise the
    line is the median, and the band reaches from the smallest to the largest of all values; it is
    empty where there is one.

    Args:
        rows: with the columns ``y`` and ``seed``.
        by: columns that tell points apart, in whose order they come.
        means: see :func:`enough`.
        logarithmic: whether the axis is; then all values are above 0.

    Returns:
        ``by``, ``y``, ``low``, ``high``, ``seeds`` (how many have a value).
    """
    found = []
    for key, group in rows.groupby(list(by), sort=False, dropna=False, observed=True):
        seeds = group["seed"].nunique(dropna=False)
        if not means:
            point = _range(group["y"].to_numpy())
        elif logarithmic:
            point = tuple(np.exp(_interval(np.log(group["y"].to_numpy()))))
        else:
            point = _interval(group["y"].to_numpy())
        found.append((*key, *point, seeds))
    return pd.DataFrame(found, columns=[*by, "y", "low", "high", "seeds"])


def single(rows: pd.DataFrame, by: Sequence[str], *, logarithmic: bool) -> pd.DataFrame:
    """One row for each seed of each point: the mean where a seed has several values (directions).

    Args:
        rows: as for :func:`summary`.
        by: columns that tell points apart.
        logarithmic: whether the axis is; then the mean is the geometric one.

    Returns:
        ``by``, ``seed``, ``y``.
    """
    of = rows.assign(y=np.log(rows["y"])) if logarithmic else rows
    groups = of.groupby([*by, "seed"], sort=False, dropna=False, observed=True)
    means: pd.DataFrame = groups["y"].mean().reset_index()
    return means.assign(y=np.exp(means["y"])) if logarithmic else means


def _interval(values: np.ndarray) -> tuple[float, ...]:
    mean = float(values.mean())
    if len(values) < _FEWEST:
        return mean, np.nan, np.nan
    error = float(values.std(ddof=1)) / np.sqrt(len(values))
    half = float(stats.t.ppf((1 + LEVEL) / 2, len(values) - 1)) * error
    return mean, mean - half, mean + half


def _range(values: np.ndarray) -> tuple[float, ...]:
    if len(values) == 1:
        return float(values[0]), np.nan, np.nan
    return float(np.median(values)), float(values.min()), float(values.max())


def in_words(
    *, means: bool, most: int, geometric: bool, names: bool, within: str = "", thin: bool = True
) -> str:
    """What a figure's foot says of its seeds.

    Args:
        means: see :func:`enough`.
        most: runs behind the point that has most.
        geometric: whether an axis is logarithmic.
        names: whether the figure has points with bars in the place of lines with bands.
        within: of what a seed has several values.
        thin: whether single runs are drawn as lines; otherwise as dots.
    """
    line, band = ("points", "bars") if names else ("lines", "bands")
    if means:
        kind = "means (geometric on logarithmic axes)" if geometric else "means"
        runs = "thin lines" if thin and not names else "small dots"
        averaged = f" (of each seed's mean over {within})" if within else ""
        return (
            f"{line}: {kind} over seeds{averaged}; {band}: 95 % intervals (Student's t); "
            f"{runs}: single runs"
        )
    if most == 1:
        return f"{line}: one run each"
    over = f"seeds and {within}" if within else "seeds"
    return f"{line}: median, {band}: min-max over {over}"

"""From measurements to one effect for each seed: what the rules of claims look at.

Seeds are the independent repetitions of an experiment, so that every interval and every test is
over them.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from advscape.statistics.series import (
    CELL,
    Measurement,
    by_seed,
    measured,
    over,
    place,
    selected,
)

Values = NDArray[np.float64]
#: fewer seeds, or epsilons, decide nothing
FEWEST = 3
Scale = Literal["ratio", "difference", "tau", "share"]


@dataclass(frozen=True)
class Effects:
    """An effect for each seed.

    Attributes:
        scale: what an effect is.
        words: which, in words.
        values: (seeds,) on the scale on which they are averaged: logarithms of ratios.
        runs: measurements that they are made of.
        missing: which seeds or runs are not there, in words; empty if none.
        course: of trends (seeds, epsilons), ascending.
        enough: whether the rule has what it needs beside seeds.
    """

    scale: Scale
    words: str
    values: Values
    runs: int
    missing: str
    course: Values | None = None
    enough: bool = True

    @property
    def seeds(self) -> int:
        """Their number."""
        return len(self.values)

    @property
    def testable(self) -> bool:
        """Whether they can decide anything."""
        return self.enough and self.seeds >= FEWEST and bool(np.all(np.isfinite(self.values)))

    def back(self, value: float) -> float:
        """From the scale of the values to that of the estimate."""
        if self.scale == "tau":  # the jackknife's correction and interval may go beyond
            return min(1.0, max(-1.0, value))
        return math.exp(value) if self.scale == "ratio" else value


def along(tables: Mapping[str, pd.DataFrame], claim: Mapping[str, Any]) -> Effects:
    """The last value over the first, or minus it, along epsilon or epochs.

    Args:
        tables: the study's, by name.
        claim: ``of``, ``along``, ``seeds``, ``difference``.
    """
    of: Measurement = claim["of"]
    name = claim["along"]
    rows = measured(tables, of)
    wide, missing = over(rows, name, claim["seeds"], of.select.get("regime"))
    course = wide.to_numpy(float)
    if not wide.size:
        scale: Scale = "ratio" if claim["difference"] is None else "difference"
        return Effects(scale, f"last over first {name}", np.empty(0), 0, missing, course, False)
    ends = [place(name, value) for value in wide.columns[[0, -1]]]
    if wide.shape[1] < FEWEST:
        missing = "; ".join([*filter(None, [missing]), f"fewer than {FEWEST} values of {name}"])
    values, scale, words = _compared(course[:, :1].T, course[:, -1:].T, claim, *ends)
    return Effects(scale, words, values, course.size, missing, course, wide.shape[1] >= FEWEST)


def paired(tables: Mapping[str, pd.DataFrame], claim: Mapping[str, Any]) -> Effects:
    """A value over another of the same seed, or minus it.

    Args:
        tables: the study's, by name.
        claim: ``of``, ``other``, ``seeds``, ``difference``.
    """
    one, two, missing = _both(tables, claim)
    words = [_apart(claim["of"], claim["other"]), _apart(claim["other"], claim["of"])]
    values, scale, text = _compared(two[None], one[None], claim, words[1], words[0])
    return Effects(scale, text, values, 2 * len(values), missing)


def part_of_whole(tables: Mapping[str, pd.DataFrame], claim: Mapping[str, Any]) -> Effects:
    """A value's share of another of the same seed.

    Args:
        tables: the study's, by name.
        claim: ``of``, the part; ``other``, the whole; ``seeds``.
    """
    part, whole, missing = _both(tables, claim)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = part / whole
    words = f"{_apart(claim['of'], claim['other'])} as a share of "
    words += _apart(claim["other"], claim["of"])
    return Effects("share", words, values, 2 * len(values), missing)


def association(tables: Mapping[str, pd.DataFrame], claim: Mapping[str, Any]) -> Effects:
    """Kendall's tau-b of two quantities over the runs, or the mean of those within groups.

    Effects are the jackknife's pseudo-values over seeds (Efron and Stein, Ann. Statist. 9, 1981):
    with T of all n seeds and T_s without seed s, n T - (n - 1) T_s. Their mean is the estimate.

    Args:
        tables: the study's, by name.
        claim: ``of``, ``other``, ``seeds``, ``within``: a column, or None for all runs together.
    """
    one, two = (_in_regime(tables, claim[side]) for side in ("of", "other"))
    runs = one.merge(two, on=[*CELL, "seed"], suffixes=("", "_other"))
    gone = len(one) - int(runs[["value", "value_other"]].notna().all(axis="columns").sum())
    runs = runs.dropna(subset=["value", "value_other"])
    seeds = [seed for seed in claim["seeds"] if seed in set(runs["seed"])]
    absent = [f"seed {seed}" for seed in claim["seeds"] if seed not in seeds]
    missing = absent + ([f"{gone} runs without one of both values"] if gone else [])
    values = tau_effects(runs, claim["within"], seeds)
    words = "Kendall's tau over runs"
    if claim["within"]:
        words = f"mean over {claim['within']} of Kendall's tau over its runs"
    return Effects("tau", words, values, len(runs), "; ".join(missing))


def tau_effects(runs: pd.DataFrame, within: str | None, seeds: Iterable[int]) -> Values:
    """Pseudo-values (seeds,) of :func:`tau_of`, of two seeds or more.

    Args:
        runs: columns seed, value, value_other and what ``within`` names.
        within: a column, or None for all runs together.
        seeds: all that runs have.
    """
    whole = tau_of(runs, within)
    without = np.array([tau_of(runs[runs["seed"] != seed], within) for seed in seeds])
    n = len(without)
    return n * whole - (n - 1) * without


def tau_of(runs: pd.DataFrame, within: str | None) -> float:
    """Kendall's tau-b, or its mean over groups; NaN where no group has two different runs."""
    groups = [runs] if within is None else [rows for _, rows in runs.groupby(within, dropna=False)]
    found = [
        float(stats.kendalltau(rows["value"], rows["value_other"]).statistic)
        for rows in groups
        if len(rows) > 1
    ]
    found = [tau for tau in found if not math.isnan(tau)]
    return float(np.mean(found)) if found else math.nan


def _both(
    tables: Mapping[str, pd.DataFrame], claim: Mapping[str, Any]
) -> tuple[Values, Values, str]:
    """Both measurements of the seeds that have both, and which are missing."""
    one, two = (by_seed(_in_regime(tables, claim[side])) for side in ("of", "other"))
    common = [seed for seed in claim["seeds"] if seed in one.index and seed in two.index]
    absent = [f"seed {seed}" for seed in claim["seeds"] if seed not in common]
    return (
        one.loc[common].to_numpy(float),
        two.loc[common].to_numpy(float),
        "; ".join(absent),
    )


def _in_regime(tables: Mapping[str, pd.DataFrame], of: Measurement) -> pd.DataFrame:
    """A measurement of the runs that are in its regime."""
    rows = measured(tables, of)
    regime = of.select.get("regime")
    return rows if regime is None else rows[rows["regime"] == regime]


def _compared(
    first: Values, last: Values, claim: Mapping[str, Any], name: str, other: str
) -> tuple[Values, Scale, str]:
    """Logarithms of ratios, or differences, (seeds,) of two arrays (1, seeds)."""
    if claim["difference"] is not None:
        return (last - first)[0], "difference", f"{other} minus {name}"
    with np.errstate(divide="ignore", invalid="ignore"):
        # a ratio means something of positive values alone
        logs = np.where((first > 0) & (last > 0), np.log(last) - np.log(first), np.nan)
    return logs[0], "ratio", f"{other} over {name}"


def _apart(of: Measurement, other: Measurement) -> str:
    """What a measurement is that the other is not, in words."""
    if of.quantity != other.quantity:
        return of.quantity
    words = [] if of.experiment == other.experiment else [of.experiment]
    words += [*filter(None, [selected(of, but=other.select)])]
    return ", ".join(words) or of.quantity

"""What did not converge, and linear models without a minimiser or a Hessian: warnings."""

from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from advscape.epsilon import in_words
from advscape.report.render import render


@dataclass(frozen=True)
class Unconverged:
    """Results of an experiment that did not reach their tolerance.

    Attributes:
        experiment: its name.
        what: which results.
        failed: their number.
        total: of all such results of the experiment.
    """

    experiment: str
    what: str
    failed: int
    total: int


@dataclass(frozen=True)
class Regime:
    """Runs of an experiment in a regime that is not the finite one.

    Attributes:
        experiment: its name.
        name: of the regime.
        runs: their number.
        epsilons: of these runs, in words.
    """

    experiment: str
    name: str
    runs: int
    epsilons: str


def unconverged_section(runs: pd.DataFrame, curvature: pd.DataFrame) -> Markup:
    """A line for each experiment with solutions or eigenvalues that missed their tolerance.

    Args:
        runs: all rows of runs.csv.
        curvature: all rows of curvature.csv.

    Returns:
        HTML; empty where everything converged.
    """
    results = {"solutions": runs, "largest eigenvalues": curvature}
    found = [
        Unconverged(str(experiment), what, int((~known).sum()), len(known))
        for what, table in results.items()
        for experiment, cells in table.groupby("experiment", sort=False)["converged"]
        if len(known := cells.dropna().astype(bool)) and not known.all()
    ]
    return render("unconverged.html", unconverged=found)


def regimes_section(runs: pd.DataFrame) -> Markup:
    """A line for each experiment and regime in which its linear models do not have both.

    Args:
        runs: all rows of runs.csv.

    Returns:
        HTML; empty where all are in the finite regime, or none is known.
    """
    rows = runs[runs["regime"].isin(["separable", "collapsed"])]
    found = [
        Regime(str(experiment), str(name), len(cells), _range(cells))
        for (experiment, name), cells in rows.groupby(["experiment", "regime"], sort=False)[
            "epsilon"
        ]
    ]
    return render("regimes.html", regimes=found)


def _range(epsilons: pd.Series) -> str:
    low, high = (in_words(float(end)) for end in (epsilons.min(), epsilons.max()))
    return low if low == high else f"{low} to {high}"

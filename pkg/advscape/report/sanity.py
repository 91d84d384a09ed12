"""What of the attacks' sanity checks failed, as a part of the claims' page."""

from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from advscape.report.render import render


@dataclass(frozen=True)
class Place:
    """Runs of one noise arm and epsilon.

    Attributes:
        noise: the arm.
        epsilon: of the runs.
        seeds: of the runs, each once, ascending.
    """

    noise: str
    epsilon: float
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Failure:
    """A check that failed in runs of an experiment.

    Attributes:
        experiment: of the runs.
        check: its name.
        failed: how often it failed.
        total: how often it was made.
        worst: the largest value; None where one was not a number.
        bound: what a value may be at most.
        places: where it failed.
    """

    experiment: str
    check: str
    failed: int
    total: int
    worst: float | None
    bound: float
    places: tuple[Place, ...]


def sanity_section(sanity: pd.DataFrame) -> Markup:
    """One line with the number of failed checks, and a table of them if there are any.

    Args:
        sanity: all rows of sanity.csv.

    Returns:
        HTML; one row for each experiment and check, which names its runs.
    """
    failed = sanity[~sanity["ok"].astype(bool)]
    groups = failed.groupby(["experiment", "check"], sort=False)
    failures = [_failure(rows, sanity) for _, rows in groups]
    return render("sanity.html", failures=failures, failed=len(failed), total=len(sanity))


def _failure(rows: pd.DataFrame, sanity: pd.DataFrame) -> Failure:
    first = rows.iloc[0]
    same = (sanity["experiment"] == first["experiment"]) & (sanity["check"] == first["check"])
    # a value that is missing was not a number: nothing is worse
    worst = rows["value"].max(skipna=False)
    return Failure(
        experiment=first["experiment"],
        check=first["check"],
        failed=len(rows),
        total=int(same.sum()),
        worst=None if pd.isna(worst) else float(worst),
        bound=first["bound"],
        places=tuple(
            Place(
                found["noise"].iloc[0], found["epsilon"].iloc[0], tuple(sorted(set(found["seed"])))
            )
            for _, found in rows.groupby(["noise", "epsilon"], sort=False)
        ),
    )

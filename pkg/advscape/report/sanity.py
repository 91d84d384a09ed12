"""What of the attacks' sanity checks failed, a warning."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from advscape.epsilon import in_words
from advscape.evaluation.checks import GUESS, KKT, PUBLISHED
from advscape.report.render import render

#: columns that runs have in common but for their seeds, in words
_CELL: dict[str, Callable[[Any], str]] = {
    "label": str, "variant": str, "noise": str, "epsilon": in_words, "epoch": "epoch {:g}".format,
    "checkpoint": str,
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Runs that differ in their seeds alone.

    Attributes:
        name: what they have in common, in words.
        seeds: of the runs, each once, ascending.
    """

    name: str
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
        samples: the fewest that a failed one was taken over: differences of accuracies come in
            steps of one sample.
        places: where it failed.
    """

    experiment: str
    check: str
    failed: int
    total: int
    worst: float | None
    bound: float
    samples: int
    places: tuple[Place, ...]

    @property
    def runs(self) -> str:
        """The places with their seeds, in words."""
        return "; ".join(
            f"{place.name}: seed {', '.join(map(str, place.seeds))}" for place in self.places
        )


def sanity_section(sanity: pd.DataFrame) -> Markup:
    """The number of failed checks, and a table of them.

    Args:
        sanity: all rows of sanity.csv.

    Returns:
        HTML; one row for each experiment and check, which names its runs. Empty where all passed.
    """
    failed = sanity[~sanity["ok"].astype(bool)]
    groups = failed.groupby(["experiment", "check"], sort=False)
    failures = [_failure(rows, sanity) for _, rows in groups]
    short = any(failure.check == KKT for failure in failures)
    return render(
        "sanity.html", failures=failures, failed=len(failed), total=len(sanity), short=short
    )


def published_section(sanity: pd.DataFrame) -> Markup:
    """Networks that do not have the accuracy that was published with their weights.

    Args:
        sanity: all rows of sanity.csv.

    Returns:
        HTML; empty where every network has it, or nothing was published.
    """
    return _alone("published.html", PUBLISHED, sanity)


def guess_section(sanity: pd.DataFrame) -> Markup:
    """Networks that are hardly better than a constant guess.

    Args:
        sanity: all rows of sanity.csv.

    Returns:
        HTML; empty where there is none.
    """
    return _alone("guess.html", GUESS, sanity)


def _alone(template: str, check: str, sanity: pd.DataFrame) -> Markup:
    """A section about one check, a line for each experiment in which it failed."""
    checks = sanity[sanity["check"] == check]
    failed = checks[~checks["ok"].astype(bool)]
    groups = failed.groupby("experiment", sort=False)
    failures = [_failure(rows, sanity) for _, rows in groups]
    return render(template, failures=failures, failed=len(failed), total=len(checks))


def _places(rows: pd.DataFrame) -> tuple[Place, ...]:
    """The runs of some rows, those that differ in their seeds alone together."""
    cells = rows.groupby(list(_CELL), sort=False, dropna=False)
    return tuple(
        Place(
            " ".join(
                words(value)
                for words, value in zip(_CELL.values(), cell, strict=True)
                if not pd.isna(value) and value != "last"
            ),
            tuple(sorted(set(found["seed"]))),
        )
        for cell, found in cells
    )


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
        samples=int(rows["n"].min()),
        places=_places(rows),
    )

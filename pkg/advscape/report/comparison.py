"""Trainings, or networks, side by side, a section of the report."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from advscape.epsilon import in_words
from advscape.report.render import render

#: columns that say whose a row is, in words
_NAMES: dict[str, Callable[[Any], str]] = {
    "label": str,
    "variant": str,
    "noise": "{} noise".format,
    "epsilon": lambda epsilon: f"epsilon {in_words(epsilon)}",
    "checkpoint": "{} weights".format,
}


@dataclass(frozen=True)
class Cell:
    """A mean over seeds.

    Attributes:
        mean: of the seeds.
        spread: standard deviation over them; NaN of a single one.
        rank: among the experiment's rows; None where the column is not ranked.
    """

    mean: float
    spread: float
    rank: int | None


@dataclass(frozen=True)
class Row:
    """Networks that differ in their seeds alone.

    Attributes:
        name: what they have in common, in words.
        seeds: their number.
        cells: by column.
    """

    name: str
    seeds: int
    cells: tuple[Cell | None, ...]


#: columns of the page's table, in words
COLUMNS = {
    "test_accuracy": "robust accuracy",
    "clean_accuracy": "clean accuracy",
    "gap_accuracy": "robust gap",
    "frozen": "lambda_max frozen",
    "total": "lambda_max whole",
    "average": "average sharpness",
    "worst": "worst sharpness",
}


def comparison_section(comparison: pd.DataFrame | None) -> Markup:
    """A table for each experiment that compares variants, labels or weights.

    Args:
        comparison: rows of comparison.csv; None in a study without networks.

    Returns:
        HTML; empty where no experiment compares any.
    """
    if comparison is None:
        return Markup()
    experiments = {
        str(name): [_row(row, rows) for row in rows.to_dict("records")]
        for name, rows in comparison.groupby("experiment", sort=False)
        if any(rows[column].nunique(dropna=False) > 1 for column in ("label", "variant"))
    }
    return render("comparison.html", experiments=experiments, columns=list(COLUMNS.values()))


def _row(row: Mapping[Hashable, Any], rows: pd.DataFrame) -> Row:
    """Named by what the experiment's rows differ in."""
    name = ", ".join(
        words(row[column])
        for column, words in _NAMES.items()
        if rows[column].nunique(dropna=False) > 1 and not pd.isna(row[column])
    )
    return Row(name, int(row["seeds"]), tuple(_cell(row, column) for column in COLUMNS))


def _cell(row: Mapping[Hashable, Any], column: str) -> Cell | None:
    if pd.isna(row[column]):
        return None
    rank = row.get(f"rank_{column}")
    known = None if rank is None or pd.isna(rank) else int(rank)
    return Cell(float(row[column]), float(row[f"{column}_sd"]), known)

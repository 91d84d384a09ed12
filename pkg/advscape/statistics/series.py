"""The measurements that a claim is about, out of the study's tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from advscape.epsilon import in_words
from advscape.errors import UserError
from advscape.references import imported
from advscape.statistics.quantities import QUANTITIES

#: columns that tell an experiment's runs apart, their seeds aside
CELL = ["noise", "epsilon", "label", "epoch", "variant", "checkpoint"]
#: columns over whose rows a value is averaged where none is selected: of directions drawn at random
AVERAGED = ("direction_seed", "direction_index")
#: of eval_epsilon: the run's own
OWN = "own"


@dataclass(frozen=True)
class Measurement:
    """What of a study's tables a claim looks at.

    Attributes:
        experiment: name of the experiment.
        table: name of the table.
        quantity: a column of it, or a name of ``QUANTITIES``.
        select: column and value of the rows wanted, or a list of values; ``regime`` is the run's,
            and the value ``own`` of ``eval_epsilon`` the run's own epsilon.
    """

    experiment: str
    table: str
    quantity: str
    select: Mapping[str, Any]


def measured(tables: Mapping[str, pd.DataFrame], of: Measurement) -> pd.DataFrame:
    """A value for each run.

    Args:
        tables: the measurement's table, and runs.
        of: the measurement.

    Returns:
        Columns ``CELL``, ``seed``, ``regime`` and ``value``.

    Raises:
        UserError: the selection leaves several values for a run.
    """
    rows = tables[of.table]
    rows = rows[rows["experiment"] == of.experiment]
    derived = QUANTITIES.get(of.quantity)
    if derived is None:
        rows = rows.assign(value=rows[of.quantity])
    else:
        rows = imported(derived.function)(rows)
    if "checkpoint" not in rows:  # a table about runs, which their last weights stand for
        rows = rows.assign(checkpoint="last")
    for column, value in of.select.items():
        if column != "regime":
            rows = rows[_selected(rows, column, value, of.select)]
    rows = _averaged(rows, of)
    runs = tables["runs"]
    key = ["noise", "epsilon", "seed", "label", "variant"]
    regimes = runs.loc[runs["experiment"] == of.experiment, [*key, "regime"]].drop_duplicates()
    regimes = regimes.astype(dict.fromkeys(("noise", "label", "variant"), object))
    return rows.merge(regimes, on=key, how="left")


def over(
    rows: pd.DataFrame, along: str, seeds: Sequence[int], regime: Any = None
) -> tuple[pd.DataFrame, str]:
    """Values by seed and epsilon, or epoch.

    Args:
        rows: from :func:`measured`.
        along: epsilon or epoch.
        seeds: of the experiment.
        regime: only where every seed's run is in this regime.

    Returns:
        Seeds by epsilons (or epochs), ascending, all present; and which values are missing, in
        words. Left out are epsilons at which no run has a value, since it does not exist there,
        and seeds that lack one of the others.

    Raises:
        UserError: a run has several.
    """
    _check_single(rows, [along, "seed"])
    wide = rows.pivot(index="seed", columns=along, values="value").reindex(seeds)
    if regime is not None:
        there = rows.pivot(index="seed", columns=along, values="regime")
        wide = wide.loc[:, (there == regime).all()]
    wide = wide.dropna(axis="columns", how="all")
    gaps = [
        f"{place(along, wide.columns[j])}, seed {wide.index[i]}"
        for i, j in zip(*np.nonzero(wide.isna().to_numpy()), strict=True)
        if not wide.iloc[i].isna().all()
    ]
    absent = [f"seed {seed}" for seed in wide.index[wide.isna().all(axis="columns")]]
    return wide.dropna(axis="index"), "; ".join(absent + gaps)


def by_seed(rows: pd.DataFrame) -> pd.Series:
    """The value of each seed that has one.

    Raises:
        UserError: a seed has several.
    """
    _check_single(rows, ["seed"])
    return rows.set_index("seed")["value"].dropna()


def _check_single(rows: pd.DataFrame, key: list[str]) -> None:
    """There is one row for each key.

    Raises:
        UserError: there are several.
    """
    several = rows[rows.duplicated(key, keep=False)]
    for column in CELL:
        found = several[column].unique()
        if len(found) > 1 and column not in key:
            named = ", ".join(map(str, found[:5]))
            raise UserError(f"select.{column}: got nothing; allowed: one of {named}")


def _selected(rows: pd.DataFrame, column: str, value: Any, select: Mapping[str, Any]) -> pd.Series:
    if isinstance(value, list):
        found = [_selected(rows, column, each, select) for each in value]
        return pd.concat(found, axis="columns").any(axis="columns")
    cells = rows[column]
    if column == "eval_epsilon" and value == OWN:
        return cells == rows["epsilon"]
    found = _equal(cells, value)
    if column in ("attack", "steps", "restarts") and select.get("eval_epsilon") == OWN:
        # at radius 0 there is no attack to be selected
        found |= rows["eval_epsilon"] == 0
    return found


def _equal(cells: pd.Series, value: Any) -> pd.Series:
    if isinstance(value, bool) or not isinstance(value, str):
        numbers = np.isclose(cells.astype(float), float(value), rtol=1e-9, atol=0)
        return pd.Series(numbers, index=cells.index)
    return cells.astype(str) == value


def _averaged(rows: pd.DataFrame, of: Measurement) -> pd.DataFrame:
    """One row for each run.

    Raises:
        UserError: there are several, that differ in more than their random direction.
    """
    key = [*CELL, "seed"]
    if not any(column in rows for column in AVERAGED):
        several = rows[rows.duplicated(key, keep=False)]
    else:
        drawn = [column for column in AVERAGED if column in rows]
        several = rows[rows.duplicated([*key, *drawn], keep=False)]
    if len(several):
        first = several.groupby(key, dropna=False).ngroup()
        run = several[first == first.iloc[0]]
        apart = [
            column for column in run.columns
            if column not in ("value", of.quantity) and run[column].nunique(dropna=False) > 1
        ]  # fmt: skip
        found = ", ".join(map(str, run[apart[0]].unique()[:5])) if apart else "nothing"
        raise UserError(
            f"a claim about {of.quantity} of {of.experiment} ({of.table}.csv): "
            f"select.{apart[0] if apart else 'quantity'}: got nothing; allowed: one of {found}"
        )
    # a value that is missing in one direction is missing
    means = rows.groupby(key, dropna=False, sort=False)["value"]
    found = means.agg(lambda values: values.mean(skipna=False)).reset_index()
    # names that are all missing have become numbers, which could not be matched with names
    return found.astype(dict.fromkeys(("noise", "label", "variant", "checkpoint"), object))


def selected(of: Measurement, but: Mapping[str, Any] | None = None) -> str:
    """What is selected, in words.

    Args:
        of: the measurement.
        but: a selection; what that has, too, is left out.
    """
    own = {k: v for k, v in of.select.items() if but is None or but.get(k) != v}
    return ", ".join(place(name, value) for name, value in sorted(own.items()))


def place(column: str, value: Any) -> str:
    """A column's value, or list of values, in words: epsilon 8/255."""
    word = in_words if column in ("epsilon", "eval_epsilon") else "{:g}".format
    values = value if isinstance(value, list) else [value]
    named = (word(one) if isinstance(one, float) else str(one) for one in values)
    return f"{column} {' or '.join(named)}"

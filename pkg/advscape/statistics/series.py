"""The measurements a claim is about: one row per seed, one column per epsilon."""

from collections.abc import Mapping

import pandas as pd


def series(
    tables: Mapping[str, pd.DataFrame],
    experiment: str,
    quantity: str,
    select: Mapping[str, str | int | float],
) -> pd.DataFrame:
    r"""Values of a quantity, seeds by epsilons, epsilons ascending.

    Args:
        tables: runs, curvature, landscape and, of networks, finite_scale.
        experiment: name of the experiment.
        quantity: a column of curvature, or ``rise``: the landscape's mean loss at its largest
            \|alpha\| minus its loss at 0, over the directions, or ``finite_scale``: the largest
            second difference.
        select: column and value of the rows wanted; ``regime`` is the run's.

    Returns:
        Only the epsilons for which every seed has a value.
    """
    rows = tables[{"rise": "landscape", "finite_scale": "finite_scale"}.get(quantity, "curvature")]
    rows = rows[(rows["experiment"] == experiment) & (rows["checkpoint"] == "last")]
    keys = ["noise", "epsilon", "seed", "label", "epoch", "variant"]
    runs = tables["runs"].loc[tables["runs"]["experiment"] == experiment, [*keys, "regime"]]
    rows = rows.merge(runs, on=keys)
    if quantity == "finite_scale":
        rows = _finite_scale(rows)
    for column, value in select.items():
        cells = rows[column] if column in ("epoch", "scale") else rows[column].astype(str)
        rows = rows[cells == value]
    if quantity == "rise":
        rows = _rise(rows, keys)
    wide = rows.pivot_table(
        index="seed", columns="epsilon", values=quantity, aggfunc=_only, dropna=False
    )
    return wide.dropna(axis="columns")


def _rise(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    edge = (
        rows[rows["alpha"].abs() == rows["alpha"].abs().max()]
        .groupby(keys, dropna=False)["loss"]
        .mean()
    )
    centre = rows[rows["alpha"] == 0].groupby(keys, dropna=False)["loss"].mean()
    return (edge - centre).rename("rise").reset_index()


def _finite_scale(rows: pd.DataFrame) -> pd.DataFrame:
    """Two rows of each: under the regenerated attack, and with the noise frozen."""
    rows = rows[rows["direction"] == "largest"]
    columns = {"regenerated": "total", "frozen": "frozen"}
    return pd.concat(
        [rows.assign(attack=a, finite_scale=rows[column]) for a, column in columns.items()]
    )


def _only(values: pd.Series) -> float:
    """The one value of a cell: several mean that ``select`` leaves something open.

    Raises:
        ValueError: there are several.
    """
    if len(values) > 1:
        raise ValueError("several values for one run")
    return float(values.iloc[0])

"""Quantities that claims are about and that no table has as a column."""

import pandas as pd

#: columns of robustness.csv that hold values, not names of rows
_VALUES = ["accuracy", "loss", "n", "mean_p1p", "components"]


def rise(rows: pd.DataFrame) -> pd.DataFrame:
    """Of flatness.csv the rise at the largest radius."""
    rows = rows[rows["quantity"] == "rise"]
    return rows[rows["at"] == rows["at"].max()].drop(columns=["quantity", "at"])


def finite_scale(rows: pd.DataFrame) -> pd.DataFrame:
    """Of finite_scale.csv both columns, under the name of their attack."""
    rows = rows[rows["direction"] == "largest"].drop(columns="direction")
    columns = {"regenerated": "total", "frozen": "frozen"}
    return pd.concat([rows.assign(attack=a, value=rows[column]) for a, column in columns.items()])


def gap_accuracy(rows: pd.DataFrame) -> pd.DataFrame:
    """Of robustness.csv the accuracy on training samples minus that on test samples."""
    return _difference(rows, "accuracy", "train", "test")


def gap_loss(rows: pd.DataFrame) -> pd.DataFrame:
    """Of robustness.csv the loss on test samples minus that on training samples."""
    return _difference(rows, "loss", "test", "train")


def _difference(rows: pd.DataFrame, column: str, minuend: str, subtrahend: str) -> pd.DataFrame:
    names = [name for name in rows if name not in ("split", *_VALUES)]
    sides = [rows.loc[rows["split"] == split, [*names, column]] for split in (minuend, subtrahend)]
    both = sides[0].merge(sides[1], on=names, suffixes=("", "_other"))
    value = both[column] - both[f"{column}_other"]
    return both.drop(columns=[column, f"{column}_other"]).assign(value=value)

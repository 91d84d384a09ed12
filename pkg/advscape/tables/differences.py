"""One table of two studies: which rows only one of them has, and which cells differ by how much."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from advscape.study.columns import NUMBER, Column, columns_of

#: units of columns that are other ones each time
_TIMES = ("s", "1/s")
#: key columns that the experiment's name says
_BY_EXPERIMENT = ("dataset", "model", "norm")


@dataclass(frozen=True)
class ColumnDifference:
    """Cells of a column that differ between two tables.

    Attributes:
        column: its name.
        rows: how many are in both tables.
        cells: how many of these differ.
        one_empty: in how many of these one of the cells is empty.
        relative: largest difference over the larger of the two numbers; NaN of names and truth
            values, and where only empty cells differ.
        absolute: largest difference, likewise.
        row: the row of the largest relative difference, or else the first that differs, in words.
        values: the two cells there.
    """

    column: str
    rows: int
    cells: int
    one_empty: int
    relative: float
    absolute: float
    row: str
    values: tuple[str, str]

    @property
    def order(self) -> tuple[bool, float]:
        """Empty cells, names and truth values first, then the largest relative difference."""
        number = self.one_empty == 0 and not math.isnan(self.relative)
        return number, math.inf if math.isnan(self.relative) else -self.relative


@dataclass(frozen=True)
class TableDifference:
    """What differs between two tables of one name.

    Attributes:
        table: its name.
        rows: how many are in both.
        cells: how many cells of these were compared.
        only: how many rows are in the first table alone, and in the second.
        only_columns: columns of the first table alone, and of the second.
        columns: those that differ, in their order.
        times: columns of times and speeds that differ.
    """

    table: str
    rows: int
    cells: int
    only: tuple[int, int]
    only_columns: tuple[tuple[str, ...], tuple[str, ...]]
    columns: tuple[ColumnDifference, ...]
    times: tuple[ColumnDifference, ...]

    @property
    def none(self) -> bool:
        """Whether the tables are the same, times and speeds aside."""
        return not (any(self.only) or any(self.only_columns) or self.columns)


def table_difference(table: str, first: pd.DataFrame, second: pd.DataFrame) -> TableDifference:
    """Compare two tables, row by row.

    Rows are of the same measurement where the catalogue's key columns agree; where several rows
    have the same key, as the points of a spectrum, by their order. The epoch of the best weights is
    an outcome, and no part of the key.

    Args:
        table: its name, one of the catalogue's.
        first: its cells as text, as :func:`advscape.tables.collect.read_texts` gives them.
        second: those of the other table.
    """
    described = columns_of(table)
    shared = [name for name in described if name in first and name in second]
    keys = [name for name in shared if described[name].key]
    values = [name for name in shared if not described[name].key]
    mine, theirs = (_by_key(rows[shared], keys, described) for rows in (first, second))
    both = mine.index[mine.index.isin(theirs.index)]
    a, b = mine.loc[both], theirs.loc[both]
    columns = [
        difference
        for name in values
        if (difference := _column(described[name], name, a[name], b[name], a[keys]))
    ]
    columns.sort(key=lambda column: column.order)
    return TableDifference(
        table,
        rows=len(both),
        cells=len(both) * len(values),
        only=(len(mine) - len(both), len(theirs) - len(both)),
        only_columns=(_lacking(first, second), _lacking(second, first)),
        columns=tuple(c for c in columns if described[c.column].unit not in _TIMES),
        times=tuple(c for c in columns if described[c.column].unit in _TIMES),
    )


def _lacking(rows: pd.DataFrame, others: pd.DataFrame) -> tuple[str, ...]:
    return tuple(name for name in rows if name not in others)


def _by_key(
    rows: pd.DataFrame, keys: Sequence[str], described: Mapping[str, Column]
) -> pd.DataFrame:
    """Rows by what they are of, and by their number among those of the same key."""
    names = rows[keys].astype(object)
    for name in keys:
        if described[name].kind == NUMBER:
            names[name] = rows[name].map(_number_in_words)
    if "checkpoint" in names and "epoch" in names:
        names.loc[names["checkpoint"] == "best", "epoch"] = ""
    among = names.groupby(keys, dropna=False).cumcount() if keys else range(len(rows))
    index = pd.MultiIndex.from_frame(names.assign(among=among))
    return rows.set_axis(index, axis="index")


def _number_in_words(cell: str) -> str:
    """The same text for 0.5 and 0.50, and for numbers that differ in their last digit."""
    try:
        return f"{float(cell):.12g}"
    except ValueError:
        return cell


def _column(
    described: Column, name: str, a: pd.Series, b: pd.Series, keys: pd.DataFrame
) -> ColumnDifference | None:
    """Where two columns of the same rows differ; None where they do not."""
    texts = (a.to_numpy(dtype=object), b.to_numpy(dtype=object))
    differs = texts[0] != texts[1]
    one_empty = differs & ((texts[0] == "") | (texts[1] == ""))
    relative = absolute = np.full(len(differs), np.nan)
    if described.kind == NUMBER:
        x, y = (pd.to_numeric(column, errors="coerce").to_numpy(dtype=float) for column in (a, b))
        differs &= x != y  # 1 and 1.0 are the same
        with np.errstate(invalid="ignore", divide="ignore"):
            absolute = np.where(differs, np.abs(x - y), np.nan)
            larger = np.maximum(np.abs(x), np.abs(y))
            relative = np.where(np.isinf(absolute), np.inf, absolute / larger)
    if not differs.any():
        return None
    numbers = differs & ~np.isnan(relative)
    at = int(np.nanargmax(relative)) if numbers.any() else int(np.argmax(differs))
    return ColumnDifference(
        name,
        rows=len(a),
        cells=int(differs.sum()),
        one_empty=int(one_empty.sum()),
        relative=float(relative[at]),
        absolute=float(np.nanmax(absolute)) if numbers.any() else math.nan,
        row=_in_words(keys.iloc[at]),
        values=(str(texts[0][at]), str(texts[1][at])),
    )


def _in_words(key: pd.Series) -> str:
    told = [name for name in key.index if name not in _BY_EXPERIMENT and key[name] != ""]
    return ", ".join(f"{name} {key[name]}" for name in told)

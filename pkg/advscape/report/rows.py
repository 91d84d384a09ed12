"""Tables in the page: their first rows, to sort and to search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from advscape.report.numbers import count
from advscape.report.render import render
from advscape.study.columns import NUMBER, columns_of

#: rows of a table in the page; the file has all
LIMIT = 100


@dataclass(frozen=True)
class Excerpt:
    """The first rows of a table.

    Attributes:
        name: of the table.
        columns: those with any value, and whether it is a number.
        rows: cells as texts.
        total: number of rows in the file.
        left_out: columns without any value.
    """

    name: str
    columns: Sequence[tuple[str, bool]]
    rows: Sequence[Sequence[str]]
    total: int
    left_out: Sequence[str]


def excerpt(name: str, table: pd.DataFrame, limit: int = LIMIT) -> Excerpt:
    """The first rows of a table, without the columns that have no value in the whole table.

    Args:
        name: of the table.
        table: all of its rows.
        limit: how many rows.
    """
    described = columns_of(name)
    kept = [column for column in table if table[column].notna().any()]
    return Excerpt(
        name=name,
        columns=[(c, c in described and described[c].kind == NUMBER) for c in kept],
        rows=[[_cell(value) for value in row] for row in _values(table[kept].head(limit))],
        total=len(table),
        left_out=[column for column in table if column not in kept],
    )


def tables_section(tables: Mapping[str, pd.DataFrame], linked: Sequence[str]) -> Markup:
    """The first rows of some tables, and links to all.

    Args:
        tables: those that are shown, by name.
        linked: names of the others.
    """
    excerpts = [excerpt(*table) for table in tables.items()]
    return render("tables.html", tables=excerpts, linked=linked, count=count)


def _values(rows: pd.DataFrame) -> Sequence[Sequence[object]]:
    # by columns: a row of integers and floats would become floats
    return list(zip(*(rows[column].tolist() for column in rows), strict=True))


def _cell(value: object) -> str:
    if pd.isna(value):
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)

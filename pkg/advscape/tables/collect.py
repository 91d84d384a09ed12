"""From the rows of single jobs to the study's tidy tables."""

import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from advscape.errors import UserError, shown
from advscape.study.columns import COLUMNS, KEY, NAME, NUMBER, Column, columns_of


def collect(
    table: str, sources: Sequence[dict[str, str]], fragments: Sequence[str | Path]
) -> pd.DataFrame:
    """Put the rows of all jobs under one header.

    Args:
        table: a key of ``COLUMNS``.
        sources: for each fragment, the key columns of its experiment: experiment, dataset, model
            and norm; none for a file that has them itself.
        fragments: CSV files with the other columns.
    """
    parts = []
    for source, fragment in zip(sources, fragments, strict=True):
        parts.append(read_texts(fragment, "rows of a table").assign(**source))
    # with a part of nothing: where every job failed there is the header alone
    parts.append(pd.DataFrame(columns=[*KEY, *COLUMNS[table]], dtype=str))
    rows = pd.concat(parts, ignore_index=True).reindex(columns=[*KEY, *COLUMNS[table]])
    # a run's rows stand together, whichever jobs made them
    runs = rows.groupby(list(KEY), sort=False, dropna=False).ngroup()
    return rows.iloc[runs.argsort(kind="stable")]


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a table; an empty cell is a missing value, the text "none" or "n/a" is a text.

    Names are text, also those that look like numbers or truth values.

    Args:
        path: ``<table>.csv``. Every column of the study's table of that name must be there, with
            numbers, names or truth values as it has to be.

    Raises:
        UserError: the file is damaged, or is no table.
    """
    columns = columns_of(Path(path).stem)
    names = [name for name, column in columns.items() if column.kind == NAME] or ["experiment"]
    rows = _read(path, "a table", na_values=[""], dtype=dict.fromkeys(names, str))
    _check_cells(rows, path, columns)
    if "experiment" not in rows:
        raise UserError(f"{path} is no table of a study: it has no column experiment")
    # a column without any cells is one of objects where there are no rows
    numbers = [name for name, column in columns.items() if column.kind == NUMBER]
    return rows.astype({name: float for name in numbers if rows[name].isna().all()})


def read_texts(path: str | Path, what: str = "a table") -> pd.DataFrame:
    """Read a CSV file's cells as the texts that they are; an empty one is an empty text.

    So no number is rounded or retyped on its way through.

    Args:
        path: of the file; its columns can be any.
        what: it is, for the error.

    Raises:
        UserError: the file is damaged.
    """
    return _read(path, what, dtype=str)


def _read(path: str | Path, what: str, **options: Any) -> pd.DataFrame:
    """A CSV file as pandas reads it, or a line that says why not.

    Raises:
        UserError: it cannot be read.
    """
    try:
        with open(path, "rb") as stream:
            content = stream.read()
        if not content.endswith(b"\n"):
            raise UserError(f"{path} cannot be read as {what}: its last line is cut off")
        with warnings.catch_warnings():
            # of a row with more cells than the header pandas would drop some
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                io.BytesIO(content), keep_default_na=False, index_col=False, **options
            )
    # pandas' own are ValueErrors, and an odd warning
    except (ValueError, OSError, OverflowError, pd.errors.ParserWarning) as error:
        text = " ".join(str(error).split())
        raise UserError(f"{path} cannot be read as {what}: {text}") from error


def _check_cells(rows: pd.DataFrame, path: str | Path, columns: Mapping[str, Column]) -> None:
    lacking = [column for column in columns if column not in rows]
    if lacking:
        raise UserError(f"{path} lacks columns of its table: {', '.join(lacking)}")
    for column, described in columns.items():
        kind = described.kind
        cells = rows[column].dropna()
        if kind == NAME or (kind == NUMBER and cells.dtype.kind in "iuf"):
            continue
        if kind == NUMBER:
            fine, allowed = pd.to_numeric(cells, errors="coerce").notna(), "a number"
        else:
            fine, allowed = cells.map(lambda cell: isinstance(cell, bool)), "True or False"
        if not fine.all():
            given = cells[~fine.astype(bool)]
            raise UserError(
                f"{path}, row {given.index[0] + 1}: {column}: got {shown(given.iloc[0])}; "
                f"allowed: {allowed}, or an empty cell"
            )


def last_weights(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows about the last weights of each run; all of a table that knows no others."""
    return rows[rows["checkpoint"] == "last"] if "checkpoint" in rows else rows


def read_experiment(path: str | Path, experiment: str) -> pd.DataFrame:
    """One experiment's rows of a table."""
    rows = read_table(path)
    return rows[rows["experiment"] == experiment]

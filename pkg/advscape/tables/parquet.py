"""A table as a Parquet file: the cells of its CSV file with their types, units and meanings."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import parquet as pq

from advscape.errors import UserError
from advscape.machine.atomic import replacing
from advscape.study.columns import NAME, NUMBER, Column, columns_of
from advscape.tables.collect import read_table
from advscape.tables.rows import write_rows


def write_table(rows: pd.DataFrame, table: str | Path, parquet: str | Path) -> None:
    """Write a table as CSV, and as Parquet what that says; each file atomically.

    Args:
        rows: of the table.
        table: ``<table>.csv``.
        parquet: the other file.

    Raises:
        UserError: a cell is not what its column has to hold.
    """
    write_rows(rows, table)
    write_parquet(table, parquet)


def write_parquet(table: str | Path, path: str | Path) -> None:
    """Write a table once more, atomically; an empty cell is null.

    The columns' types are those of the catalogue and do not depend on the cells, so that files of
    several studies can be read as one: names are strings, numbers float64 or, where they are whole,
    int64, truth values booleans. Each field has its meaning and its unit in its metadata.

    Args:
        table: ``<table>.csv``.
        path: of the new file.

    Raises:
        UserError: the table is damaged, or a cell is no whole number where it has to be.
    """
    columns, rows = columns_of(Path(table).stem), read_table(table)
    fields, arrays = [], []
    for name, column in columns.items():
        kind = _type(column)
        try:
            arrays.append(_array(rows[name], kind))
        except pa.ArrowInvalid as error:
            raise UserError(f"{table}: {name}: {error}; allowed: {kind}") from error
        described = {"meaning": column.meaning, "unit": column.unit}
        fields.append(pa.field(name, kind, metadata=described))
    with replacing(path) as temporary:
        pq.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields)), temporary)


def _type(column: Column) -> pa.DataType:
    if column.kind == NAME:
        return pa.string()
    if column.kind == NUMBER:
        return pa.int64() if column.whole else pa.float64()
    return pa.bool_()


def _array(cells: pd.Series, kind: pa.DataType) -> pa.Array:
    """A column; where it has empty cells, pandas holds whole numbers as floats.

    Raises:
        pa.ArrowInvalid: a cell does not have this type.
    """
    if cells.isna().all():
        return pa.nulls(len(cells), kind)
    return pa.array(cells, from_pandas=True).cast(kind)

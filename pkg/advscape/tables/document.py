"""The columns and measures in ``docs/tables.md``, from their catalogues: ``make schema``.

The document's prose is written by hand; between ``<!-- columns: runs -->`` and ``<!-- end -->``
stand the columns of runs.csv, after ``<!-- measures -->`` the measures of sharpness.
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from advscape.sharpness.catalogue import MEASURES
from advscape.study.columns import COLUMNS, KEY, SUMMARIES, Column

_PART = re.compile(r"(<!-- (\w+)(?:: (\w+))? -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(text: str) -> str:
    """The document with its generated parts brought up to date.

    Raises:
        KeyError: a part names no table, or is of a kind that is not known.
    """
    return _PART.sub(lambda part: part[1] + _generated(part[2], part[3]) + part[4], text)


def _generated(kind: str, table: str | None) -> str:
    if kind == "measures":
        rows = [
            f"| `{name}` | {_cell(measure.definition)} | {_cell(measure.source)} |"
            for name, measure in MEASURES.items()
        ]
        return "\n".join(["| measure | definition | source |", "| --- | --- | --- |", *rows, ""])
    if kind != "columns" or table is None:
        raise KeyError(kind)
    return _columns(_of(table))


def _of(table: str) -> Mapping[str, Column]:
    if table == "key":
        return KEY
    if table in COLUMNS:
        return COLUMNS[table]
    own = SUMMARIES[table]
    # the key's columns stand once, above all tables
    shared = KEY.items() <= own.items()
    return {name: column for name, column in own.items() if not (shared and name in KEY)}


def _columns(columns: Mapping[str, Column]) -> str:
    rows = [
        f"| {name} | {_unit(column)} | {_cell(column.meaning)} |"
        for name, column in columns.items()
    ]
    return "\n".join(["| column | unit or kind | meaning |", "| --- | --- | --- |", *rows, ""])


def _unit(column: Column) -> str:
    return column.unit or ("whole number" if column.whole else column.kind)


def _cell(text: str) -> str:
    """A text as a cell of a table, with links to arXiv."""
    text = re.sub(r"arXiv (\d{4}\.\d{4,5})", r"[arXiv \1](https://arxiv.org/abs/\1)", text)
    return text.replace("|", "\\|")


if __name__ == "__main__":
    document = Path(sys.argv[1])
    document.write_text(filled(document.read_text(encoding="utf-8")), encoding="utf-8")

"""Summary tables as a paper prints them, in Markdown and in LaTeX.

The CSV files have all columns and all digits; here are those that are read, and as many digits as
their intervals leave.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from advscape.epsilon import in_words
from advscape.machine.atomic import write_text
from advscape.tables.collect import read_table
from advscape.tables.digits import Rounded, with_limits, with_spread
from advscape.tables.parquet import write_table

Row = Mapping[Hashable, Any]
#: words, or numbers
Cell = str | Rounded


@dataclass(frozen=True)
class Printed:
    """A column in print.

    Attributes:
        heading: above it.
        columns: of the table, that it is made of; where no row has the first it is left out.
        cell: from their values to what is printed; the first one is not missing.
        wide: whether its text takes several lines.
        told: whether it tells the rows apart; left out then where it is the same for all.
    """

    heading: str
    columns: tuple[str, ...]
    cell: Callable[..., Cell]
    wide: bool = False
    told: bool = False


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.2g}"


def _name(column: str, heading: str | None = None, *, wide: bool = False) -> Printed:
    return Printed(heading or column, (column,), str, wide)


def _tells(column: str, heading: str | None = None) -> Printed:
    return Printed(heading or column, (column,), _plain, told=True)


def _plain(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _mean(column: str, heading: str) -> Printed:
    return Printed(heading, (column, f"{column}_sd"), with_spread)


def _percent(column: str, heading: str) -> Printed:
    def cell(mean: float, spread: float) -> Rounded:
        return with_spread(100 * mean, 100 * spread)

    return Printed(f"{heading} (%)", (column, f"{column}_sd"), cell)


#: of each table that is printed its columns, in their order
PRINTED: dict[str, tuple[Printed, ...]] = {
    "claims": (
        _name("claim"),
        _tells("experiment"),
        _name("statement", wide=True),
        _name("statistic"),
        Printed("estimate [95 % interval]", ("estimate", "ci_low", "ci_high"), with_limits),
        Printed("p", ("p_value",), _p),
        Printed("p (Holm)", ("p_holm",), _p),
        _name("verdict"),
    ),
    "comparison": (
        _name("experiment"),
        _tells("label"),
        _tells("variant"),
        _tells("noise"),
        Printed("epsilon", ("epsilon",), in_words, told=True),
        _tells("checkpoint", "weights"),
        Printed("seeds", ("seeds",), _plain),
        _percent("test_accuracy", "robust accuracy"),
        _percent("clean_accuracy", "clean accuracy"),
        _percent("gap_accuracy", "robust gap"),
        _mean("frozen", "lambda_max, noise held"),
        _mean("total", "lambda_max, whole"),
        _mean("average", "average sharpness"),
        _mean("worst", "worst sharpness"),
    ),
}


def write_summary(
    rows: pd.DataFrame,
    table: str | Path,
    parquet: str | Path,
    markdown: str | Path,
    latex: str | Path,
) -> None:
    """Write a summary table in all its formats; each file atomically.

    Args:
        rows: of the table.
        table: ``<table>.csv``, one of ``PRINTED``; the others say what that says.
        parquet: the same with types.
        markdown: in print.
        latex: the same.

    Raises:
        UserError: a cell is not what its column has to hold.
    """
    write_table(rows, table, parquet)
    write_markdown(table, markdown)
    write_latex(table, latex)


def write_markdown(table: str | Path, path: str | Path) -> None:
    """Write a summary table as Markdown, atomically.

    Args:
        table: ``<table>.csv``, one of ``PRINTED``.
        path: of the new file.
    """
    columns, rows = _read(table)
    lines = [[_markdown(column.heading) for column in columns], ["---"] * len(columns)]
    lines += [[_markdown(cell) for cell in row] for row in rows]
    write_text(path, "".join(f"| {' | '.join(line)} |\n" for line in lines))


def write_latex(table: str | Path, path: str | Path) -> None:
    """Write a summary table as a ``tabular`` in the rules of booktabs, atomically.

    Args:
        table: ``<table>.csv``, one of ``PRINTED``.
        path: of the new file.
    """
    columns, rows = _read(table)
    widths = "".join(r"p{0.3\linewidth}" if column.wide else "l" for column in columns)
    lines = [
        r"% \usepackage{booktabs}", rf"\begin{{tabular}}{{{widths}}}", r"\toprule",
        _latex_row([column.heading for column in columns]), r"\midrule",
        *(_latex_row(row) for row in rows), r"\bottomrule", r"\end{tabular}",
    ]  # fmt: skip
    write_text(path, "\n".join(lines) + "\n")


def _read(table: str | Path) -> tuple[list[Printed], list[list[Cell]]]:
    """What is printed of a table: its columns and, row by row, their cells."""
    rows = read_table(table)
    columns = [column for column in PRINTED[Path(table).stem] if _stands(column, rows)]
    cells = [[_cell(column, row) for column in columns] for row in rows.to_dict("records")]
    return columns, cells


def _stands(column: Printed, rows: pd.DataFrame) -> bool:
    first = column.columns[0]
    if first not in rows or (len(rows) and rows[first].isna().all()):
        return False
    return not column.told or rows[first].nunique(dropna=False) > 1


def _cell(column: Printed, row: Row) -> Cell:
    first, *others = (row[name] for name in column.columns)
    return "" if pd.isna(first) else column.cell(first, *others)


def _markdown(cell: Cell) -> str:
    if isinstance(cell, str):
        return " ".join(cell.split()).replace("|", "\\|")
    return cell.words


def _latex(cell: Cell) -> str:
    if isinstance(cell, str):
        text = " ".join(cell.split()).translate(_ESCAPED)
        return text.replace(r"lambda\_max", r"$\lambda_{\max}$")
    texts = [text.replace("inf", r"\infty") for text in cell.texts]
    limits = r"{}\ [{},\ {}]".format(*texts) if len(texts) == 3 else ""
    numbers = limits or r" \pm ".join(texts)
    if not cell.power:
        return f"${numbers}$"
    return rf"${cell.grouped(numbers)} \times 10^{{{cell.power}}}$"


def _latex_row(cells: Sequence[Cell]) -> str:
    return " & ".join(map(_latex, cells)) + r" \\"


#: what LaTeX takes for commands, or sets as something else
_ESCAPED = str.maketrans({
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
})  # fmt: skip

"""What differs between two folders of results: in full as a page, in short as lines of text."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from advscape.machine.atomic import write_text
from advscape.report.differences import Differences
from advscape.report.record_differences import FactDifference
from advscape.report.render import render
from advscape.tables.differences import ColumnDifference

#: lines of each part in short
_LIMIT = 8


@dataclass(frozen=True)
class Part:
    """What differs of one kind.

    Attributes:
        title: the kind, and how much differs.
        heads: of the columns, the two studies' values as the second and third.
        rows: a cell for each head, the largest difference first.
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def page_name(folder: str | Path) -> str:
    """Name of the page about the differences from the results in a folder.

    >>> page_name("/mnt/gpu-node/results/default"), page_name("/backup/default 2025/")
    ('differences_from_gpu-node.html', 'differences_from_default-2025.html')
    """
    path = Path(folder).absolute()
    place = path.parents[1] if path.parent.name == "results" else path
    name = re.sub(r"[^\w.-]+", "-", place.name) or "elsewhere"
    return f"differences_from_{name}.html"


def differences_page(found: Differences, path: str | Path) -> None:
    """Write all that differs as a page.

    Args:
        found: what differs.
        path: of the page.
    """
    same = in_words(found) if found.none else ""
    write_text(path, render("differences.html", same=same, parts=parts(found)))


def in_words(found: Differences) -> str:
    """The largest differences of each kind as lines; one line where nothing differs.

    Args:
        found: what differs.
    """
    first, second = found.folders
    if found.none:
        cells = sum(table.cells for table in found.tables)
        return (
            f"{first} and {second} are the same, times aside: config, code, versions, machine, "
            f"{_many(len(found.claims), 'claim')} and {cells} cells of "
            f"{_many(len(found.tables), 'table')}"
        )
    lines = [f"{first} | {second}"]
    for part in parts(found):
        lines.append(part.title)
        # of the claims there are also those that are the same
        rows = [row for row in part.rows if row[1] != row[2] or any(row[3:4])]
        for what, mine, theirs, *details in rows[:_LIMIT]:
            more = f" ({'; '.join(filter(None, details))})" if any(details) else ""
            lines.append(f"  {what}: {mine or 'nothing'} | {theirs or 'nothing'}{more}")
        if len(rows) > _LIMIT:
            lines.append(f"  and {len(rows) - _LIMIT} more")
    return "\n".join(lines)


def parts(found: Differences) -> list[Part]:
    """All that differs, kind by kind.

    Args:
        found: what differs.
    """
    jobs = _many(found.records.both, "job")
    rows = _many(sum(table.rows for table in found.tables), "row")
    both = (str(found.folders[0]), str(found.folders[1]))
    keys = tuple((key.key, *key.values) for key in found.config)
    code, machine = _facts(found.records.code), _facts(found.records.machine)
    columns = tuple(_column(table, column) for table, column in found.columns)
    times = tuple(_column(table.table, each) for table in found.tables for each in table.times)
    alone = _alone(found)
    of_facts = ("what", *both, "jobs")
    of_columns = ("column", *both, "difference", "rows", "where it is largest")
    alone_title = f"What one has alone: {_many(len(alone), 'kind') if alone else 'nothing'}"
    return [
        Part(_title("Config", len(keys), "key"), ("key", *both), keys),
        Part(_title("Code and data", len(code), "fingerprint", jobs), of_facts, code),
        Part(_title("Versions and machine", len(machine), "fact", jobs), of_facts, machine),
        _claims(found, both),
        Part(alone_title, ("what", *both), alone),
        Part(_title("Tables", len(columns), "column", rows), of_columns, columns),
        Part(_title("Times", len(times), "column", rows), of_columns, times),
    ]


def _title(what: str, count: int, unit: str, shared: str = "") -> str:
    """How much differs, among what both studies have."""
    differ = f"{count} {unit}{' differs' if count == 1 else 's differ'}" if count else "the same"
    return f"{what}: {differ}" + (f", in {shared} that both have" if shared else "")


def _facts(facts: Sequence[FactDifference]) -> tuple[tuple[str, ...], ...]:
    return tuple((fact.fact, *fact.values, _many(fact.records, "job")) for fact in facts)


def _claims(found: Differences, both: tuple[str, str]) -> Part:
    changed = sum(pair.other_verdict for pair in found.claims)
    rows = tuple(
        (
            pair.claim,
            "; ".join(filter(None, (pair.verdicts[0], pair.estimates[0]))),
            "; ".join(filter(None, (pair.verdicts[1], pair.estimates[1]))),
            _percent(pair.relative),
            pair.statement,
        )
        for pair in found.claims
    )
    heads = ("claim", *both, "difference of the estimates", "statement")
    return Part(f"Claims: {changed} of {len(rows)} verdicts differ", heads, rows)


def _alone(found: Differences) -> tuple[tuple[str, ...], ...]:
    """Rows, columns, tables and jobs that one of the studies has alone: how many, or which."""
    rows: list[tuple[str, tuple[object, object]]] = [("jobs", found.records.only)]
    rows.append(("tables", (", ".join(found.only_tables[0]), ", ".join(found.only_tables[1]))))
    for table in found.tables:
        mine, theirs = table.only_columns
        rows.append((f"columns of {table.table}", (", ".join(mine), ", ".join(theirs))))
        rows.append((f"rows of {table.table}", table.only))
    return tuple((what, *(str(each) for each in values)) for what, values in rows if any(values))


def _column(table: str, column: ColumnDifference) -> tuple[str, ...]:
    rows = f"{column.cells} of {_many(column.rows, 'row')}"
    empty = f", {column.one_empty} empty in one" if column.one_empty else ""
    size = _percent(column.relative)
    size = f"up to {size}, {column.absolute:.3g}" if size else ""
    return (f"{table}.{column.column}", *_short(column.values), size, rows + empty, column.row)


def _short(values: tuple[str, str]) -> tuple[str, str]:
    """Two cells, numbers in six digits where these tell them apart."""
    try:
        first, second = (f"{float(value):.6g}" for value in values)
    except ValueError:
        return values
    return values if first == second else (first, second)


def _percent(relative: float) -> str:
    """A relative difference; empty where there is none."""
    if math.isnan(relative) or relative == 0:
        return ""
    return f"{100 * relative:.2g} %" if math.isfinite(relative) else "infinite"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"

"""All keys of the config as one table, in ``config/README.md``: ``make schema``.

The Snakemake workflow catalog shows that file on a workflow's page.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from advscape.study.config.study import Study
from docs.hooks.config_reference import EXPERIMENTS, Schema, allowed, fields, meaning, unless_given

_PART = re.compile(r"(<!-- parameters -->\n).*?(<!-- end -->)", re.DOTALL)
#: kinds of experiments in a cell
_KINDS = dict(zip(EXPERIMENTS, ("linear", "trained", "given"), strict=True))


@dataclass
class _Row:
    """A key, and for which experiments and which ``name`` of its section it is there."""

    key: str
    cells: tuple[str, str, str]
    kinds: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def text(self) -> str:
        kinds = [] if len(self.kinds) in (0, len(_KINDS)) else self.kinds
        where = "; ".join(filter(None, [", ".join(kinds), ", ".join(self.names)]))
        return f"| `{self.key}` | {where} | {' | '.join(self.cells)} |"


def filled(text: str) -> str:
    """The document with its table brought up to date."""
    return _PART.sub(lambda part: f"{part[1]}{_table()}{part[2]}", text)


def _table() -> str:
    schema = Study.model_json_schema()
    rows: dict[tuple[str, ...], _Row] = {}
    order: dict[str, int] = {}
    for key, kind, section in _keys(schema, schema, "", ""):
        name = key.rpartition(".")[2]
        own = fields(section)[name]
        cells = (allowed(own, lambda _: "section"), unless_given(section, name), meaning(own))
        row = rows.setdefault((key, *cells), _Row(key, cells))
        constant = fields(section).get("name", {}).get("const")
        if kind and _KINDS[kind] not in row.kinds:
            row.kinds.append(_KINDS[kind])
        if constant and name != "name" and f"`{constant}`" not in row.names:
            row.names.append(f"`{constant}`")
        order.setdefault(key, len(order))

    def place(row: _Row) -> list[int]:
        """Keys of one section stand together, in the order in which they are met first."""
        parts = row.key.split(".")
        return [order[".".join(parts[: end + 1]).removesuffix("[]")] for end in range(len(parts))]

    head = ["| key | in | allowed | unless given | meaning |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *(row.text() for row in sorted(rows.values(), key=place)), ""])


def _keys(schema: Schema, section: Schema, at: str, kind: str) -> Iterator[tuple[str, str, Schema]]:
    """Every key below a section, with its kind of experiment and the section that has it."""
    for name, value in fields(section).items():
        key = f"{at}{name}"
        yield key, kind, section
        for suffix, part in _sections(value):
            within = part if part in EXPERIMENTS else kind
            yield from _keys(schema, schema["$defs"][part], f"{key}{suffix}.", within)


def _sections(value: Any, suffix: str = "") -> Iterator[tuple[str, str]]:
    """Sections that a key takes; those in a list with ``[]``."""
    if "$ref" in value:
        yield suffix, value["$ref"].rsplit("/", 1)[1]
    for choice in [*value.get("anyOf", ()), *value.get("oneOf", ())]:
        yield from _sections(choice, suffix)
    if isinstance(value.get("items"), dict):
        yield from _sections(value["items"], f"{suffix}[]")


if __name__ == "__main__":
    document = Path(sys.argv[1])
    document.write_text(filled(document.read_text(encoding="utf-8")), encoding="utf-8")

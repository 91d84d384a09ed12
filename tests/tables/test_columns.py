"""docs/tables.md says what every column means, and speaks of no other."""

import re

import pytest

from advscape.tables.columns import COLUMNS, KEY, SUMMARIES
from tests.conftest import ROOT

DOCUMENT = (ROOT / "docs/tables.md").read_text(encoding="utf-8")


def explained(text):
    """Columns in the first cells of the first table of a text."""
    (header, *rows) = re.search(r"(^\|.*\n)+", text, re.MULTILINE)[0].splitlines()
    assert header.startswith("| column ")
    cells = [row.split("|")[1] for row in rows[1:]]
    return [name.strip() for cell in cells for name in cell.split(",")]


def section(table):
    return re.search(rf"^\*\*{table}\.csv\*\*(.*?)(?=^\*\*\w+\.csv|\Z)", DOCUMENT,
                     re.MULTILINE | re.DOTALL)[1]  # fmt: skip


@pytest.mark.parametrize("table", [*COLUMNS, "flatness", "claims"])
def test_every_column_is_explained_once(table):
    columns = COLUMNS.get(table) or {
        name: kind
        for name, kind in SUMMARIES[table].items()
        if table == "claims" or name not in KEY
    }
    assert sorted(explained(section(table))) == sorted(columns)


def test_the_columns_that_all_tables_share_are_explained():
    assert explained(DOCUMENT) == list(KEY)


def test_missing_is_explained_in_a_sentence():
    assert set(re.findall(r"`(\w+)`", section("missing"))) == set(SUMMARIES["missing"])

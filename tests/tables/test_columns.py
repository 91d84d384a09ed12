"""docs/tables.md says what every column means: its tables are written from the catalogue."""

import re

from advscape.sharpness.catalogue import MEASURES
from advscape.study.columns import COLUMNS, KEY, SUMMARIES
from advscape.tables.document import filled
from tests.conftest import ROOT

DOCUMENT = (ROOT / "docs/tables.md").read_text(encoding="utf-8")


def test_the_document_is_up_to_date():
    assert filled(DOCUMENT) == DOCUMENT, "run `make schema`"


def test_every_table_is_in_the_document():
    tables = re.findall(r"^<!-- columns: (\w+) -->$", DOCUMENT, re.MULTILINE)
    assert sorted(tables) == sorted(["key", *COLUMNS, *SUMMARIES])
    for name in re.findall(r"^\| (\w+) \|", DOCUMENT, re.MULTILINE):
        known = [KEY, *COLUMNS.values(), *SUMMARIES.values()]
        assert name in ("column", "check", "measure") or any(name in table for table in known)


def test_every_measure_is_in_the_document():
    assert all(f"| `{name}` |" in DOCUMENT for name in MEASURES)


def test_every_meaning_is_a_phrase_that_fits_a_cell():
    for table in [KEY, *COLUMNS.values(), *SUMMARIES.values()]:
        for column in table.values():
            assert column.meaning
            assert "\n" not in column.meaning

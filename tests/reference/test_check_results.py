"""`make check-results` sees what differs, without running a study."""

import pytest

from advscape.study.config.study import Study
from advscape.tables.collect import read_texts
from docs.hooks.reference import PAGES
from tests.reference.check_results import PARTS, REFERENCE, compared, of_part


@pytest.fixture(params=PARTS, ids=lambda part: part.study)
def part(request):
    return request.param


@pytest.fixture
def tables(part, tmp_path):
    """A part's tables as if it had been run, and had come to the same numbers."""
    for table in part.allowed:
        rows = read_texts(REFERENCE / part.study / f"{table}.csv")
        of_part(rows, part).to_csv(tmp_path / f"{table}.csv", index=False)
    return tmp_path


def changed(tables, table, column, change):
    rows = read_texts(tables / f"{table}.csv")
    at = rows.index[rows[column] != ""][0]
    rows.loc[at, column] = change(rows.loc[at, column])
    rows.to_csv(tables / f"{table}.csv", index=False)


def bad(part, tables):
    return [line for line, good in compared(part, tables, REFERENCE / part.study) if not good]


def test_every_page_has_a_part_that_is_a_study(part):
    assert {each.study for each in PARTS} == set(PAGES)
    study = Study.model_validate(part.config())
    assert [experiment.name for experiment in study.experiments] == [part.experiment]


def test_the_same_numbers_are_as_committed(part, tables):
    lines = list(compared(part, tables, REFERENCE / part.study))
    assert len(lines) == sum(map(len, part.allowed.values()))
    assert bad(part, tables) == []


def test_a_number_that_is_off_is_named(part, tables):
    allowed = part.allowed["curvature"]["lambda_max"]
    changed(tables, "curvature", "lambda_max", lambda cell: str(float(cell) * (1 + 0.5 * allowed)))
    assert bad(part, tables) == []
    changed(tables, "curvature", "lambda_max", lambda cell: str(float(cell) * (1 + 3 * allowed)))
    (line,) = bad(part, tables)
    assert line.startswith("curvature: lambda_max of ")
    assert f"experiment {part.experiment}" in line


def test_what_rounding_leaves_of_zero_is_zero(part, tables, tmp_path):
    reference = tmp_path / "reference"
    reference.mkdir()
    for table in part.allowed:
        of_part(read_texts(REFERENCE / part.study / f"{table}.csv"), part).to_csv(
            reference / f"{table}.csv", index=False
        )
    changed(tables, "curvature", "lambda_max", lambda cell: "3.1e-20")
    changed(reference, "curvature", "lambda_max", lambda cell: "-1.8e-20")
    assert [line for line, good in compared(part, tables, reference) if not good] == []


def test_a_number_that_is_not_there_is_named(part, tables):
    changed(tables, "curvature", "lambda_max", lambda cell: "")
    assert len(bad(part, tables)) == 1


def test_data_that_are_not_there_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv("ADVSCAPE_DATA", str(tmp_path))
    named = {part.study: part.missing() for part in PARTS}
    file = "cifar10_jpeg/cifar10_lossless_subset.npz"
    lacking = {study: missing for study, missing in named.items() if missing}
    assert lacking == {"cifar10": file, "cifar10_long": file}
    (tmp_path / "cifar10_jpeg").mkdir()
    (tmp_path / file).touch()
    assert not any(part.missing() for part in PARTS)


def test_rows_that_are_not_there_are_counted(part, tables):
    rows = read_texts(tables / "curvature.csv")
    rows.iloc[1:].to_csv(tables / "curvature.csv", index=False)
    (line,) = bad(part, tables)
    assert "rows were not made again" in line

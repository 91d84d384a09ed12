"""What `make bench` does with rows; the benchmarks themselves run by hand."""

import importlib
import json
import sys

import pytest

from docs.hooks.site import measured
from tests.conftest import ROOT

NAMES = ("all", "rows", "side_by_side", "this_machine")


@pytest.fixture
def bench(monkeypatch):
    """The modules by name; scripts import each other by their bare names."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    yield {name: importlib.import_module(name) for name in NAMES}
    for name in NAMES:
        sys.modules.pop(name, None)


def machine(bench, name, ratios):
    rows = bench["rows"]
    found = [
        rows.judged("a trace", "Other", True, "1e-3 apart", ratios),
        rows.judged("a trace", "Wrong", False, "2 | 3", ratios),
        rows.Row("a trace", "Absent", None, "not installed: absent"),
    ]
    facts = {"processor": name.upper()}
    return bench["side_by_side"].Machine(name, facts, {"Trace": "trace.py"}, {"Trace": found})


def test_results_have_the_tables_of_the_machines_files(bench):
    """`python benchmarks/all.py --write` writes them again."""
    page = (ROOT / "benchmarks/RESULTS.md").read_text(encoding="utf-8")
    tables = bench["side_by_side"]
    found = tables.machines(ROOT / "benchmarks/machines")
    assert tables.written(page, found) == page
    assert measured().strip() == tables.tables(found).strip()
    assert not found or (ROOT / tables.FIGURE).exists()


def test_times_of_other_answers_are_not_compared(bench):
    rows = bench["rows"]
    with pytest.raises(ValueError, match="ratios of answers that do not agree"):
        rows.Row("a", "b", False, "far apart", (1.0,))
    assert rows.judged("a", "b", False, "far apart", [1.0]).ratios == ()


def test_machines_stand_below_each_other(bench):
    one, two = machine(bench, "one", [2.0, 4.0, 3.0]), machine(bench, "two", [0.5])
    lines = bench["side_by_side"].tables([one, two]).splitlines()
    assert lines[:3] == ["|  | one | two |", "| --- | --- | --- |", "| processor | ONE | TWO |"]
    assert lines[-6:] == [
        "| a trace | Other | 1e-3 apart | one | 3 (2 to 4) | 3 |",
        "| a trace | Other | 1e-3 apart | two | 0.5 (0.5 to 0.5) | 1 |",
        "| a trace | Wrong | 2 / 3 | one | **other answer** |  |",
        "| a trace | Wrong | 2 / 3 | two | **other answer** |  |",
        "| a trace | Absent | not installed: absent | one | no answer |  |",
        "| a trace | Absent | not installed: absent | two | no answer |  |",
    ]


def test_the_figure_has_what_was_timed(bench):
    measured = [machine(bench, "one", [2.0, 4.0, 3.0]), machine(bench, "two", [0.5])]
    drawn = bench["side_by_side"].figure(measured)
    assert drawn.data["x"].tolist() == [2.0, 4.0, 3.0, 0.5]
    assert set(drawn.data["what"]) == {"a trace / Other"}


def test_a_peer_that_is_missing_or_fails_is_a_row(bench):
    def absent():
        raise ModuleNotFoundError(name="absent")

    peers = {"absent": absent, "fails": lambda: 1 / 0, "answers": lambda: 7}
    answers, missing = bench["rows"].answering("what", peers)
    assert answers == {"answers": 7}
    assert [(row.peer, row.answers) for row in missing] == [
        ("absent", "not installed: absent"),
        ("fails", "ZeroDivisionError: division by zero"),
    ]


def test_a_run_ends_with_a_row_for_what_failed_and_goes_on_where_it_was(
    bench, monkeypatch, tmp_path
):
    """One step fails at first; the other has its rows already and does not run again."""
    monkeypatch.setattr(bench["all"], "HERE", tmp_path)
    count = tmp_path / "count"
    (tmp_path / "good.py").write_text(
        "import sys\n"
        f"open({str(count)!r}, 'a').write('x')\n"
        'row = \'[{"compared": "a", "peer": "b", "agree": true, \'\n'
        'row += \'"answers": "c", "ratios": [2.0]}]\'\n'
        "open(sys.argv[sys.argv.index('--json') + 1], 'w').write(row)\n"
    )
    (tmp_path / "bad.py").write_text("raise SystemExit('it broke')\n")
    steps = {"Good": "good.py --repeats 1", "Bad": "bad.py"}
    for step, command in steps.items():
        bench["all"].measured(step, command, 1, tmp_path)
    found = bench["all"].collect(steps, 1, tmp_path)
    assert count.read_text() == "x"
    assert found["Good"]["rows"][0]["ratios"] == (2.0,)
    assert found["Bad"]["rows"][0]["answers"] == "ended with 1: it broke"
    assert json.loads(json.dumps(found))
    bench["all"].collect(steps, 1, tmp_path)  # a finished run begins again
    assert count.read_text() == "xx"


def test_the_machine_says_what_its_cpu_can_do(bench):
    facts = bench["this_machine"].facts(2, "abc")
    assert facts["matrix units (AMX)"] in ("yes", "no", "not known")
    assert facts["cores, threads used"].endswith(", 2")
    assert " " not in bench["this_machine"].name()

"""Runs of networks that are already trained, as configs and tables name them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advscape.errors import ConfigError
from advscape.study.cells import Cell
from advscape.study.config.checkpoints import Checkpoints, Expect
from advscape.study.given import given_runs


@pytest.fixture(autouse=True)
def _files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("weights").mkdir()
    for name in ("a", "b", "eps0_seed0", "eps0_seed1", "eps0.5_seed0", "eps0.5_seed1", "e1.0"):
        Path(f"weights/{name}.pt").touch()


def runs(folders=(), **section):
    found = given_runs(Checkpoints.model_validate(section), "checkpoints", folders)
    return [(str(run.place), run.cell, run.seed) for run in found]


A, B = "weights/a.pt", "weights/b.pt"


def test_a_list():
    found = runs(runs=[{"file": A, "epsilon": "8/255"}, {"file": B, "label": "AT", "epoch": 7}])
    assert found == [(A, Cell(8 / 255), 0), (B, Cell(None, 7, "AT"), 0)]


def test_a_table(tmp_path):
    text = "file,epsilon,seed,label\nweights/a.pt,8/255,,TRADES\n\n weights/b.pt , 0.5 ,1,\n"
    Path("runs.csv").write_text("\ufeff" + text)
    wanted = [(A, Cell(8 / 255, None, "TRADES"), 0), (B, Cell(0.5), 1)]
    assert runs(table="runs.csv") == wanted


def test_files_of_a_table_are_beside_it(tmp_path):
    Path("zoo").mkdir()
    Path("zoo/runs.csv").write_text("file\nnet.pt\n")
    Path("zoo/net.pt").touch()
    assert runs(table="zoo/runs.csv") == [("zoo/net.pt", Cell(None), 0)]


def test_a_pattern_stands_for_all_combinations():
    pattern = "weights/eps{epsilon}_seed{seed}.pt"
    assert runs(pattern=pattern, epsilons=[0, 0.5], seeds=[0, 1]) == [
        (f"weights/eps{name}_seed{seed}.pt", Cell(epsilon), seed)
        for name, epsilon in (("0", 0.0), ("0.5", 0.5))
        for seed in (0, 1)
    ]


def test_numbers_in_names_as_they_are_written():
    assert runs(pattern="weights/e{epsilon}.pt", epsilons=[1]) == [
        ("weights/e1.0.pt", Cell(1.0), 0)
    ]
    found = runs(pattern="weights/e{epsilon}.pt", epsilons=["1.0"])
    assert found == [("weights/e1.0.pt", Cell(1.0), 0)]


def test_fractions_stand_in_names_by_their_upper_part():
    Path("weights/linf8.pt").touch()
    found = runs(pattern="weights/linf{epsilon}.pt", epsilons=["8/255"])
    assert found == [("weights/linf8.pt", Cell(8 / 255), 0)]


def test_a_list_without_a_place_holds_for_all():
    found = runs(pattern="weights/{label}.pt", labels=["a", "b"], epsilons=[0.5], epochs=[9])
    assert found == [(A, Cell(0.5, 9, "a"), 0), (B, Cell(0.5, 9, "b"), 0)]


def test_relative_files_lie_in_the_working_folder_or_beside_the_config(tmp_path):
    beside = tmp_path / "elsewhere"
    beside.mkdir()
    (beside / "c.pt").touch()
    (beside / "runs.csv").write_text("file\nc.pt\n")
    assert runs([beside], runs=[{"file": "c.pt"}]) == [(str(beside / "c.pt"), Cell(None), 0)]
    assert runs([beside], table="runs.csv") == [(str(beside / "c.pt"), Cell(None), 0)]


def test_what_was_published_holds_for_all_but_for_those_that_say_otherwise():
    section = {
        "expect": {"accuracy": 0.9, "within": 0.01},
        "runs": [{"file": A, "epoch": 1}, {"file": B, "epoch": 2, "expect": {"accuracy": 0.8}}],
    }
    found = given_runs(Checkpoints.model_validate(section), "checkpoints")
    assert [run.expect for run in found] == [
        Expect(accuracy=0.9, within=0.01), Expect(accuracy=0.8, within=0.005),
    ]  # fmt: skip
    Path("runs.csv").write_text(f"file,accuracy,within\n{A},0.8242,0.02\n")
    (run,) = given_runs(Checkpoints.model_validate({"table": "runs.csv"}), "checkpoints")
    assert run.expect == Expect(accuracy=0.8242, within=0.02)


TABLES = {
    "no such column": ("path\nx\n", "with the columns path; allowed: file and, once each, epsilon"),
    "a column twice": ("file,seed,seed\n", "with the columns file, seed, seed"),
    "nothing": ("", "with the columns of no name"),
    "no runs": ("file,seed\n,\n", "without runs; allowed: a line for each run"),
    "too many cells": (f"file\n{A},1\n", "line 2: got 2 cells; allowed: 1, as the header has"),
    "no file": ("file,seed\n,1\n", "line 2: file: got nothing; allowed: a value"),
    "not there": ("file\nx.pt\n", "line 2: file: got 'x.pt'; allowed: a file that is there"),
    "no epsilon": (f"file,epsilon\n{A},much\n", "line 2: epsilon: got 'much'; allowed: a number"),
    "a negative one": (f"file,epsilon\n{A},-1\n", "epsilon: got '-1'; allowed: a number >= 0"),
    "not finite": (f"file,epsilon\n{A},nan\n", "epsilon: got 'nan'; allowed: a number"),
    "no seed": (f"file,seed\n{A},1.5\n", "line 2: seed: got '1.5'; allowed: an integer"),
    "percent": (f"file,accuracy\n{A},82.4\n", "accuracy: got '82.4'; allowed: a number <= 1"),
    "a bound of nothing": (f"file,within\n{A},0.1\n", "accuracy: got nothing; allowed: a value"),
    "quotes": (f'file\n"{A}\n', "a CSV file"),
    "one run twice": (
        f"file,epsilon\n{A},0.5\n{B},0.50\n",
        "line 3: file: got 'weights/b.pt' as eps~0.5, seed 0; allowed: a run of its own; "
        "checkpoints.table, line 2: file (weights/a.pt) is this run",
    ),
    "labels that differ in case": (
        f"file,label\n{A},AT\n{B},at\n",
        "line 3: file: got 'weights/b.pt' as label~at, seed 0; allowed: a run of its own; "
        "checkpoints.table, line 2: file (weights/a.pt) is this run, but for case",
    ),
}


@pytest.mark.parametrize("what", TABLES)
def test_bad_tables_are_one_line(what):
    text, words = TABLES[what]
    Path("t.csv").write_text(text)
    with pytest.raises(ConfigError) as error:
        runs(table="t.csv")
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_tables_that_are_no_text():
    Path("t.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="a CSV file"):
        runs(table="t.csv")


CELLS = st.builds(
    Cell,
    st.none() | st.floats(0, allow_infinity=False),
    st.none() | st.integers(0, 10**6),
    st.none() | st.text(min_size=1),
)


@given(st.lists(CELLS, unique=True))
def test_cells_have_folders_of_their_own(cells):
    names = [cell.name for cell in cells]
    assert len(set(names)) == len(names)
    for name in names:
        assert name.isascii()
        assert len(name) < 120
        assert "/" not in name
        assert "{" not in name

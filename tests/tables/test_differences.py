"""What differs between two tables; every expectation is worked out by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from advscape.study.columns import COLUMNS, SUMMARIES, columns_of
from advscape.tables.collect import read_texts
from advscape.tables.differences import table_difference
from advscape.tables.rows import write_rows

RUN = {"experiment": "e", "dataset": "d", "model": "m", "norm": "l2", "noise": "aligned"}
RUNS = [
    RUN | {"epsilon": epsilon, "seed": seed, "train_loss": 0.5, "regime": "finite",
           "converged": True, "wall_s": 10.0 * seed}
    for epsilon in (0.0, 0.5) for seed in (1, 2)
]  # fmt: skip


def texts(rows, table="runs"):
    """Cells of a table as text, as its file has them."""
    whole = pd.DataFrame(rows).reindex(columns=list(columns_of(table)))
    return whole.astype(object).where(whole.notna(), "").astype(str)


def changed(*changes):
    """The rows of RUNS with other values in some."""
    rows = [dict(row) for row in RUNS]
    for i, values in changes:
        rows[i] |= values
    return texts(rows)


def test_a_table_is_the_same_as_itself_in_another_order():
    found = table_difference("runs", texts(RUNS), texts(RUNS[::-1]))
    assert found.none
    assert (found.rows, found.only, found.columns, found.times) == (4, (0, 0), (), ())
    assert found.cells == 4 * sum(not column.key for column in COLUMNS["runs"].values())


def test_the_largest_difference_and_where_it_is():
    other = changed((1, {"train_loss": 0.4}), (2, {"train_loss": 2.0, "weight_norm": 3.0}))
    found = table_difference("runs", changed((2, {"weight_norm": 2.999})), other)
    assert [column.column for column in found.columns] == ["train_loss", "weight_norm"]
    loss, norm = found.columns
    assert (loss.rows, loss.cells, loss.one_empty) == (4, 2, 0)
    assert loss.relative == pytest.approx(1.5 / 2)
    assert loss.absolute == pytest.approx(1.5)
    assert loss.values == ("0.5", "2.0")
    assert loss.row == "experiment e, noise aligned, epsilon 0.5, seed 1"
    assert norm.relative == pytest.approx(0.001 / 3)


def test_empty_cells_names_and_truth_values_come_first():
    other = changed(
        (0, {"train_loss": 0.1, "regime": "collapsed"}), (1, {"converged": False}),
        (3, {"weight_norm": 1.0}),
    )  # fmt: skip
    found = table_difference("runs", texts(RUNS), other)
    first, last = {c.column for c in found.columns[:3]}, found.columns[3]
    assert first == {"regime", "converged", "weight_norm"}
    assert last.column == "train_loss"
    of = {column.column: column for column in found.columns}
    assert (of["weight_norm"].cells, of["weight_norm"].one_empty) == (1, 1)
    assert math.isnan(of["weight_norm"].relative)
    assert of["weight_norm"].values == ("", "1.0")
    assert of["regime"].values == ("finite", "collapsed")


def test_an_infinite_number_is_the_largest_difference():
    other = changed((0, {"train_loss": math.inf}), (1, {"train_loss": 0.1}))
    (column,) = table_difference("runs", texts(RUNS), other).columns
    assert (column.relative, column.absolute) == (math.inf, math.inf)
    assert table_difference("runs", other, other).none


def test_times_are_apart():
    found = table_difference("runs", texts(RUNS), changed((0, {"wall_s": 99.0})))
    assert found.none
    assert [column.column for column in found.times] == ["wall_s"]


def test_the_same_number_in_other_words_is_the_same():
    rows = texts(RUNS)
    found = table_difference("runs", rows, rows.replace({"0.5": "5e-1", "1": "1.0"}))
    assert (found.none, found.rows) == (True, 4)


def test_rows_and_columns_of_one_alone():
    found = table_difference("runs", texts(RUNS[:3]), texts(RUNS[2:]).drop(columns="regime"))
    assert (found.rows, found.only) == (1, (2, 1))
    assert found.only_columns == (("regime",), ())
    assert not found.none


def test_points_of_a_spectrum_are_told_apart_by_their_order():
    of = RUN | {"epsilon": 0.5, "seed": 0, "split": "train", "checkpoint": "last", "loss": "clean",
                "hessian": "total"}  # fmt: skip
    points, moved = (
        texts([of | {"eigenvalue": x, "density": 1.0} for x in at], "spectrum")
        for at in ((1.0, 2.0, 3.0), (1.1, 2.0, 3.0))
    )
    found = table_difference("spectrum", points, moved)
    assert (found.rows, found.only) == (3, (0, 0))
    (column,) = found.columns
    assert (column.column, column.cells) == ("eigenvalue", 1)


def test_the_best_weights_are_the_same_row_whatever_their_epoch():
    of = RUN | {"epsilon": 0.5, "seed": 0, "split": "test", "attack": "pgd", "eval_epsilon": 0.5}
    first, second = (
        texts([
            of | {"checkpoint": "best", "epoch": epoch, "accuracy": 0.5},
            of | {"checkpoint": "snapshot", "epoch": epoch, "accuracy": 0.5},
        ], "robustness")
        for epoch in (3, 4)
    )  # fmt: skip
    found = table_difference("robustness", first, second)
    assert (found.rows, found.only) == (1, (1, 1))


@pytest.mark.parametrize("table", [*COLUMNS, *SUMMARIES])
def test_tables_without_rows(table):
    empty = texts([], table)
    found = table_difference(table, empty, empty)
    assert (found.none, found.rows, found.cells) == (True, 0, 0)


def test_every_table_has_keys():
    for table in [*COLUMNS, *SUMMARIES]:
        assert any(column.key for column in columns_of(table).values()), table


def test_of_many_numbers_the_largest_difference_is_numpys(tmp_path):
    rng = np.random.default_rng(0)
    values = rng.standard_normal((2, 500))
    tables = []
    for i, losses in enumerate(values):
        rows = [RUN | {"epsilon": 0.5, "seed": s, "train_loss": x} for s, x in enumerate(losses)]
        write_rows(
            pd.DataFrame(rows).reindex(columns=list(columns_of("runs"))), tmp_path / f"{i}.csv"
        )
        tables.append(read_texts(tmp_path / f"{i}.csv"))
    (column,) = table_difference("runs", *tables).columns
    apart = np.abs(values[0] - values[1])
    relative = apart / np.abs(values).max(axis=0)
    assert column.absolute == apart.max()
    assert column.relative == relative.max()
    assert column.row.endswith(f"seed {relative.argmax()}")

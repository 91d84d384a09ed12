import pandas as pd

from advscape.study.columns import COLUMNS, KEY
from advscape.tables.collect import collect, read_experiment, read_table
from advscape.tables.rows import joined, write_rows


def source(name):
    return {"experiment": name, "dataset": "d", "model": "m", "norm": "l2"}


def test_rows_of_all_jobs_under_one_header_number_by_number(tmp_path):
    exact = 0.1 + 0.2
    one = pd.DataFrame([{"noise": "aligned", "epsilon": 0.5, "seed": 0, "train_loss": exact,
                         "regime": "n/a"}])  # fmt: skip
    two = pd.DataFrame([{"noise": "none", "epsilon": 0.0, "seed": 1, "epochs": 3}])
    for i, rows in enumerate((one, two)):
        write_rows(rows, tmp_path / f"{i}.csv")
    table = collect("runs", [source("a"), source("b")], [tmp_path / "0.csv", tmp_path / "1.csv"])
    assert table.columns.tolist() == [*KEY, *COLUMNS["runs"]]
    write_rows(table, tmp_path / "runs.csv")
    back = read_table(tmp_path / "runs.csv")
    assert back["train_loss"][0] == exact
    assert back["noise"].tolist() == ["aligned", "none"]
    assert back["regime"].tolist()[0] == "n/a"
    assert back["epochs"].isna().tolist() == [True, False]
    assert read_experiment(tmp_path / "runs.csv", "b")["seed"].tolist() == [1]


def test_a_runs_rows_stand_together_whichever_jobs_made_them(tmp_path):
    for part in (0, 1):
        rows = [{"noise": "n", "epsilon": 0.5, "seed": s, "alpha": part} for s in (3, 1)]
        write_rows(pd.DataFrame(rows), tmp_path / f"{part}.csv")
    files = [tmp_path / "0.csv", tmp_path / "1.csv"]
    table = collect("landscape", [source("a")] * 2, files)
    assert table[["seed", "alpha"]].astype(int).values.tolist() == [[3, 0], [3, 1], [1, 0], [1, 1]]


def test_joined_rows_are_written_as_each_alone(tmp_path):
    parts = [
        pd.DataFrame([{"n": 3, "value": 0.1 + 0.2, "ok": True}]),
        pd.DataFrame([{"n": None, "value": 1e-7, "ok": False}]),
        pd.DataFrame(columns=["n", "value", "ok"]),
    ]
    lines = []
    for part in parts:
        write_rows(part, tmp_path / "alone.csv")
        header, *rest = (tmp_path / "alone.csv").read_text().splitlines()
        lines += rest
    write_rows(joined(parts), tmp_path / "all.csv")
    assert (tmp_path / "all.csv").read_text().splitlines() == [header, *lines]

import pandas as pd

from advscape.tables.collect import COLUMNS, KEY, collect, read_experiment, read_table
from advscape.tables.rows import write_rows


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

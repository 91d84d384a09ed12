"""Damaged and odd tables: summed up, or one line with the file's name; never anything else."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advscape.errors import UserError
from advscape.landscape.grid import line
from advscape.study.columns import COLUMNS, SUMMARIES, columns_of
from advscape.tables.claims import claims_table
from advscape.tables.collect import collect, read_table
from advscape.tables.flatness import agreement_table, flatness_table
from advscape.tables.rows import write_rows
from tests.refusals import refusal

SOURCE = {"experiment": "e", "dataset": "d", "model": "m", "norm": "l2"}
RUNS = [(epsilon, seed) for epsilon in (0.0, 0.5, 1.0) for seed in (0, 1, 2)]
CLAIM = {
    "id": "C1", "statement": "grows", "rule": "grows", "along": "epsilon", "within": None,
    "sign": None, "difference": None, "bound": 1.0, "level": 0.05, "seeds": [0, 1, 2],
    "other": None,
}  # fmt: skip
OF = {"experiment": "e", "table": "curvature", "quantity": "lambda_max"}
CLAIMS = [
    CLAIM | {"of": OF | {"select": {"loss": "adversarial", "regime": "n/a"}}},
    CLAIM | {"id": "C2", "of": OF | {"table": "flatness", "quantity": "rise",
                                     "select": {"attack": "none"}}},
]  # fmt: skip
SETTINGS = {"e": {"radii": [1.0], "level": 0.1, "step": 0.02}}


def fragments():
    """Rows of the jobs of three networks' tables, as CSV."""
    key = [{"noise": "aligned", "epsilon": epsilon, "seed": seed} for epsilon, seed in RUNS]
    alphas = line(1.0, 3, 0.02)
    lines = [
        pd.DataFrame({
            **k, "split": "train", "checkpoint": "last", "direction": "raw", "direction_seed": 0,
            "alpha": alphas, "beta": 0.0, "attack": "none",
            "loss": 0.3 + (1 + k["epsilon"]) * alphas**2,
            "accuracy": 0.9, "n": 7, "kinks": [True if a == 0 else None for a in alphas],
            "curvature": np.where(alphas == 0, 2 + 2 * k["epsilon"], np.nan),
        })
        for k in key
    ]  # fmt: skip
    curvature = {"split": "train", "checkpoint": "last", "loss": "adversarial", "converged": True}
    tables = {
        "runs": pd.DataFrame([{**k, "regime": "n/a", "train_loss": 0.1} for k in key]),
        "curvature": pd.DataFrame(
            [{**k, **curvature, "lambda_max": 1 + k["epsilon"] + 0.1 * k["seed"]} for k in key]
        ),
        "landscape": pd.concat(lines),
    }
    return {name: rows.to_csv(index=False).encode() for name, rows in tables.items()}


WHOLE = fragments()


def summed_up(folder, rows, tables):
    """From the rows of jobs to tables, flatness and claims; either can be replaced on the way."""
    read = {}
    for name, content in (WHOLE | rows).items():
        (folder / f"part_{name}.csv").write_bytes(content)
        table = collect(name, [SOURCE], [folder / f"part_{name}.csv"])
        file = folder / f"{name}.csv"
        write_rows(table, file)
        if name in tables:
            (folder / f"{name}.csv").write_bytes(
                tables[name]((folder / f"{name}.csv").read_bytes())
            )
        read[name] = read_table(folder / f"{name}.csv")
    flat = flatness_table(read["landscape"], SETTINGS)
    agreement_table(read["landscape"], SETTINGS)
    return flat, claims_table(CLAIMS, {**read, "flatness": flat})


def stays_in_line(folder, rows=None, tables=None):
    given = refusal(lambda: summed_up(folder, rows or {}, tables or {}))
    assert given is None or str(folder) in given or given.startswith("landscape.csv: ")
    return given


def test_whole_tables_are_summed_up(tmp_path):
    flat, claims = summed_up(tmp_path, {}, {})
    assert len(flat) == 9 * 4
    assert claims["verdict"].tolist() == ["supported", "supported"]


def damaged(content, data):
    """A few other bytes, and perhaps an early end."""
    content = bytearray(content)
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    return bytes(content[: data.draw(st.one_of(st.none(), st.integers(0, len(content))))])


CELLS = st.one_of(
    st.sampled_from(
        ["", "nan", "inf", "-inf", "1e400", "True", "none", "0", "-1", "a,b", '"', "\n"]
    ),
    st.floats().map(repr),
    st.integers().map(str),
    st.text(max_size=8),
)


def odd_cells(content, data):
    """A few other cells, in the header too, or rows that lack some or are not there."""
    rows = [row.split(",") for row in content.decode().splitlines()]
    for _ in range(data.draw(st.integers(1, 3))):
        i = data.draw(st.integers(0, len(rows) - 1))
        what = data.draw(st.sampled_from(["cell", "cell", "cell", "row", "rows", "short"]))
        if what == "cell":
            rows[i][data.draw(st.integers(0, len(rows[i]) - 1))] = data.draw(CELLS)
        elif what == "row" and len(rows) > 1:
            del rows[i]
        elif what == "rows" and i > 0:
            del rows[i:]
        elif len(rows[i]) > 1:
            del rows[i][-1]
    return "".join(",".join(row) + "\n" for row in rows).encode(errors="surrogatepass")


@pytest.mark.parametrize("change", [damaged, odd_cells])
@pytest.mark.parametrize("where", ["rows of a job", "table"])
@settings(max_examples=60)
@given(data=st.data())
def test_damage_of_any_kind(change, where, tmp_path_factory, data):
    name = data.draw(st.sampled_from(list(WHOLE)))
    folder = tmp_path_factory.mktemp("odd")
    if where == "table":
        stays_in_line(folder, tables={name: lambda content: change(content, data)})
    else:
        stays_in_line(folder, rows={name: change(WHOLE[name], data)})


def test_a_cell_that_is_no_number_is_named(tmp_path):
    summed_up(tmp_path, {}, {})
    file = tmp_path / "curvature.csv"
    rows = pd.read_csv(file, dtype=str, keep_default_na=False)
    rows.loc[4, "lambda_max"] = "much"
    write_rows(rows, file)
    with pytest.raises(UserError, match=r"curvature.csv, row 5: lambda_max: got 'much'; "):
        read_table(file)


def test_names_that_look_like_numbers_or_truth_values_stay_names(tmp_path):
    (tmp_path / "rows.csv").write_bytes(WHOLE["runs"])
    for name in ("2024", "007", "True", "1e3", "nan", "none", "NA"):
        table = collect("runs", [SOURCE | {"experiment": name}], [tmp_path / "rows.csv"])
        write_rows(table, tmp_path / "runs.csv")
        assert set(read_table(tmp_path / "runs.csv")["experiment"]) == {name}


@pytest.mark.parametrize("table", [*COLUMNS, *SUMMARIES])
def test_a_column_that_lacks_is_named(table, tmp_path):
    for column in columns_of(table):
        rows = pd.DataFrame(columns=list(columns_of(table))).drop(columns=column)
        write_rows(rows, tmp_path / f"{table}.csv")
        with pytest.raises(UserError, match=rf"{table}.csv lacks columns of its table: {column}$"):
            read_table(tmp_path / f"{table}.csv")


def test_a_cut_off_file_is_named(tmp_path):
    file = tmp_path / "runs.csv"
    summed_up(tmp_path, {}, {})
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(UserError, match=r"runs.csv cannot be read as a table: its last line"):
        read_table(file)

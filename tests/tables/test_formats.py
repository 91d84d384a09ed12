"""A table's other formats say what its CSV file says; the referees are pandas and matplotlib."""

import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.mathtext import MathTextParser
from pyarrow import parquet as pq

from advscape.errors import UserError
from advscape.study.columns import COLUMNS, SUMMARIES, columns_of
from advscape.study.plan import files_of
from advscape.tables.digits import with_limits, with_spread
from advscape.tables.parquet import write_parquet, write_table
from advscape.tables.printed import PRINTED, write_summary

RUNS = [
    {"experiment": "a", "noise": "none", "epsilon": 0.1 + 0.2, "seed": 2**53 + 1, "label": "007",
     "train_loss": 1 / 3, "converged": True, "regime": "n/a", "file": 'odd "name", a\nline'},
    {"experiment": "a", "noise": "aligned", "epsilon": 1e-300, "seed": 1, "epoch": 7,
     "train_loss": math.inf, "converged": False, "wall_s": -0.0, "best_epoch": 3},
]  # fmt: skip
CLAIMS = [
    {"claim": "C1", "statement": "A_1 rises by > 50 % & {more} of a^b | c\\d ~ #2 $",
     "p_value": 2e-5, "statistic": "epsilon 0.6 over epsilon 0", "estimate": 13.214,
     "ci_low": 3.7012, "ci_high": 48.02, "verdict": "supported"},
    {"claim": "C2", "statement": "lambda_max is flat", "p_value": 0.0423, "statistic": "difference",
     "estimate": -1.5e-7, "ci_low": -math.inf, "ci_high": 2.6e-8, "verdict": "contradicted"},
    {"claim": "C3", "statement": "Nobody knows.", "verdict": "not testable"},
]  # fmt: skip
COMPARED = [
    {"experiment": "e", "variant": variant, "noise": "aligned", "epsilon": 0.5, "seeds": 3,
     "checkpoint": "last", "test_accuracy": 0.682, "test_accuracy_sd": 0.01652, "frozen": frozen}
    for variant, frozen in (("base", 8.85833), ("awp", None))
]  # fmt: skip


def written(folder, table, rows):
    """The files of a table by their suffix."""
    files = [folder / file.removeprefix("<results>/") for file in files_of(table)]
    write = write_summary if table in PRINTED else write_table
    write(pd.DataFrame(rows, columns=list(columns_of(table))), *files)
    return {file.suffix: file for file in files}


def test_parquet_has_the_cells_of_the_csv_file(tmp_path):
    files = written(tmp_path, "runs", RUNS)
    found = pq.read_table(files[".parquet"])
    expected = pd.read_csv(
        files[".csv"], keep_default_na=False, na_values=[""], dtype={"label": str}
    )
    assert found.column_names == expected.columns.tolist()
    for name in found.column_names:
        cells = [None if pd.isna(cell) else cell for cell in expected[name]]
        assert found[name].to_pylist() == cells, name
    assert found["seed"].to_pylist() == [2**53 + 1, 1]
    assert found["epsilon"].to_pylist() == [0.1 + 0.2, 1e-300]
    assert found["label"].to_pylist() == ["007", None]
    assert math.copysign(1, found["wall_s"].to_pylist()[1]) == -1


@pytest.mark.parametrize("table", [*COLUMNS, *SUMMARIES])
def test_types_and_meanings_are_the_catalogues_whatever_the_cells(tmp_path, table):
    columns = columns_of(table)
    values = {"name": "1", "truth": True, "number": 1}
    full = [{name: values[column.kind] for name, column in columns.items()}]
    schemas = []
    for folder, rows in (("none", []), ("empty", [{"experiment": "e"}]), ("full", full)):
        schemas.append(pq.read_schema(written(tmp_path / folder, table, rows)[".parquet"]))
    assert schemas[0].equals(schemas[1], check_metadata=True)
    assert schemas[0].equals(schemas[2], check_metadata=True)
    kinds = {"name": [pa.string()], "truth": [pa.bool_()], "number": [pa.float64(), pa.int64()]}
    for field, (name, column) in zip(schemas[0], columns.items(), strict=True):
        assert field.name == name
        assert field.type in kinds[column.kind]
        assert (field.type == pa.int64()) == column.whole
        described = {b"meaning": column.meaning.encode(), b"unit": column.unit.encode()}
        assert described.items() <= field.metadata.items()


def test_files_of_two_studies_are_read_as_one_table(tmp_path):
    for study, rows in (("one", RUNS[:1]), ("two", RUNS[1:])):
        written(tmp_path / study, "runs", rows)
    files = sorted(map(str, tmp_path.rglob("*.parquet")))
    both = pd.concat([pd.read_parquet(file) for file in files])
    assert both["epsilon"].tolist() == [0.1 + 0.2, 1e-300]
    assert pa.concat_tables(map(pq.read_table, files)).num_rows == 2


@pytest.mark.parametrize(
    ("table", "rows"), [("runs", RUNS), ("claims", CLAIMS), ("comparison", COMPARED)]
)
def test_written_twice_they_are_the_same_bytes(tmp_path, table, rows):
    first, second = (written(tmp_path / name, table, rows) for name in "ab")
    assert set(first) >= {".csv", ".parquet"}
    for suffix, file in first.items():
        assert file.read_bytes() == second[suffix].read_bytes()


@pytest.mark.parametrize("seed", [1.5, 2.0**80])
def test_a_number_that_is_not_whole_is_one_line(tmp_path, seed):
    with pytest.raises(UserError, match=r"runs.csv: seed: .*; allowed: int64") as error:
        written(tmp_path, "runs", [RUNS[0] | {"seed": seed}])
    assert "\n" not in str(error.value)
    assert not (tmp_path / "tables/runs.parquet").exists()


def test_a_damaged_table_is_one_line(tmp_path):
    (tmp_path / "runs.csv").write_text("experiment\na")
    with pytest.raises(
        UserError, match=r"runs.csv cannot be read as a table: its last line is cut"
    ):
        write_parquet(tmp_path / "runs.csv", tmp_path / "runs.parquet")


def test_claims_in_markdown(tmp_path):
    text = written(tmp_path, "claims", CLAIMS)[".md"].read_text()
    assert text.splitlines() == [
        "| claim | statement | statistic | estimate [95 % interval] | p | verdict |",
        "| --- | --- | --- | --- | --- | --- |",
        "| C1 | A_1 rises by > 50 % & {more} of a^b \\| c\\d ~ #2 $ | epsilon 0.6 over epsilon 0 "
        "| 13.2 [3.7, 48.0] | <0.001 | supported |",
        "| C2 | lambda_max is flat | difference | (-1.5 [-inf, 0.3])e-7 | 0.042 | contradicted |",
        "| C3 | Nobody knows. |  |  |  | not testable |",
    ]


def test_claims_about_several_experiments_name_theirs(tmp_path):
    claims = [CLAIMS[0], CLAIMS[0] | {"experiment": "another"}]
    lines = written(tmp_path, "claims", claims)[".md"].read_text().splitlines()
    assert lines[0].startswith("| claim | experiment | statement |")
    assert lines[3].startswith("| C1 | another |")


def test_claims_in_latex(tmp_path):
    lines = written(tmp_path, "claims", CLAIMS)[".tex"].read_text().splitlines()
    assert [lines[i] for i in (2, 4, -2)] == [r"\toprule", r"\midrule", r"\bottomrule"]
    assert lines[5] == (
        r"C1 & A\_1 rises by \textgreater{} 50 \% \& \{more\} of a\textasciicircum{}b \textbar{} "
        r"c\textbackslash{}d \textasciitilde{} \#2 \$ & epsilon 0.6 over epsilon 0 & "
        r"$13.2\ [3.7,\ 48.0]$ & \textless{}0.001 & supported \\"
    )
    assert (
        r"$\lambda_{\max}$ is flat & difference & $(-1.5\ [-\infty,\ 0.3]) \times 10^{-7}$"
        in (lines[6])
    )


def test_networks_side_by_side_in_print(tmp_path):
    files = written(tmp_path, "comparison", COMPARED)
    # what is the same for all, and what nobody measured, is left out
    assert files[".md"].read_text().splitlines()[0] == (
        "| experiment | variant | seeds | robust accuracy (%) | lambda_max, noise held |"
    )
    assert "| e | base | 3 | 68.2 ± 1.7 | 8.86 |\n| e | awp | 3 | 68.2 ± 1.7 |  |\n" in (
        files[".md"].read_text()
    )
    assert r"e & base & 3 & $68.2 \pm 1.7$ & $8.86$ \\" in files[".tex"].read_text()


def test_a_number_alone_has_no_brackets_before_its_power_of_ten(tmp_path):
    files = written(tmp_path, "comparison", [COMPARED[0] | {"frozen": 9.494e-6}])
    assert "| 9.49e-6 |" in files[".md"].read_text()
    assert r"& $9.49 \times 10^{-6}$ \\" in files[".tex"].read_text()


def test_every_formula_and_every_row_of_latex_is_whole(tmp_path):
    for table, rows in (("claims", CLAIMS), ("comparison", COMPARED)):
        text = written(tmp_path, table, rows)[".tex"].read_text().replace(r"\$", "")
        formulas = text.split("$")[1::2]
        assert len(formulas) >= 3
        for formula in formulas:
            MathTextParser("path").parse(f"${formula}$")
        body = text.split("\\toprule\n")[1].split("\\bottomrule")[0].replace(r"\&", "")
        cells = {line.count("&") for line in body.splitlines() if line != r"\midrule"}
        assert len(cells) == 1


def test_a_study_without_claims_has_their_header(tmp_path):
    text = written(tmp_path, "claims", [])[".md"].read_text()
    assert text.startswith("| claim | statement |")
    assert len(text.splitlines()) == 2


NUMBERS = st.floats(1e-12, 1e12).flatmap(lambda x: st.sampled_from([x, -x]))


@given(NUMBERS, st.floats(1e-12, 1e12))
def test_a_spread_has_two_digits_and_the_mean_ends_where_it_does(mean, spread):
    rounded = with_spread(mean, spread)
    texts = [Decimal(text).scaleb(rounded.power) for text in rounded.texts]
    last = Decimal(10) ** (math.floor(math.log10(spread)) - 1)
    for text, number in zip(texts, (mean, spread), strict=True):
        # half of the last digit, and what 16 digits leave
        assert abs(text - Decimal(number)) <= last * Decimal("0.501") + Decimal(abs(number) * 1e-15)
    assert texts[1] > 0


@given(st.tuples(NUMBERS, NUMBERS, NUMBERS))
def test_limits_are_rounded_at_the_third_digit_or_by_less_than_their_distance(numbers):
    low, estimate, high = sorted(numbers)
    rounded = with_limits(estimate, low, high)
    nearest = min([d for d in (estimate - low, high - estimate) if d > 0], default=0.0)
    for text, number in zip(rounded.texts, (estimate, low, high), strict=True):
        error = abs(Decimal(text).scaleb(rounded.power) - Decimal(number))
        assert error <= Decimal(max(abs(number) / 199, nearest / 19))


def test_what_is_missing_or_infinite():
    assert with_spread(0.68249, math.nan).texts == ("0.682",)
    assert with_spread(0.0, 0.0).texts == ("0.00", "0.00")
    assert with_limits(2.0, math.nan, math.nan).texts == ("2.00",)
    assert with_limits(2.0, 2.0, np.inf).texts == ("2.00", "2.00", "inf")

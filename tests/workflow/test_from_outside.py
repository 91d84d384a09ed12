"""One of each kind is added from outside, and goes from the config to tables and figures.

``outside/sitecustomize.py`` is what a user would add in each catalogue, ``outside/kinds.py`` what
they would write. Nothing of the project is edited.
"""

import json
import os
import subprocess
import sys

import pandas as pd
import pytest
import yaml

from advscape.study.columns import COLUMNS, Column
from advscape.tables.collect import collect, read_table
from advscape.tables.document import filled
from advscape.tables.rows import write_rows
from tests.conftest import ROOT

OUTSIDE = ROOT / "tests/workflow/outside"
EXPERIMENT = {
    "name": "outside",
    "dataset": {"name": "stripes", "test_fraction": 0.5},
    "model": {"name": "perceptron", "hidden": 5},
    "threat": {"norm": "l2"},
    "training": {
        "epochs": 2, "attack": {"name": "halfway"}, "objective": {"name": "squared", "scale": 0.5},
        "schedule": {"name": "constant"},
    },
    "grid": {"epsilons": [0.2], "seeds": [0]},
    "evaluation": {"common_epsilon": 0.2, "attacks": [{"steps": 1}, {"name": "halfway"}]},
    "curvature": {"samples": 8, "attack": {"steps": 1}, "probes": 2},
    "landscape": {
        "direction_seeds": [0], "directions": ["weights"], "points": 3, "samples": 8,
        "attack": {"steps": 1},
    },
    "sharpness": {"measures": ["shrunk"], "samples": 8, "attack": {"steps": 1}},
    "claims": [
        {"id": "C1", "statement": "It shrinks.", "rule": "shrinks", "quantity": "lambda_max",
         "select": {"hessian": "frozen"}},
    ],
}  # fmt: skip


def environment():
    path = os.pathsep.join([str(OUTSIDE), str(ROOT / "pkg")])
    return os.environ | {"PYTHONPATH": path}


def python(*arguments, folder):
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment(), text=True,
        capture_output=True, check=False,
    )  # fmt: skip


#: what the tests look at
WANTED = [
    *(f"tables/{name}.csv" for name in ("runs", "layers", "robustness", "sharpness", "landscape")),
    "tables/claims.csv", "figures/sharpness_outside.pdf", "figures/losses_outside.png",
]  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outside")
    config = {"study": "outside", "experiments": [EXPERIMENT]}
    (folder / "study.yaml").write_text(yaml.safe_dump(config))
    done = python(
        "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "2",
        "--configfile", "study.yaml", "--", *(f"results/outside/{name}" for name in WANTED),
        folder=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return folder / "results/outside"


def table(results, name):
    return read_table(results / f"tables/{name}.csv")


def test_a_dataset(results):
    assert set(table(results, "runs")["dataset"]) == {"stripes"}
    assert (results / "datasets/stripes.npz").is_file()


def test_a_model(results):
    assert set(table(results, "runs")["model"]) == {"perceptron-5"}
    assert "3.weight" in set(table(results, "layers")["layer"])


def test_an_objective_and_a_schedule(results):
    assert set(table(results, "runs")["objective"]) == {"squared"}
    history = (results / "runs/outside/eps~0.2/seed~0/history.csv").read_text()
    assert history.count(",0.1,") == 2


def test_an_attack(results):
    assert "halfway" in set(table(results, "robustness")["attack"])


def test_a_measure_and_its_panel(results):
    rows = table(results, "sharpness")
    assert set(rows["measure"]) == {"shrunk"}
    assert rows["value"].notna().all()
    assert (results / "figures/sharpness_outside.pdf").is_file()


def test_a_direction(results):
    rows = table(results, "landscape")
    assert set(rows["direction"]) == {"weights"}
    centre = rows[(rows["alpha"] == 0) & (rows["attack"] == "frozen")]
    assert centre["curvature"].notna().all()


def test_a_rule(results):
    (row,) = table(results, "claims").to_dict("records")
    assert row["rule"] == "every seed's ratio lies below 1"


def test_a_figure(results):
    assert (results / "figures/losses_outside.png").stat().st_size > 1000
    drawn = pd.read_csv(results / "figures/losses_outside.csv")
    assert sorted(drawn["y"]) == sorted(table(results, "runs")["train_loss"])


def test_the_schema_and_errors_have_them_all(tmp_path):
    schema = json.loads(python("-m", "advscape.study.schema", folder=tmp_path).stdout)
    names = {"Perceptron", "Halfway", "Squared", "Constant"}
    assert names <= set(schema["$defs"])
    text = json.dumps(schema)
    assert all(f'"{name}"' in text for name in ("stripes", "shrunk", "weights", "shrinks"))
    wrong = EXPERIMENT | {"model": {"name": "perceptrn"}}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump({"study": "s", "experiments": [wrong]}))
    script = (
        "import yaml, advscape.study.load as m; m.load_study(yaml.safe_load(open('study.yaml')))"
    )
    assert "custom, perceptron" in python("-c", script, folder=tmp_path).stderr


def test_a_column(tmp_path, monkeypatch):
    """It is collected, read and documented; a stage that emits it has it in its rows."""
    monkeypatch.setitem(COLUMNS["runs"], "energy", Column("number", "what it took", "J"))
    (tmp_path / "part.csv").write_text("noise,epsilon,seed,energy\naligned,0.5,0,12.5\n")
    source = {"experiment": "e", "dataset": "d", "model": "m", "norm": "l2"}
    write_rows(collect("runs", [source], [tmp_path / "part.csv"]), tmp_path / "runs.csv")
    assert read_table(tmp_path / "runs.csv")["energy"].tolist() == [12.5]
    text = filled("<!-- columns: runs -->\n<!-- end -->\n")
    assert "| energy | J | what it took |" in text

"""Snapshots, averages and variants through the whole workflow, and a kill between snapshots."""

import os
import re
import signal
import subprocess
import time
from copy import deepcopy

import pandas as pd
import pytest

from advscape.report.comparison import comparison_section
from advscape.tables.collect import read_table
from tests.workflow.conftest import Workflow

TABLES = ("robustness", "curvature", "comparison")
NETWORK = {
    "name": "net",
    "dataset": {"name": "digits", "classes": [0, 1, 2], "test_fraction": 0.5,
                "validation_fraction": 0.2},
    "model": {"name": "cnn", "width": 2, "activation": "gelu", "pooling": "average"},
    "threat": {"norm": "l2"},
    "training": {"epochs": 4, "batch_size": 32, "learning_rate": 0.05, "attack": {"steps": 1},
                 "snapshots": [1, 3], "averaging": {"ema": 0.9}},
    "variants": [{"name": "sam", "training": {"objective": {"name": "sam"}}}],
    "grid": {"epsilons": [0.4], "seeds": [0]},
    "evaluation": {"common_epsilon": 0.4, "attacks": [{"steps": 2}],
                   "checkpoints": ["last", "best", "averaged", "snapshots"]},
    "curvature": {"samples": 16, "splits": ["train"], "attack": {"steps": 2}, "probes": 2,
                  "response": {"refine_steps": 5, "polish_steps": 2, "probes": 2},
                  "finite_scale": {"radii": [0.01], "steps": 2, "random": 0},
                  "checkpoints": ["last", 1]},
    "landscape": {"direction_seeds": [0], "points": 3, "samples": 16, "attack": {"steps": 1},
                  "attacks": ["frozen"]},
    "sharpness": {"samples": 16, "measures": ["average", "adaptive_worst"], "balls": ["l2"],
                  "attack": {"steps": 1}},
}  # fmt: skip


def workflow(folder, **training):
    made = Workflow(folder)
    network = deepcopy(NETWORK)
    network["training"] |= training
    made.config = {"study": "smoke", "experiments": [network]}
    return made


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    made = workflow(tmp_path_factory.mktemp("along"))
    tables = (f"results/smoke/tables/{table}.csv" for table in TABLES)
    made.snakemake("--", *tables, "results/smoke/figures/along_net.png")
    return made


def run(made, variant):
    return made.results / f"runs/net/eps~0.4,variant~{variant}/seed~0"


def test_tables_have_every_state_of_both_variants(finished):
    rows = pd.read_csv(finished.results / "tables/robustness.csv")
    for variant, of in rows.groupby("variant"):
        found = of.groupby("checkpoint")["epoch"].unique().map(sorted).to_dict()
        best = pd.read_csv(run(finished, variant) / "runs.csv")["best_epoch"][0]
        assert found == {"last": [4], "averaged": [4], "best": [best], "snapshot": [1, 3]}
    curvature = pd.read_csv(finished.results / "tables/curvature.csv")
    states = curvature[["variant", "checkpoint", "epoch"]].drop_duplicates()
    assert sorted(states.to_records(index=False).tolist()) == [
        (variant, checkpoint, epoch)
        for variant in ("base", "sam")
        for checkpoint, epoch in (("last", 4), ("snapshot", 1))
    ]
    frozen = curvature[(curvature["hessian"] == "frozen")]
    assert (frozen["gradient_noise"] > 0).all()


def test_a_figure_and_the_report_compare_the_variants(finished):
    assert (finished.results / "figures/along_net.png").stat().st_size > 5000
    table = read_table(finished.results / "tables/comparison.csv")
    assert re.search(r">(base|sam), averaged weights</th>", str(comparison_section(table)))
    assert len(table) == 2 * 3
    assert table["test_accuracy"].is_monotonic_decreasing


def test_snapshots_and_averages_change_no_weight_of_the_run(finished, tmp_path):
    plain = workflow(tmp_path)
    network = plain.config["experiments"][0]
    del network["training"]["snapshots"], network["training"]["averaging"]
    network["evaluation"]["checkpoints"] = network["curvature"]["checkpoints"] = ["last"]
    targets = [f"{run(plain, variant)}/weights.safetensors" for variant in ("base", "sam")]
    plain.snakemake(*(os.path.relpath(target, plain.folder) for target in targets))
    for variant in ("base", "sam"):
        for name in ("weights", "best"):
            file = f"{name}.safetensors"
            assert (run(plain, variant) / file).read_bytes() == (
                run(finished, variant) / file
            ).read_bytes()


def test_killed_between_two_snapshots_it_ends_with_the_same_bytes(finished, tmp_path):
    killed = workflow(tmp_path)
    target = run(killed, "base") / "weights.safetensors"
    arguments = ["--cores", "1", "--keep-incomplete", os.path.relpath(target, killed.folder)]
    process = subprocess.Popen(
        [*killed.command(), *arguments], cwd=killed.folder, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    first = target.parent / ".checkpoints/epoch~1.safetensors"
    while not first.exists() and process.poll() is None:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    killed.snakemake("--unlock")
    killed.snakemake("--rerun-incomplete", os.path.relpath(target, killed.folder))
    for file in (run(finished, "base")).rglob("*.safetensors"):
        own = target.parent / file.relative_to(run(finished, "base"))
        if "checkpoints" in str(own) or own.name in ("weights.safetensors", "best.safetensors"):
            assert own.read_bytes() == file.read_bytes(), own


def test_the_last_weights_are_measured_in_any_case(tmp_path):
    made = workflow(tmp_path)
    made.config["experiments"][0]["curvature"]["checkpoints"] = [1]
    assert "curvature.checkpoints: got [1]; allowed: last among others" in made.refusal()


REFUSED = {
    "beyond the run": (
        {"snapshots": [2, 9]},
        r"experiments\[0\]\.training\.snapshots: got 9; allowed: 1 to 4, the epochs of the run",
    ),
    "every so many, beyond it": (
        {"snapshots": {"every": 5}},
        r"training\.snapshots: got 5; allowed",
    ),
    "a number alone": (
        {"snapshots": 2},
        r"training\.snapshots: got 2; allowed: a list of epochs, or \{every: 5\}, say",
    ),
    "swa at the very end": (
        {"averaging": {"swa": {"from": 0.8}}},
        r"training\.averaging\.swa\.from: got 0\.8; allowed: a share of the 4 epochs after which",
    ),
    "no snapshots to measure": (
        {"snapshots": None},
        r"evaluation\.checkpoints\[3\]: got 'snapshots'; allowed: last, best or averaged, unless",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_trainings_that_cannot_be_followed_are_refused(what, tmp_path):
    training, words = REFUSED[what]
    said = workflow(tmp_path, **training).refusal()
    (line,) = [line for line in said.splitlines() if "config: " in line]
    assert re.search(words, line), line


VARIANTS = {
    "nothing changed": (
        {"name": "same", "training": {"epochs": 4}},
        r"variants\[0\]\.training: got .*; allowed: keys that change something: this is the",
    ),
    "another section": (
        {"name": "c", "training": {"momentum": 0.5}, "curvature": {"samples": 4}},
        r"variants\[0\]\.curvature: got an unknown key; allowed: name, training",
    ),
    "a key of another section": (
        {"name": "c", "training": {"samples": 4}},
        r"variants\[0\]\.training\.samples: got an unknown key",
    ),
    "a wrong value": (
        {"name": "c", "training": {"objective": {"name": "sam", "rho": -1.0}}},
        r"variants\[0\]\.training\.objective\.rho: got -1\.0; allowed: a number > 0",
    ),
    "the name of the first": (
        {"name": "base", "training": {"momentum": 0.5}},
        r"variants\[0\]\.name: got 'base'; allowed: a name of its own",
    ),
    "the name of the first but for case": (
        {"name": "Base", "training": {"momentum": 0.5}},
        r"variants\[0\]\.name: got 'Base'; allowed: a name of its own, whatever its case",
    ),
}


@pytest.mark.parametrize("what", VARIANTS)
def test_variants_that_are_none_are_refused(what, tmp_path):
    made = workflow(tmp_path)
    variant, words = VARIANTS[what]
    made.config["experiments"][0]["variants"] = [variant]
    (line,) = [line for line in made.refusal().splitlines() if "config: " in line]
    assert re.search(words, line), line

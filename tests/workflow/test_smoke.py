"""The smoke study end to end, and what runs again after a change."""

import hashlib
import json
import os

import pandas as pd

from advscape.claims.table import COLUMNS as CLAIM_COLUMNS
from advscape.study.sharpness_config import MEASURES as SHARPNESS_MEASURES
from advscape.tables.collect import COLUMNS, KEY, read_table
from tests.conftest import ROOT

LINEAR, NETWORK = 0, 1
MEASURED = ("evaluate", "curvature", "landscape")
#: tables, figures and stages that only networks have
OF_NETWORKS = ("layers", "spectrum", "finite_scale", "sharpness")
#: jobs of a network's run
JOBS = {"train": 1, "evaluate": 1, "curvature": 1, "landscape": 2, "sharpness": 1}
SUMMED_UP = {
    "table", "flatness", "claims", "figure_curvature", "figure_landscape", "figure_plane",
    "figure_robustness", "figure_sharpness", "html_report", "study_config",
}  # fmt: skip


def file_hashes(folder, pattern):
    files = [file for file in sorted(folder.rglob(pattern)) if file.is_file()]
    return {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_everything_is_there(study):
    for table, columns in COLUMNS.items():
        rows = read_table(study.results / f"tables/{table}.csv")
        assert rows.columns.tolist() == [*KEY, *columns]
        linear = set() if table in OF_NETWORKS else {"logistic-digits"}
        assert set(rows["experiment"]) == linear | {"resnet18-digits"}, table
    for experiment in ("logistic-digits", "resnet18-digits"):
        of_networks = () if experiment == "logistic-digits" else ("sharpness",)
        for kind in ("curvature", "landscape", "robustness", *of_networks):
            for suffix in ("png", "pdf"):
                assert (
                    study.results / f"figures/{kind}_{experiment}.{suffix}"
                ).stat().st_size > 5000
    assert "verdicts" in (study.results / "report.html").read_text()


def test_runs_table(study):
    runs = read_table(study.results / "tables/runs.csv")
    logistic = runs[runs["model"] == "logistic"]
    assert len(logistic) == 3 * 2 * 3
    assert (logistic["grad_norm"] < 1e-8).all()
    aligned = logistic[logistic["noise"] == "aligned"].set_index(["epsilon", "seed"])["regime"]
    assert aligned.unstack()[0].to_dict() == {0.0: "separable", 0.5: "separable", 1.5: "collapsed"}
    assert set(runs["model"]) == {"logistic", "resnet18-w4"}


def test_a_collapsed_run_has_empty_cells_and_the_parts_add_up(study):
    rows = read_table(study.results / "tables/curvature.csv")
    linear = rows[(rows["model"] == "logistic") & (rows["noise"] == "aligned")]
    measured = ["lambda_max", "lambda_max_residual", "trace", "scaled_lambda_max", "scaled_trace"]
    assert linear.loc[linear["epsilon"] == 1.5, measured].isna().all().all()
    finite = linear[(linear["epsilon"] < 1.5) & (linear["loss"] == "adversarial")]
    assert finite[measured].notna().all().all()
    trace = finite.pivot_table(
        index=["epsilon", "seed", "split"], columns="hessian", values="trace"
    )
    assert (trace["frozen"] + trace["response"] - trace["total"]).abs().max() < 1e-12


def test_robustness_has_the_same_attack_on_both_sides(study):
    rows = read_table(study.results / "tables/robustness.csv")
    key = ["experiment", "noise", "epsilon", "seed", "eval_epsilon", "attack", "steps"]
    sides = rows.groupby(key, dropna=False)["split"].apply(sorted)
    assert all(side == ["test", "train"] for side in sides)
    assert set(rows.loc[rows["eval_epsilon"] == 0, "attack"]) == {"none"}
    assert set(rows["attack"]) == {"none", "closed-form", "pgd"}


def test_every_run_has_its_sanity_checks(study):
    rows = read_table(study.results / "tables/sanity.csv")
    checks = rows.groupby(["experiment", "noise", "epsilon", "seed"])["check"].apply(set)
    assert len(checks) == 3 * 2 * 3 + 2
    assert all("accuracy falls with epsilon" in found for found in checks)
    of_networks = {"loss rises with steps", "accuracy falls with epsilon", "kkt residual"}
    assert all(found == of_networks for found in checks["resnet18-digits"])
    assert (rows["ok"] == (rows["value"] <= rows["bound"])).all()
    assert rows.loc[rows["model"] == "logistic", "ok"].all()
    page = (study.results / "claims.html").read_text()
    failed = (~rows["ok"]).sum()
    words = f"{failed} of {len(rows)} checks failed" if failed else f"all {len(rows)} checks passed"
    assert words in page


def test_second_differences_of_lines_are_the_hessians(study):
    rows = read_table(study.results / "tables/flatness.csv")
    assert set(rows["quantity"]) == {"rise", "width", "second-difference", "hessian"}
    linear = rows[(rows["model"] == "logistic") & (rows["epsilon"] < 1.5)]
    key = ["noise", "epsilon", "seed", "direction_seed", "attack"]
    pairs = linear.pivot_table(index=key, columns="quantity", values="value", dropna=False)
    assert len(pairs) == 2 * 2 * (3 + 2 + 3)
    scale = pairs["hessian"].abs().max()
    assert ((pairs["second-difference"] - pairs["hessian"]).abs() < 1e-2 * scale).all()


def test_claims_say_when_they_cannot_be_tested(study):
    claims = pd.read_csv(study.results / "tables/claims.csv")
    assert tuple(claims.columns) == CLAIM_COLUMNS
    assert claims["verdict"].tolist() == ["not testable"]
    assert claims["estimate"].isna().all()


def test_every_output_says_what_made_it(study):
    for file in study.results.glob("runs/**/*.json"):
        record = json.loads(file.read_text())
        assert {"config", "cell", "code", "versions", "wall_s", "python"} <= set(record)
    networks = list(study.results.glob("runs/resnet18-digits/**/train.json"))
    assert len(networks) == 2
    assert json.loads(networks[0].read_text())["device"]


def test_nothing_of_the_default_study_leaks_in(study):
    assert "resnet18-w16" not in (study.results / "tables/runs.csv").read_text()
    assert list((study.folder / "results").iterdir()) == [study.results]


def test_second_run_does_nothing(study):
    assert study.planned() == {}


def test_scripts_with_a_new_date_run_nothing(study):
    """A fresh clone gives every file the time of the checkout."""
    script = ROOT / "workflow/scripts/train_network.py"
    before = script.stat()
    try:
        os.utime(script)
        assert study.planned() == {}
    finally:
        os.utime(script, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_new_epsilon_of_a_network_runs_its_own_cell(study):
    study.config["experiments"][NETWORK]["grid"]["epsilons"].append(0.8)
    jobs = study.planned()
    for stage, count in JOBS.items():
        outputs = jobs.pop(f"{stage}_network")
        assert len(outputs) == count
        assert all("eps~0.8/seed~0/" in output for output in outputs)
    assert set(jobs) == SUMMED_UP


def test_new_seed_of_a_network_runs_its_own_cells(study):
    study.config["experiments"][NETWORK]["grid"]["seeds"].append(5)
    jobs = study.planned()
    for stage, count in JOBS.items():
        assert all("seed~5/" in output for output in jobs[f"{stage}_network"])
        assert len(jobs[f"{stage}_network"]) == 2 * count


def test_new_seed_of_a_linear_model_runs_its_own_job(study):
    study.config["experiments"][LINEAR]["grid"]["seeds"].append(5)
    jobs = study.planned()
    for stage in ("train", *MEASURED):
        assert len(jobs[f"{stage}_linear"]) == 1
        assert "seed~5/" in jobs[f"{stage}_linear"][0]
    assert not any("network" in rule for rule in jobs)


def test_landscape_settings_keep_the_training(study):
    study.config["experiments"][NETWORK]["landscape"]["points"] = 5
    jobs = study.planned()
    assert set(jobs) == {
        "landscape_network", "table", "flatness", "claims", "html_report", "study_config",
        "figure_landscape", "figure_plane",
    }  # fmt: skip
    assert len(jobs["table"]) == 1


def test_what_is_read_from_lines_scans_nothing_again(study):
    study.config["experiments"][NETWORK]["landscape"]["flatness"] = {"level": 0.1}
    assert set(study.planned()) == {"flatness", "html_report", "study_config"}


def test_sharpness_settings_keep_everything_else(study):
    settings = study.config["experiments"][NETWORK]["sharpness"]
    settings["average"] = settings["average"] | {"draws": 3}
    jobs = study.planned()
    assert set(jobs) == {
        "sharpness_network", "table", "html_report", "study_config", "figure_sharpness",
    }  # fmt: skip
    assert len(jobs["table"]) == 1


def test_every_run_of_a_network_has_every_measure_of_sharpness(study):
    rows = read_table(study.results / "tables/sharpness.csv")
    measures = rows.groupby(["experiment", "epsilon", "seed"])["measure"].apply(set)
    assert len(measures) == 2
    assert all(found == set(SHARPNESS_MEASURES) for found in measures)
    assert rows[["value", "draws", "n", "spread"]].notna().all().all()


def test_title_redraws_figures_only(study):
    study.config["experiments"][NETWORK]["title"] = "Another title"
    assert set(study.planned()) == {
        "figure_curvature", "figure_landscape", "figure_plane", "figure_robustness",
        "figure_sharpness", "html_report", "study_config",
    }  # fmt: skip


def test_reordered_keys_run_nothing(study):
    study.config["experiments"] = [
        {key: experiment[key] for key in reversed(experiment)}
        for experiment in study.config["experiments"]
    ]
    assert study.planned() == {}


def test_swapped_values_are_seen(study):
    """Snakemake alone compares only the set of values."""
    curvature = study.config["experiments"][NETWORK]["curvature"]
    swapped = {"samples": curvature["max_products"], "max_products": curvature["samples"]}
    curvature.update(swapped)
    assert len(study.planned()["curvature_network"]) == 2


def test_new_epsilon_of_a_linear_model_solves_its_own_cells_and_the_rest_stays(study):
    """Last in this file: it runs the added epsilon for real."""
    cells = study.results / "runs/logistic-digits"
    before = file_hashes(cells, ".cells/*.safetensors")
    table = read_table(study.results / "tables/runs.csv")
    study.config["experiments"][LINEAR]["grid"]["epsilons"].append(0.25)
    networks = file_hashes(study.results / "runs/resnet18-digits", "*")
    study.snakemake()
    after = file_hashes(cells, ".cells/*.safetensors")
    assert before.items() <= after.items()
    assert len(after) - len(before) == 2 * 3  # seeds, arms
    log = (study.results / "logs/train/logistic-digits/seed~0.log").read_text()
    assert "9 cells kept, 3 to solve" in log
    assert file_hashes(study.results / "runs/resnet18-digits", "*") == networks
    grown = read_table(study.results / "tables/runs.csv")
    key = ["experiment", "noise", "epsilon", "seed"]
    again = table[key].merge(grown, on=key)
    pd.testing.assert_frame_equal(again[table.columns.tolist()], table)

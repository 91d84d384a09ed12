"""The smoke study end to end; test_reruns.py says what runs again after a change."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa
import yaml
from pyarrow import parquet as pq

from advscape.evaluation.checks import GUESS
from advscape.sharpness.catalogue import MEASURES as SHARPNESS_MEASURES
from advscape.study.columns import COLUMNS, KEY, SUMMARIES, columns_of
from advscape.tables.collect import read_table
from tests.conftest import ROOT
from tests.workflow.conftest import Workflow

LINEAR, NETWORK = 0, 1
#: tables, figures and stages that only networks have
OF_NETWORKS = ("eigenvalues", "layers", "spectrum", "maxima", "finite_scale", "sharpness")
#: tables that only networks trained here have
OF_TRAINED = ("history",)


def file_hashes(folder, pattern):
    files = [file for file in sorted(folder.rglob(pattern)) if file.is_file()]
    return {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_everything_is_there(study):
    for table, columns in COLUMNS.items():
        rows = read_table(study.results / f"tables/{table}.csv")
        assert rows.columns.tolist() == [*KEY, *columns]
        linear = set() if table in (*OF_NETWORKS, *OF_TRAINED) else {"logistic-digits"}
        assert set(rows["experiment"]) == linear | {"resnet18-digits"}, table
    for experiment in ("logistic-digits", "resnet18-digits"):
        of_networks = (
            ()
            if experiment == "logistic-digits"
            else ("sharpness", "layers", "spectrum", "history")
        )
        for kind in ("curvature", "landscape", "robustness", *of_networks):
            place = study.results / f"figures/{kind}_{experiment}"
            for suffix in (".png", ".pdf", ".svg"):
                assert place.with_suffix(suffix).stat().st_size > 5000
            assert len(pd.read_csv(place.with_suffix(".csv"))) > 1
    assert "curvature_resnet18-digits.png" in (study.results / "provenance.html").read_text()
    page = (study.results / "report.html").read_text()
    assert page.index("one claim is not testable.") < page.index("<table")
    assert page.count("<figure") == len(list((study.results / "figures").glob("*.png")))


def test_every_table_is_there_in_every_format(study):
    for table in [*COLUMNS, *SUMMARIES]:
        rows = read_table(study.results / f"tables/{table}.csv")
        typed = pq.read_table(study.results / f"tables/{table}.parquet")
        assert typed.column_names == list(columns_of(table))
        for name, column in columns_of(table).items():
            cells = [None if pd.isna(cell) else cell for cell in rows[name]]
            assert typed[name].to_pylist() == cells, (table, name)
            assert (typed.schema.field(name).type == pa.int64()) == column.whole
    for table in ("claims", "comparison"):
        rows = read_table(study.results / f"tables/{table}.csv")
        lines = (study.results / f"tables/{table}.md").read_text().splitlines()
        assert len(lines) == 2 + len(rows)
        assert (study.results / f"tables/{table}.tex").read_text().count(r" \\") == 1 + len(rows)


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
    near = {"l2": ("", "adaptive_", "normalised_"), "linf": ("", "adaptive_", "normalised_")}
    ascents = {f"{p}worst {ball} near long ascent" for ball, names in near.items() for p in names}
    of_networks |= ascents | {"robust_worst layer_l2 near long ascent", GUESS}
    found = checks["resnet18-digits"]["aligned"]
    assert found[0.4, 0] == of_networks | {"pgd near long pgd"}
    assert found[0.0, 0] == of_networks  # without an attack
    assert (rows["ok"] == (rows["value"] <= rows["bound"])).all()
    assert rows.loc[rows["model"] == "logistic", "ok"].all()
    page = (study.results / "report.html").read_text()
    failed = (~rows["ok"]).sum()
    words = f"{failed} of {len(rows)} checks failed" if failed else f"All {len(rows)} checks of the"
    assert words in page


def test_second_differences_of_lines_are_the_hessians(study):
    rows = read_table(study.results / "tables/flatness.csv")
    assert set(rows["quantity"]) == {"rise", "width", "second-difference", "hessian"}
    linear = rows[(rows["model"] == "logistic") & (rows["epsilon"] < 1.5)]
    key = ["noise", "epsilon", "seed", "direction_seed", "attack"]
    linear = linear[linear["quantity"].isin(["second-difference", "hessian"])]
    pairs = linear.set_index([*key, "quantity"])["value"].unstack()
    assert len(pairs) == 2 * 2 * (3 + 2 + 3)
    scale = pairs["hessian"].abs().max()
    assert ((pairs["second-difference"] - pairs["hessian"]).abs() < 1e-2 * scale).all()


def test_claims_say_when_they_cannot_be_tested(study):
    claims = pd.read_csv(study.results / "tables/claims.csv")
    assert claims.columns.tolist() == list(SUMMARIES["claims"])
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


def test_compare_says_what_differs_from_another_folder(study, tmp_path):
    """Some 8 seconds, for two starts of Snakemake."""
    other = tmp_path / "elsewhere/results/smoke"
    for part in ("tables", "config.yaml", "datasets", "runs"):
        copy = shutil.copytree if (study.results / part).is_dir() else shutil.copy
        (other / part).parent.mkdir(parents=True, exist_ok=True)
        copy(study.results / part, other / part)
    arguments = ("--config", f"against={other}", "--", "compare")
    same = study.snakemake(*arguments).stdout
    assert "are the same, times aside: config, code, versions, machine, 1 claim and" in same
    rows = pd.read_csv(other / "tables/curvature.csv")
    rows["trace"] *= 1.25
    rows.iloc[1:].to_csv(other / "tables/curvature.csv", index=False)
    config = yaml.safe_load((other / "config.yaml").read_text())
    config["experiments"][NETWORK]["training"]["epochs"] = 4
    (other / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    found = study.snakemake(*arguments).stdout
    for line in (
        "  experiments[resnet18-digits].training.epochs: 1 | 4",
        "Claims: 0 of 1 verdicts differ",
        "  rows of curvature: 1 | 0",
    ):
        assert f"\n{line}\n" in found
    assert re.search(r"\n  curvature.trace: \S+ \| \S+ \(up to 20 %, ", found)
    page = (study.results / "differences_from_elsewhere.html").read_text()
    assert "curvature.trace" in page
    # nor does it run anything, or become a key of the study
    assert study.planned("--config", f"against={other}") == {}


def test_compare_without_other_results_is_one_line(study):
    done = study.snakemake("--", "compare", check=False)
    assert done.returncode != 0
    assert "give the other results: --config against=/path/to/results/<study>" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_run_of_a_network_has_every_measure_of_sharpness(study):
    rows = read_table(study.results / "tables/sharpness.csv")
    measures = rows.groupby(["experiment", "epsilon", "seed"])["measure"].apply(set)
    assert len(measures) == 2
    assert all(found == set(SHARPNESS_MEASURES) for found in measures)
    assert rows[["value", "draws", "n"]].notna().all().all()
    exact = rows["draws"] == 0
    assert set(rows.loc[exact, "measure"]) == {"weight_curvature"}
    assert rows.loc[~exact, "spread"].notna().all()


def test_a_shared_job_measures_what_jobs_of_their_own_do(finished, tmp_path):
    """Seed 0 again, together with a new seed."""
    shutil.copytree(finished.folder, tmp_path, dirs_exist_ok=True)
    both = Workflow(tmp_path)
    network = both.config["experiments"][NETWORK]
    network["grid"] |= {"epsilons": network["grid"]["epsilons"][-1:], "seeds": [0, 1]}
    network["compute"] = {"seeds_per_job": 2}
    tables = ("robustness", "sanity", "curvature", "landscape", *OF_NETWORKS)
    both.snakemake("--", *(f"results/smoke/tables/{table}.csv" for table in tables))
    trained = list(both.results.glob("logs/train/**/eps~*/*.log"))
    assert len(trained) == 3  # two that were copied, and seed 1
    for table in tables:
        alone, shared = (read_table(w.results / f"tables/{table}.csv") for w in (finished, both))
        before, after = (t[t["experiment"] == "resnet18-digits"] for t in (alone, shared))
        assert set(after["seed"]) == {0, 1}, table
        before = before[before["epsilon"].isin(after["epsilon"])]
        pd.testing.assert_frame_equal(
            before.reset_index(drop=True),
            after[after["seed"] == 0].reset_index(drop=True),
            check_exact=True, check_dtype=False,
        )  # fmt: skip


def test_its_own_weights_as_checkpoints_give_its_numbers(finished, tmp_path):
    """To the last digit, in all that is measured; no training, and no lines to other states.

    Of the network that was trained against an attack, which is measured in every way.
    """
    again = Workflow(tmp_path)
    network = again.config["experiments"][NETWORK]
    del network["training"]
    epsilons = network.pop("grid")["epsilons"][-1:]
    runs = str(finished.results / "runs/resnet18-digits/eps~{epsilon}/seed~{seed}")
    network["checkpoints"] = {
        "pattern": f"{runs}/weights.safetensors", "epsilons": epsilons, "seeds": [0],
        "expect": {"accuracy": 0.01},
    }  # fmt: skip
    network["landscape"]["directions"].remove("initial-weights")
    again.config["experiments"] = [network]
    tables = ("runs", "robustness", "sanity", "curvature", "landscape", *OF_NETWORKS)
    again.snakemake("--", *(f"results/smoke/tables/{table}.csv" for table in tables))
    for table in tables:
        before, after = (read_table(w.results / f"tables/{table}.csv") for w in (finished, again))
        before = before[before["experiment"] == "resnet18-digits"]
        before = before[before["epsilon"].isin(epsilons)]
        if table == "landscape":
            before = before[before["direction"] != "initial-weights"]
        if table == "runs":
            assert after["file"].tolist() == [
                f"{runs}/weights.safetensors".format(epsilon=epsilon, seed=0)
                for epsilon in epsilons
            ]
            for row in after.to_dict("records"):
                content = Path(row["file"]).read_bytes()
                assert row["digest"] == hashlib.sha256(content).hexdigest()
            assert after[["epochs", "train_loss", "wall_s"]].isna().all().all()
            kept = ["epsilon", "seed", "noise", "model", "weight_norm"]
            before, after = before[kept], after[kept]
        if table == "sanity":
            published = after["check"] == "accuracy as published"
            assert published.sum() == len(epsilons)
            assert not after.loc[published, "ok"].any()
            after = after[~published]
        pd.testing.assert_frame_equal(
            before.reset_index(drop=True), after.reset_index(drop=True),
            check_exact=True, check_dtype=False,
        )  # fmt: skip


def test_the_example_of_checkpoints_measures_these_networks(study):
    study.config = yaml.safe_load((ROOT / "studies/checkpoints.yaml").read_text())
    planned = study.planned()
    assert len(planned["take_network"]) == 2 * 3
    assert {"curvature_network", "sharpness_network", "html_report", "provenance"} <= set(planned)
    assert "train_network" not in planned


def test_new_epsilon_of_a_linear_model_solves_its_own_cells_and_the_rest_stays(study):
    """Last in this file: it runs the added epsilon for real."""
    cells = study.results / "runs/logistic-digits"
    before = file_hashes(cells, ".cells/*.safetensors")
    table = read_table(study.results / "tables/runs.csv")
    study.config["experiments"][LINEAR]["grid"]["epsilons"].append(0.25)
    networks = file_hashes(study.results / "runs/resnet18-digits", "*")
    study.snakemake("--", "results/smoke/tables/runs.csv")
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

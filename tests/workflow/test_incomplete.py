"""Under --keep-going a study is summed up without what failed, and says what that is."""

import numpy as np
import pandas as pd
import pytest

from tests.workflow.conftest import Workflow


@pytest.fixture
def workflow(tmp_path):
    """A linear experiment that works, and one on data of three classes, which cannot."""
    made = Workflow(tmp_path)
    good = made.config["experiments"][0]
    labels = np.arange(30) % 3
    images = np.random.default_rng(0).random((30, 4, 4))
    np.savez(tmp_path / "three.npz", train_images=images, train_labels=labels)
    bad = good | {
        "name": "bad",
        "dataset": {"name": "npz", "path": "three.npz", "test_fraction": 0.5},
        "claims": [],
    }
    made.config |= {"data_root": ".", "experiments": [good, bad]}
    return made


def test_what_is_there_is_summed_up_and_the_rest_named(workflow):
    done = workflow.snakemake("--keep-going", check=False)
    assert done.returncode != 0
    assert (
        "missing: bad, seed 0: train_linear: dataset.classes: 3 classes; a logistic" in done.stderr
    )
    good = workflow.config["experiments"][0]["name"]
    tables = workflow.results / "tables"
    for table in ("runs", "robustness", "curvature", "landscape", "flatness"):
        assert set(pd.read_csv(tables / f"{table}.csv")["experiment"]) == {good}
    missing = pd.read_csv(tables / "missing.csv")
    assert set(missing["experiment"]) == {"bad"}
    seeds = workflow.config["experiments"][1]["grid"]["seeds"]
    assert missing.loc[missing["stage"] == "train_linear", "seed"].tolist() == seeds
    page = (workflow.results / "report.html").read_text()
    assert "bad, seed 0: train_linear: dataset.classes: 3 classes" in page
    figures = {file.stem for file in (workflow.results / "figures").glob("*.png")}
    assert {f"curvature_{good}", f"landscape_{good}", f"robustness_{good}"} <= figures
    assert not any(name.endswith("_bad") for name in figures)
    assert (workflow.results / "provenance.html").is_file()
    # the next start tries what failed, and nothing that is there
    planned = workflow.planned()
    assert {"train_linear", "curvature_linear", "table", "html_report", "provenance"} <= set(
        planned
    )
    assert all("/bad/" in file for file in planned["train_linear"])
    workflow.config["experiments"].pop()
    of_runs = {"dataset", "train_linear", "evaluate_linear", "curvature_linear", "landscape_linear"}
    assert of_runs.isdisjoint(workflow.planned())


def test_without_it_nothing_is_summed_up(workflow):
    done = workflow.snakemake(check=False)
    assert done.returncode != 0
    assert "\nmissing: " not in done.stderr
    assert not (workflow.results / "report.html").exists()

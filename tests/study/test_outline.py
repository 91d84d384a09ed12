"""A study as its report tells it, counted by hand."""

import json

import pytest
import yaml

from advscape.study.load import load_study
from advscape.study.outline import jobs_of, outline
from advscape.study.plan import Plan
from tests.conftest import ROOT

NETWORK = "resnet18-digits"


@pytest.fixture
def raw():
    """Two arms of three epsilons and two seeds; a network of two epsilons and one seed."""
    return yaml.safe_load((ROOT / "studies/smoke.yaml").read_text())


def test_jobs_are_named_as_their_benchmarks(raw):
    jobs = jobs_of(Plan(load_study(raw)))
    assert set(jobs) == {
        "dataset", "try", "train", "evaluate", "curvature", "landscape", "sharpness",
        "strength",
    }  # fmt: skip
    linear = ["logistic-digits/seed~0", "logistic-digits/seed~1"]
    networks = [f"{NETWORK}/eps~0/seed~0", f"{NETWORK}/eps~0.4/seed~0"]
    for stage in ("train", "evaluate", "curvature"):
        assert jobs[stage] == [*linear, *networks]
    assert jobs["sharpness"] == jobs["strength"] == networks
    assert jobs["landscape"] == [*linear, *(f"{n}/part~{p}" for n in networks for p in (0, 1))]
    assert jobs["try"] == [f"{NETWORK}/trial"]
    assert jobs["dataset"] == ["digits"]


def test_what_a_failed_start_did_not_make_took_no_time(raw):
    lacking = [f"<results>/runs/{NETWORK}/eps~0/seed~0/curvature.csv"]
    jobs = jobs_of(Plan(load_study(raw), lacking))
    assert f"{NETWORK}/eps~0/seed~0" not in jobs["curvature"]
    assert f"{NETWORK}/eps~0/seed~0" in jobs["train"]


def test_the_outline_is_plain_and_counts_runs(raw):
    raw["experiments"][1]["title"] = "A network"
    raw["experiments"][1]["variants"] = [{"name": "slow", "training": {"learning_rate": 0.01}}]
    told = outline(Plan(load_study(raw)))
    assert json.loads(json.dumps(told)) == told
    assert told["question"].startswith("Does every part")
    linear, network = told["experiments"]
    assert (linear["runs"], linear["seeds"], linear["epsilons"]) == (18, [0, 1], [0, 0.5, 1.5])
    assert (network["runs"], network["variants"]) == (4, ["base", "slow"])
    assert network["epsilons"] == [0, 0.4]
    assert network["title"] == "A network"
    assert told["tried"] == [NETWORK, NETWORK]


def test_figures_say_whose_they_are(raw):
    figures = {figure["name"]: figure for figure in outline(Plan(load_study(raw)))["figures"]}
    curvature, theorem = figures[f"curvature_{NETWORK}"], figures["theorem"]
    assert (curvature["kind"], curvature["experiment"]) == ("curvature", NETWORK)
    assert (theorem["kind"], theorem["experiment"], theorem["title"]) == (
        "theorem", None, "one sample",
    )  # fmt: skip


def test_every_table_is_shown_or_linked_once(raw):
    plan = Plan(load_study(raw))
    told = outline(plan)
    assert sorted([*told["shown"], *told["linked"]]) == sorted(
        ["claims", *plan.tables, *plan.summaries]
    )
    del raw["experiments"][1]
    linear = Plan(load_study(raw))
    assert not {"comparison", "sharpness"} & set(outline(linear)["shown"])

"""What claims measure, worked out from the config; what does not fit is one line before any job."""

import copy

import pytest
import yaml

from advscape.study.load import load_study
from advscape.study.plan import Plan
from tests.conftest import ROOT
from tests.refusals import refusal

CONFIG = yaml.safe_load((ROOT / "tests/study/study.yaml").read_text())
SHARE = {"rule": "share", "quantity": "trace", "select": {"hessian": "response", "epsilon": 0.6}}
WHOLE = {"other": {"select": {"hessian": "total"}}, "at_least": 0.2}
GAP = {"rule": "associated", "quantity": "lambda_max", "select": {"hessian": "frozen"}}


def study(place=2, training=None, variants=None, seeds=None, **claim):
    """The default study with one claim, of its GELU network unless ``place`` says another."""
    raw = copy.deepcopy(CONFIG)
    for experiment in raw["experiments"]:
        experiment.pop("claims", None)
    chosen = raw["experiments"][place]
    usual = {"id": "mine", "statement": "It is so.", "rule": "grows", "quantity": "lambda_max"}
    chosen["claims"] = [usual | claim]
    chosen["training"] = chosen["training"] | (training or {})
    if variants:
        chosen["variants"] = [
            {"name": name, "training": {"learning_rate": 0.01}} for name in variants
        ]
    if seeds:
        raw["experiments"][1]["grid"]["seeds"] = seeds
    return raw


def claimed(**claim):
    (found,) = Plan(load_study(study(**claim))).claims
    return found


BAD = {
    "no such column": (
        {"quantity": "lambda_mx", "select": {"hessian": "total"}},
        "quantity: got 'lambda_mx' (did you mean lambda_max?); allowed: lambda_max, trace and",
    ),
    "no number": ({"table": "runs", "quantity": "regime"}, "quantity: got 'regime'; allowed: ep"),
    "a column of another table": (
        {"table": "sharpness", "quantity": "trace"}, "quantity: got 'trace'; allowed: value, std",
    ),
    "a column of several": (
        {"quantity": "accuracy"}, "table: got nothing; allowed: one of history, robustness, lands",
    ),
    "a table of other experiments": (
        {"place": 0, "table": "sharpness", "quantity": "value"},
        "table: got 'sharpness'; allowed: runs, robustness",
    ),
    "no such direction seed": (
        {"quantity": "rise", "select": {"attack": "frozen", "direction_seed": [0, 77]}},
        "select.direction_seed: got [0, 77]; allowed: 0, 1",
    ),
    "no such regime": (
        {"place": 0, "select": {"hessian": "total", "regime": "seperable"}},
        "select.regime: got 'seperable'; allowed: separable, finite, collapsed",
    ),
    "no such rule": ({"rule": "rises"}, "rule: got 'rises'; allowed: 'grows', 'falls', 'flat'"),
    "a column that tells nothing apart": (
        {"select": {"hesian": "total"}},
        "select.hesian: got a column that tells no rows apart (did you mean hessian?); allowed: n",
    ),
    "a value that is none": (
        {"select": {"hessian": [1, [2]]}}, "select.hessian: got [1, [2]]; allowed: a string, a n",
    ),
    "a value that is not measured": (
        {"select": {"hessian": "whole"}}, "select.hessian: got 'whole'; allowed: frozen, response",
    ),
    "an epsilon that is not run": (
        SHARE | WHOLE | {"select": {"hessian": "response", "epsilon": 0.5}},
        "select.epsilon: got 0.5; allowed: 0, 0.2, 0.4, 0.6",
    ),
    "too little said": (
        {"table": "sharpness", "quantity": "value", "select": {"measure": "worst"}},
        "select.ball: got nothing; allowed: l2, linf",
    ),
    "a radius of another measure": (
        {"table": "sharpness", "quantity": "value",
         "select": {"measure": "worst", "ball": "linf", "radius": 0.25}},
        "select.radius: got 0.25; allowed: 0.0005",
    ),
    "a radius of a measure that has none": (
        {"table": "sharpness", "quantity": "value",
         "select": {"measure": "weight_curvature", "radius": 0.25}},
        "select.radius: got 0.25; allowed: nothing: its rows have none",
    ),
    "a radius at which nobody attacks": (
        {"quantity": "gap_loss", "select": {"eval_epsilon": 0.7}},
        "select.eval_epsilon: got 0.7; allowed: own, ",
    ),
    "an attack of radius 0": (
        {"quantity": "gap_loss", "select": {"eval_epsilon": 0, "attack": "pgd"}},
        "select.eval_epsilon: got 0; allowed: own, ",
    ),
    "a place between the points": (
        {"table": "landscape", "quantity": "loss", "select": {"attack": "frozen", "alpha": 0.33}},
        "select.alpha: got 0.33; allowed: -0.5, -0.4, ",
    ),
    "several terms at once": (
        {"select": {"hessian": ["frozen", "total"]}},
        "select.hessian: got ['frozen', 'total']; allowed: one of frozen, total: one measurement f",
    ),
    "points of a curve": (
        {"table": "spectrum", "quantity": "density"}, "table: got 'spectrum'; allowed: 'runs', ",
    ),
    "one epsilon of a trend": (
        {"select": {"hessian": "total", "epsilon": 0.6}},
        "select.epsilon: got 0.6; allowed: nothing or a list, since the claim is about its change",
    ),
    "epochs that are not kept": (
        {"along": "epoch", "select": {"hessian": "total", "epsilon": 0.6}},
        "along: got 'epoch'; allowed: snapshots, or checkpoints with their epochs",
    ),
    "several epsilons of an arm": (
        SHARE | WHOLE | {"select": {"hessian": "response"}},
        "select.epsilon: got nothing; allowed: one of 0, 0.2, 0.4, 0.6: one measurement for each",
    ),
    "several epsilons, listed": (
        SHARE | WHOLE | {"select": {"hessian": "response", "epsilon": [0.2, 0.4]}},
        "select.epsilon: got [0.2, 0.4]; allowed: one of 0.2, 0.4: one measurement for each",
    ),
    "nothing to compare with": (
        SHARE | {"at_least": 0.2}, "other: got nothing; allowed: what share compares with",
    ),
    "the same": (
        SHARE | WHOLE | {"other": {"select": {"hessian": "response"}}},
        "other: got the claim's own measurement; allowed: another one",
    ),
    "no bound": (SHARE | {"other": WHOLE["other"]}, "at_least: got nothing; allowed: at_least or"),
    "both bounds": (SHARE | WHOLE | {"at_most": 0.9}, "at_least: got it beside at_most; allowed"),
    "two effect sizes": (
        {"select": {"hessian": "total"}, "ratio": 2, "difference": 1.0},
        "difference: got it beside ratio; allowed: one of them",
    ),
    "a key of another rule": (
        {"select": {"hessian": "total"}, "sign": "positive"},
        "sign: got 'positive'; allowed: nothing with grows; it is of differs, associated",
    ),
    "an experiment that is not there": (
        GAP | {"other": {"select": {"experiment": "vgg"}}},
        "other.select.experiment: got 'vgg'; allowed: logistic-digits, resnet18-digits",
    ),
    "no common seeds": (
        SHARE | WHOLE | {"seeds": [7, 8, 9],
                         "other": {"select": {"experiment": "resnet18-digits"}}},
        "other.select.experiment: got resnet18-digits, with the seeds 7, 8, 9; allowed: an exper",
    ),
    "one of several variants": (
        {"select": {"hessian": "total"}, "variants": ["awp"]},
        "select.variant: got nothing; allowed: one of base, awp",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_what_does_not_fit_is_one_line(what):
    claim, words = BAD[what]
    place = claim.get("place", 2)
    line = refusal(lambda: load_study(study(**claim)))
    assert line.startswith(f"config: experiments[{place}].claims[0].{words}"), line
    assert "\n" not in line


def test_what_is_not_said_is_filled_in():
    found = claimed(table="robustness", quantity="accuracy", select={"split": "test"})
    assert found["of"] == {
        "experiment": "resnet18-gelu-digits", "table": "robustness", "quantity": "accuracy",
        "select": {
            "noise": "aligned", "split": "test", "attack": "pgd", "eval_epsilon": "own",
            "steps": 10, "restarts": 1, "checkpoint": "last",
        },
    }  # fmt: skip
    assert (found["seeds"], found["bound"]) == ([0, 1, 2, 3], 1.0)


def test_at_radius_0_nothing_attacks():
    at_0 = claimed(quantity="gap_accuracy", select={"eval_epsilon": 0})["of"]["select"]
    assert (at_0["attack"], at_0["eval_epsilon"]) == ("none", 0)
    assert claimed(quantity="gap_accuracy", select={"attack": "none"})["of"]["select"] == at_0


def test_a_list_of_one_is_that_one():
    written = {"measure": ["worst"], "ball": ["linf"], "radius": [0.0005]}
    found = claimed(table="sharpness", quantity="value", select=written)
    assert found == claimed(
        table="sharpness", quantity="value", select={"measure": "worst", "ball": "linf"}
    )


def test_a_measure_without_radius_is_claimed_without():
    found = claimed(table="sharpness", quantity="value", select={"measure": "weight_curvature"})
    assert found["of"]["select"].keys() == {"noise", "measure", "loss", "split"}


def test_the_other_arm_has_the_claims_rows_but_for_what_it_says():
    found = claimed(**SHARE, **WHOLE)
    assert (found["sign"], found["bound"]) == ("positive", 0.2)
    assert found["other"]["select"] == found["of"]["select"] | {"hessian": "total"}


def test_another_quantity_has_rows_of_its_own():
    found = claimed(**GAP, sign="positive", within="epsilon", other={"quantity": "gap_accuracy"})
    assert found["other"]["table"] == "robustness"
    assert "hessian" not in found["other"]["select"]
    assert found["other"]["select"]["attack"] == "pgd"


def test_radii_are_read_as_those_of_grids_are():
    written = {**SHARE, "select": {"hessian": "response", "epsilon": "3/5"}}
    several = {"select": {"hessian": "total", "epsilon": [0, "2/5", "3/5"]}}
    assert claimed(**written, **WHOLE) == claimed(**SHARE, **WHOLE)
    assert claimed(**several)["of"]["select"]["epsilon"] == [0, 0.4, 0.6]


def test_along_epochs_the_last_weights_and_the_snapshots_count():
    raw = study(
        along="epoch", select={"hessian": "total", "epsilon": 0.6},
        training={"snapshots": {"every": 4}},
    )  # fmt: skip
    raw["experiments"][2]["curvature"]["checkpoints"] = ["last", "snapshots"]
    (found,) = Plan(load_study(raw)).claims
    assert found["of"]["select"]["checkpoint"] == ["last", "snapshot"]


def test_tables_that_are_claimed():
    plan = Plan(load_study(study(**GAP, other={"quantity": "gap_loss"})))
    assert plan.claimed_tables() == ["runs", "curvature", "robustness"]

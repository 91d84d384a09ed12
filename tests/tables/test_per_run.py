"""Robustness beside sharpness, state by state, and the comparison of trainings made of it."""

import numpy as np
import pandas as pd
import pytest

from advscape.study.columns import SUMMARIES
from advscape.tables.comparison import comparison_table
from advscape.tables.per_run import AVERAGE, WORST, measure_of, per_run

KEY = {"experiment": "e", "label": None, "noise": "aligned"}
#: variant, epsilon, checkpoint and epoch of each state
STATES = [
    ("base", 0.5, "last", 6.0), ("base", 0.5, "snapshot", 2.0), ("base", 0.0, "last", 6.0),
    ("sam", 0.5, "last", 6.0), ("sam", 0.5, "best", 4.0),
]  # fmt: skip
SEEDS = (0, 1)


def states():
    for variant, epsilon, checkpoint, epoch in STATES:
        for seed in SEEDS:
            # seeds' best epochs differ
            at = epoch + seed if checkpoint == "best" else epoch
            yield KEY | {"variant": variant, "epsilon": epsilon, "checkpoint": checkpoint,
                         "epoch": at, "seed": seed}  # fmt: skip


def accuracy(state, split, radius):
    best = 0.9 - 0.4 * radius + (0.05 if state["variant"] == "sam" else 0.0)
    return best + (0.1 if split == "train" else 0.0) - 0.01 * state["seed"]


def robustness():
    return pd.DataFrame(
        [
            state
            | {"split": split, "attack": attack, "steps": 10, "restarts": 1, "eval_epsilon": radius,
               "accuracy": found, "loss": 1 - found}
            for state in states()
            for split in ("train", "test")
            for attack, radius in (
                ("none", 0.0), ("pgd", 0.25), *([("pgd", 0.5)] if state["epsilon"] else []),
                ("fgsm", 0.25),
            )
            for found in [accuracy(state, split, radius)]
        ]
    )  # fmt: skip


def curvature():
    """Snapshots were not measured."""
    return pd.DataFrame(
        [
            state
            | {"split": split, "loss": loss, "hessian": part, "lambda_max": 3.0 + state["seed"],
               "trace": 7.0, "gradient_noise": 5.0}
            for state in states() if state["checkpoint"] != "snapshot"
            for split in ("train", "test")
            for loss, part in (("clean", "total"), ("adversarial", "frozen"))
        ]
    )  # fmt: skip


def sharpness():
    return pd.DataFrame(
        [
            state
            | {"split": "train", "loss": "adversarial", "measure": measure, "ball": ball,
               "radius": radius, "value": value if state["variant"] == "base" else value / 2}
            for state in states()
            for measure, value in (("average", 1.0), ("adaptive_worst", 2.0))
            for ball, radius in (("l2", 0.5), ("l2", 0.25), ("linf", 0.001))
        ]
    )  # fmt: skip


def test_each_state_has_its_own_numbers():
    rows = per_run(robustness(), curvature(), sharpness())
    assert len(rows) == len(STATES) * len(SEEDS)
    at_own = rows[(rows["variant"] == "base") & (rows["epsilon"] == 0.5) & (rows["seed"] == 0)]
    last = at_own[at_own["checkpoint"] == "last"].iloc[0]
    assert last["clean_accuracy"] == pytest.approx(0.9)
    assert last["test_accuracy"] == pytest.approx(0.7)
    assert last["gap_accuracy"] == last["gap_loss"] == pytest.approx(0.1)
    assert (last["frozen"], last["trace_frozen"], last["gradient_noise"]) == (3.0, 7.0, 5.0)
    assert (last["average"], last["worst"]) == (1.0, 2.0)
    assert np.isnan(last["total"])
    snapshot = at_own[at_own["checkpoint"] == "snapshot"].iloc[0]
    assert np.isnan(snapshot["frozen"])
    assert snapshot["worst"] == 2.0
    # without noise of its own a network is judged at the common radius
    natural = rows[rows["epsilon"] == 0].iloc[0]
    assert natural["test_accuracy"] == pytest.approx(0.9 - 0.4 * 0.25)


def test_the_first_measure_that_is_there_stands_for_sharpness():
    assert measure_of(sharpness(), AVERAGE) == "average"
    assert measure_of(sharpness(), WORST) == "adaptive_worst"
    assert measure_of(sharpness(), ("robust_worst",)) is None


def test_the_comparison_ranks_by_robust_accuracy_over_all_seeds():
    table = comparison_table(robustness(), curvature(), sharpness())
    assert table.columns.tolist() == list(SUMMARIES["comparison"])
    names = table[["variant", "epsilon", "checkpoint"]].to_records(index=False).tolist()
    # the natural network stands first for its smaller radius; snapshots are no outcomes
    assert names[0] == ("base", 0.0, "last")
    assert set(names[1:3]) == {("sam", 0.5, "last"), ("sam", 0.5, "best")}
    assert names[3] == ("base", 0.5, "last")
    assert (table["seeds"] == 2).all()
    assert table["test_accuracy"].tolist() == pytest.approx([0.795, 0.745, 0.745, 0.695])
    assert table["test_accuracy_sd"].tolist() == pytest.approx([0.01 / np.sqrt(2)] * 4)
    assert table["rank_test_accuracy"].tolist() == [1, 2, 2, 4]
    assert table["rank_worst"].tolist() == [3, 1, 1, 3]


def test_a_study_whose_jobs_failed_has_a_header():
    empty = [rows.iloc[:0] for rows in (robustness(), curvature(), sharpness())]
    assert comparison_table(*empty).empty

"""What stands on the horizontal axis: epsilons, epochs, or the names of runs."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from advscape.figures.axis import placed
from advscape.figures.landscape import MOST, landscape_figure
from advscape.figures.robustness import robustness_figure


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def runs(*cells):
    return pd.DataFrame(cells, columns=["label", "epsilon", "epoch"])


CASES = {
    "epsilons": (runs((None, 0.5, None), (None, 0.0, None)), [0.0, 0.5]),
    "epochs": (runs((None, 0.5, 30), (None, 0.5, 5)), [5, 30]),
    "labels": (runs(("B", 0.5, None), ("A", 0.5, None)), ["B", "A"]),
    "labels without epsilons": (runs(("B", None, None), ("A", None, None)), ["B", "A"]),
    "epsilons that some lack": (
        runs((None, 0.5, None), (None, None, None)), [r"$\epsilon$ = 0.5", r"no $\epsilon$"],
    ),
    "several at once": (
        runs(("A", 0.0, 1), ("A", 0.5, 1), ("B", 0.5, 2)),
        [r"A, $\epsilon$ = 0, epoch 1", r"A, $\epsilon$ = 0.5, epoch 1",
         r"B, $\epsilon$ = 0.5, epoch 2"],
    ),
    "one of all": (runs(("A", None, None)), ["A"]),
}  # fmt: skip


@pytest.mark.parametrize("what", CASES)
def test_runs_stand_where_they_differ(what):
    rows, order = CASES[what]
    placed_rows, axis = placed(rows, "l2")
    assert axis.order == order
    assert set(placed_rows["at"]) == set(order)
    # runs that differ never share a place
    assert placed_rows["at"].nunique() == len(rows)
    assert axis.numeric is not isinstance(order[0], str)


def robustness(labels):
    return pd.DataFrame(
        [
            {"label": label, "noise": "aligned", "epsilon": np.nan, "epoch": np.nan, "seed": seed,
             "split": split, "checkpoint": "last", "attack": attack, "steps": 3, "restarts": 1,
             "eval_epsilon": eval_epsilon, "accuracy": 0.9 - eval_epsilon, "loss": eval_epsilon}
            for label in labels
            for seed in (0, 1)
            for split in ("train", "test")
            for attack, eval_epsilon in (("none", 0.0), ("pgd", 0.5))
        ]
    )  # fmt: skip


def test_names_are_not_joined_by_lines():
    figure = robustness_figure(robustness(["natural", "TRADES"]), "title", "l2")
    for ax in figure.axes:
        assert [tick.get_text() for tick in ax.get_xticklabels()] == ["natural", "TRADES"]
        lines = [line for line in ax.get_lines() if line.get_marker() not in ("", "None", None)]
        assert lines
        assert all(line.get_linestyle() == "None" for line in lines)
    assert "points: median" in figure.get_supxlabel()


def test_of_many_networks_some_are_shown_and_each_by_its_name():
    """Though those that are shown differ in their epsilon alone."""
    cells = [("A", e) for e in range(4)] + [("B", e / 10) for e in range(3 * MOST)]
    rows = pd.DataFrame(
        [
            {"label": label, "noise": "aligned", "epsilon": float(e), "epoch": np.nan, "seed": 0,
             "direction_seed": 0, "split": "train", "direction": "raw", "attack": "none",
             "alpha": alpha, "beta": 0.0, "loss": 1 + e + alpha**2}
            for label, e in cells
            for alpha in (-1.0, 0.0, 1.0)
        ]
    )  # fmt: skip
    (legend,) = landscape_figure(rows, "title", network=True).legends
    names = [text.get_text() for text in legend.get_texts()]
    assert len(names) == MOST
    assert names[0] == r"A, $\epsilon$ = 0"
    assert all(name.startswith(("A, ", "B, ")) for name in names)
    assert f"({MOST} of {len(cells)})" in legend.get_title().get_text()
